//! Lists whose cells are divided by blanks or a tab: `SMILES name` in each line, as in `.smi` files.
//!
//! Goes out: one or two columns, named by the first line; [`headerless`](super::headerless) says whether that line is data. A name may
//! hold blanks. What CXSMILES writes between bars is left out.

use std::path::Path;

use super::{
    container::Text,
    headerless::known,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
    text,
};
use crate::{Error, ErrorKind, table::Rejection};

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
        let (first, name) = divide(&line);
        if columns.is_empty() {
            // What stands behind a structure is its name, whatever the header calls it.
            let id = if known(first) && !name.is_empty() && !known(name) {
                "id"
            } else {
                name
            };
            columns = vec![RawColumn::new(first), RawColumn::new(id)];
            continue;
        }
        number += 1;
        rows.push(number);
        columns[0].push(Some(first));
        // A line without a name is known by its structure.
        columns[1].push(Some(if name.is_empty() { first } else { name }));
    }
    if columns.is_empty() {
        return Err(Error::new(ErrorKind::Empty, "the file holds no line")
            .in_file(path)
            .hint("write the list again"));
    }
    if columns[1].name().is_empty() {
        columns.truncate(1);
    }
    let table = RawTable::with_rows(file, columns, rows).noted(text::note(foreign));
    Ok((table, rejections))
}

/// The first word of a line, and the name behind it.
fn divide(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let name = match rest.strip_prefix('|').and_then(|rest| rest.split_once('|')) {
        Some((_, name)) => name.trim(),
        None => rest,
    };
    // Further cells of a list with tabs are properties.
    (first, name.split('\t').next().unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn a_line_is_a_structure_and_a_name() {
        assert_eq!(divide("CCO ethyl alcohol"), ("CCO", "ethyl alcohol"));
        assert_eq!(divide("CCO\tethanol\t46.07"), ("CCO", "ethanol"));
        assert_eq!(divide("CCO |$;;R$| ethanol"), ("CCO", "ethanol"));
        assert_eq!(divide(" CCO "), ("CCO", ""));
    }
}
