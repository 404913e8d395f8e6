//! FASTA: one record per protein.
//!
//! Goes out: the columns `id` (first word of the header), `description` (the rest), `sequence` (lines joined), and, where a header is one of
//! UniProt (`sp|P00533|EGFR_HUMAN ..`), `uniprot` and `name`; the accession is then the id. Whether the
//! letters are residues is checked where the protein is built, by the same rule for every table format.

use std::path::Path;

use super::{
    container::Text,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
    text::note,
};
use crate::{Error, ErrorKind, table::Rejection};

#[derive(Default)]
struct Record {
    header: String,
    sequence: String,
    /// What is shown of a record that cannot be read, and why.
    fault: Option<(String, String)>,
}

impl Record {
    fn unreadable(shown: &str, reason: String) -> Self {
        Self {
            fault: Some((shown.to_string(), reason)),
            ..Self::default()
        }
    }

    /// Appends a line of the sequence.
    fn push(&mut self, line: Line, limit: usize) {
        match line {
            Line::Text(text) if self.sequence.len() + text.len() > limit => {
                self.fault = Some((text, format!("the sequence is longer than {limit} bytes")));
            }
            Line::Text(text) => self.sequence.push_str(text.trim()),
            Line::Overlong(shown) => self.fault = Some((shown, format!("a line is longer than {limit} bytes"))),
        }
    }
}

/// The record that `line` begins, if it is a header.
fn header(line: &Line, limit: usize) -> Option<Record> {
    match line {
        Line::Text(text) => text.strip_prefix('>').map(|header| Record {
            header: header.trim().to_string(),
            ..Record::default()
        }),
        Line::Overlong(shown) if shown.starts_with('>') => Some(Record::unreadable(
            shown,
            format!("the header is longer than {limit} bytes"),
        )),
        _ => None,
    }
}

/// The columns and rejections of the records read so far.
struct Records {
    file: String,
    columns: [RawColumn; 5],
    /// Number of each accepted record in the file.
    rows: Vec<u64>,
    rejections: Vec<Rejection>,
    number: u64,
}

impl Records {
    fn push(&mut self, record: &Record) {
        self.number += 1;
        match check(record) {
            Ok((id, description)) => {
                let known = uniprot(id);
                self.columns[0].push(Some(known.map_or(id, |(accession, _)| accession)));
                self.columns[3].push(known.map(|(accession, _)| accession));
                self.columns[4].push(known.map(|(_, name)| name));
                self.columns[1].push((!description.is_empty()).then_some(description));
                self.columns[2].push(Some(&record.sequence));
                self.rows.push(self.number);
            }
            Err((field, shown, reason)) => {
                let rejection = Rejection::new(self.file.clone(), self.number, reason);
                self.rejections.push(rejection.of(field, &shown));
            }
        }
    }
}

pub(super) fn read(path: &Path, mut source: Text, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut records = Records {
        file: path.display().to_string(),
        columns: ["id", "description", "sequence", "uniprot", "name"].map(RawColumn::new),
        rows: Vec::new(),
        rejections: Vec::new(),
        number: 0,
    };
    let (mut record, mut foreign): (Option<Record>, u64) = (None, 0);
    while let Some(line) = next_line(&mut source, limits.cell_bytes, &mut foreign).map_err(|e| Error::read(path, e))? {
        if let Some(next) = header(&line, limits.cell_bytes) {
            if let Some(done) = record.replace(next) {
                records.push(&done);
            }
            continue;
        }
        match (&mut record, line) {
            (Some(record), line) => record.push(line, limits.cell_bytes),
            (None, Line::Text(text)) if text.trim().is_empty() || text.starts_with(';') => {}
            (None, Line::Text(shown) | Line::Overlong(shown)) => {
                return Err(no_header(path, &shown));
            }
        }
    }
    if let Some(last) = record {
        records.push(&last);
    }
    if records.number == 0 {
        return Err(Error::new(ErrorKind::Empty, "the file holds no record")
            .in_file(path)
            .hint("export it again"));
    }
    let mut columns: Vec<RawColumn> = records.columns.into();
    if (0..records.rows.len()).all(|row| columns[3].get(row).is_none()) {
        columns.truncate(3);
    }
    let table = RawTable::with_rows(records.file, columns, records.rows).noted(note(foreign));
    Ok((table, records.rejections))
}

fn no_header(path: &Path, line: &str) -> Error {
    let shown: String = line.chars().take(40).collect();
    Error::new(
        ErrorKind::Malformed,
        format!("the text {shown:?} comes before the first header line"),
    )
    .in_file(path)
    .hint("a FASTA record begins with `>` and an id")
}

/// Accession and entry name of a UniProt header.
fn uniprot(id: &str) -> Option<(&str, &str)> {
    let (accession, name) = ["sp|", "tr|"]
        .iter()
        .find_map(|begin| id.strip_prefix(begin))?
        .split_once('|')?;
    (!accession.is_empty() && !name.is_empty()).then_some((accession, name))
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
