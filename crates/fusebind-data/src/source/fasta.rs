//! FASTA: one record per protein.
//!
//! Goes out: the columns `id` (first word of the header), `description` (the rest) and `sequence` (lines joined). Whether the
//! letters are residues is decided where the protein is built, so that every table format is judged alike.

use std::path::Path;

use super::{
    file::open_text,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
};
use crate::{Error, ErrorKind, table::Rejection};

#[derive(Default)]
struct Record {
    header: String,
    sequence: String,
    fault: Option<(String, String)>,
}

pub(super) fn read(path: &Path, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut source = open_text(path)?;
    let file = path.display().to_string();
    let mut columns = ["id", "description", "sequence"].map(RawColumn::new);
    let (mut rows, mut rejections, mut number) = (Vec::new(), Vec::new(), 0_u64);
    let mut record: Option<Record> = None;
    let mut finish = |record: Option<Record>| {
        let Some(record) = record else { return };
        number += 1;
        match check(&record) {
            Ok((id, description)) => {
                columns[0].push(Some(id));
                columns[1].push((!description.is_empty()).then_some(description));
                columns[2].push(Some(&record.sequence));
                rows.push(number);
            }
            Err((field, shown, reason)) => {
                rejections.push(Rejection::new(file.clone(), number, reason).of(field, &shown));
            }
        }
    };
    while let Some(line) = next_line(&mut source, limits.cell_bytes).map_err(|e| Error::read(path, e))? {
        let text = match line {
            Line::Text(text) => text,
            Line::NotUtf8(shown) | Line::Overlong(shown) if record.is_none() && !shown.starts_with('>') => {
                return Err(no_header(path, &shown));
            }
            Line::NotUtf8(shown) if shown.starts_with('>') => {
                let fault = Some((
                    shown,
                    "the header is not UTF-8; save the file again as UTF-8".to_string(),
                ));
                finish(record.replace(Record {
                    fault,
                    ..Record::default()
                }));
                continue;
            }
            Line::NotUtf8(shown) => {
                if let Some(record) = &mut record {
                    record.fault = Some((
                        shown,
                        "the sequence is not UTF-8; save the file again as UTF-8".to_string(),
                    ));
                }
                continue;
            }
            Line::Overlong(shown) => {
                if let Some(record) = &mut record {
                    record.fault = Some((shown, format!("a line is longer than {} bytes", limits.cell_bytes)));
                }
                continue;
            }
        };
        if let Some(header) = text.strip_prefix('>') {
            finish(record.replace(Record {
                header: header.trim().to_string(),
                ..Record::default()
            }));
        } else if let Some(record) = &mut record {
            if record.sequence.len() + text.len() > limits.cell_bytes {
                record.fault = Some((text, format!("the sequence is longer than {} bytes", limits.cell_bytes)));
            } else {
                record.sequence.push_str(text.trim());
            }
        } else if !text.trim().is_empty() && !text.starts_with(';') {
            return Err(no_header(path, &text));
        }
    }
    finish(record.take());
    if number == 0 {
        return Err(Error::new(ErrorKind::Empty, "the file holds no record")
            .in_file(path)
            .hint("export it again"));
    }
    Ok((RawTable::with_rows(file, columns.into(), rows), rejections))
}

fn no_header(path: &Path, line: &str) -> Error {
    let shown: String = line.chars().take(40).collect();
    Error::new(
        ErrorKind::Malformed,
        format!("the text {shown:?} stands before the first header line"),
    )
    .in_file(path)
    .hint("a FASTA record begins with `>` and an id")
}

/// Id and description, or field, value and reason of the fault.
fn check(record: &Record) -> Result<(&str, &str), (&'static str, String, String)> {
    if let Some((shown, reason)) = &record.fault {
        return Err(("sequence", shown.clone(), reason.clone()));
    }
    let (id, description) = record
        .header
        .split_once(char::is_whitespace)
        .unwrap_or((&record.header, ""));
    if id.is_empty() {
        return Err((
            "id",
            record.header.clone(),
            "the header names no id; write `>id description`".to_string(),
        ));
    }
    if record.sequence.is_empty() {
        return Err((
            "sequence",
            String::new(),
            format!("`{id}` has an empty sequence; add it or remove the record"),
        ));
    }
    Ok((id, description.trim()))
}
