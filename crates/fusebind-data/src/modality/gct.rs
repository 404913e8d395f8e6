//! GCT, the text matrix of CMap (versions 1.2 and 1.3): genes in rows, samples in columns.
//!
//! Comes in: a file. Goes out: a [`RawTable`] of samples by genes. The layout is that of the Broad Institute: `#1.2` or `#1.3`; numbers of
//! rows, columns and, in 1.3, of columns and rows of annotation; a header; rows.

use std::{fs, path::Path};

use fusebind_features::regular;

use super::hdf5::table;
use crate::{Error, ErrorKind, source::RawTable};

/// Annotations that say what a sample was treated with, the first goes first; without them the id of the sample is its name.
pub(super) const NAMES: [&str; 4] = ["drug_id", "pert_iname", "pert_id", "name"];

/// Largest file.
const MOST_BYTES: u64 = 8 << 30;

fn damaged(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Malformed, format!("this is no complete GCT file: {reason}"))
        .in_file(path)
        .hint("export it again, as GCT 1.2 or 1.3")
}

/// Reads a GCT file; samples are named in the column `key`.
pub(super) fn read(path: &Path, key: &str) -> Result<RawTable, Error> {
    if fs::metadata(path).map_err(|source| Error::read(path, source))?.len() > MOST_BYTES {
        return Err(damaged(path, "it is too large"));
    }
    let bytes = regular::read(path).map_err(|source| Error::read(path, source))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let version = lines.next().unwrap_or_default().trim();
    if !matches!(version, "#1.2" | "#1.3") {
        return Err(damaged(path, format_args!("it begins with `{version}`")));
    }
    let sizes: Vec<usize> = lines
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|size| size.parse().ok())
        .collect();
    // In 1.2 each row has a description beside its name.
    let (row_notes, column_notes) = match (version, &sizes[..]) {
        ("#1.2", [_, _, ..]) => (1, 0),
        (_, [_, _, rows, columns]) => (*rows, *columns),
        _ => return Err(damaged(path, "its second line does not state its sizes")),
    };
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let samples: Vec<String> = header
        .iter()
        .skip(1 + row_notes)
        .map(|name| (*name).to_string())
        .collect();
    let notes: Vec<Vec<&str>> = lines
        .by_ref()
        .take(column_notes)
        .map(|line| line.split('\t').collect())
        .collect();
    let rows: Vec<Vec<&str>> = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.split('\t').collect())
        .collect();
    if samples.len() != sizes[1] || notes.iter().any(|note| note.len() != header.len()) || rows.len() != sizes[0] {
        let found = format!("{} rows and {} samples", rows.len(), samples.len());
        return Err(damaged(
            path,
            format_args!("it states {} rows and {} samples, and has {found}", sizes[0], sizes[1]),
        ));
    }
    let names = NAMES
        .iter()
        .find_map(|name| notes.iter().find(|note| note[0].eq_ignore_ascii_case(name)));
    let samples = match names {
        Some(names) => names
            .iter()
            .skip(1 + row_notes)
            .map(|name| (*name).to_string())
            .collect(),
        None => samples,
    };
    let genes: Vec<String> = rows.iter().map(|row| row[0].to_string()).collect();
    Ok(table(path, key, &samples, &genes, |sample, gene| {
        rows[gene]
            .get(1 + row_notes + sample)
            .map(|cell| cell.trim().to_string())
    }))
}
