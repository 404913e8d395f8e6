//! Tables of pairs whose cells are divided by blanks: `SMILES SEQUENCE LABEL`, with or without a header.
//!
//! Goes out: a table with a column for each word of the first line; [`headerless_pairs`](super::headerless_pairs) says whether that line
//! is data. A line with another number of words is rejected.

use std::path::Path;

use super::{
    container::Text,
    headerless_pairs::structures,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
    text,
};
use crate::{Error, table::Rejection};

/// Whether the lines of a text that begins with `head` are pairs: all of some words, a structure and a sequence among them.
pub(super) fn are_pairs(head: &[u8], skipped: usize) -> bool {
    let lines: Vec<&str> = head
        .split(|byte| *byte == b'\n')
        .skip(skipped)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .filter(|line| !line.trim().is_empty())
        .take(3)
        .collect();
    let words = |line: &&str| line.split_whitespace().count();
    let Some(width) = lines.first().map(words) else {
        return false;
    };
    // The second line is data whether there is a header or not; the last one may be cut.
    let Some(data) = lines.get(1).or(lines.first()) else {
        return false;
    };
    let cells: Vec<&str> = data.split_whitespace().collect();
    width >= 2 && cells.len() == width && structures(&cells).is_some()
}

pub(super) fn read(path: &Path, mut source: Text, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let file = path.display().to_string();
    let (mut rows, mut rejections, mut number, mut foreign) = (Vec::new(), Vec::new(), 0_u64, 0);
    let mut columns: Vec<RawColumn> = Vec::new();
    while let Some(line) =
        next_line(&mut source, limits.cell_bytes, &mut foreign).map_err(|error| Error::read(path, error))?
    {
        let line = match line {
            Line::Text(line) if line.trim().is_empty() || line.starts_with('#') => continue,
            Line::Text(line) => line,
            Line::Overlong(shown) => {
                number += 1;
                let reason = format!("the line is longer than {} bytes", limits.cell_bytes);
                rejections.push(Rejection::new(file.clone(), number, reason).of("line", &shown));
                continue;
            }
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        if columns.is_empty() {
            columns = words.into_iter().map(RawColumn::new).collect();
            continue;
        }
        number += 1;
        if words.len() != columns.len() {
            let reason = format!(
                "the line has {} words but the first one {}; divide the cells by tabs or commas if they hold blanks",
                words.len(),
                columns.len()
            );
            rejections.push(Rejection::new(file.clone(), number, reason).of("line", &line));
            continue;
        }
        rows.push(number);
        columns
            .iter_mut()
            .zip(words)
            .for_each(|(column, word)| column.push(Some(word)));
    }
    let table = RawTable::with_rows(file, columns, rows).noted(text::note(foreign));
    Ok((table, rejections))
}
