//! From a file to a [`RawTable`], by its content and the extension of its name.
//!
//! Comes in: a path. Goes out: a table and the rows that could not be read.

use std::{collections::HashSet, path::Path};

use super::{
    blanks,
    container::{Content, Unpacked, unpack, unpack_bytes},
    delimited, fasta,
    format::Format,
    headerless, parquet,
    raw::{RawTable, ReadLimits},
    sdf, spreadsheet,
};
use crate::{Error, ErrorKind, table::Rejection};

impl RawTable {
    /// Reads text tables, lists of SMILES, Parquet, SD files, FASTA and spreadsheets, also packed with gzip, zstd or ZIP; `-` is
    /// standard input. Rows that cannot be read are rejected, the rest is kept; a file that cannot be read as a table is an error.
    ///
    /// SDF gives the columns `molblock` and `title` and one per data field; FASTA gives `id`, `description`, `sequence`.
    pub fn read(path: &Path) -> Result<(Self, Vec<Rejection>), Error> {
        Self::read_within(path, &ReadLimits::default())
    }

    /// [`RawTable::read`] with other limits.
    pub fn read_within(path: &Path, limits: &ReadLimits) -> Result<(Self, Vec<Rejection>), Error> {
        Self::of(path, unpack(path)?, limits)
    }

    /// [`RawTable::read`] of bytes in memory; `name` stands for them in messages, and its extension counts.
    pub fn read_bytes(name: &Path, bytes: Vec<u8>) -> Result<(Self, Vec<Rejection>), Error> {
        Self::of(name, unpack_bytes(name, bytes)?, &ReadLimits::default())
    }

    /// The table that an open file holds.
    pub(super) fn of(
        path: &Path,
        (content, inner): Unpacked,
        limits: &ReadLimits,
    ) -> Result<(Self, Vec<Rejection>), Error> {
        let (table, rejections) = match content {
            Content::Parquet(bytes) => parquet::read(path, bytes, limits)?,
            Content::Workbook(bytes) => (spreadsheet::read(path, bytes, limits)?, Vec::new()),
            Content::Text(_, _) if Format::by_name(&inner) == Some(Format::Parquet) => {
                return Err(parquet::malformed(path, "it does not begin with PAR1".to_string()));
            }
            Content::Text(text, head) => match Format::of_text(&inner, &head) {
                Format::Delimited(preferred) => delimited::read(path, (text, &head), preferred, limits)?,
                Format::Smiles => smiles(blanks::read(path, text, limits)?),
                Format::Sdf => sdf::read(path, text, limits)?,
                _ => fasta::read(path, text, limits)?,
            },
        };
        Ok((distinct(path, table, limits)?, rejections))
    }
}

/// A list by its extension: without a known column name the first line is data.
pub(super) fn smiles((table, mut rejections): (RawTable, Vec<Rejection>)) -> (RawTable, Vec<Rejection>) {
    let named = table.columns().iter().any(|column| headerless::known(column.name()));
    match named {
        true => (table, rejections),
        false => {
            let before = table.len();
            let table = headerless::first_row(table, 0, "smiles");
            headerless::renumber(before, &table, &mut rejections);
            (table, rejections)
        }
    }
}

/// The table without nameless empty columns, whose names must differ.
pub(super) fn distinct(path: &Path, table: RawTable, limits: &ReadLimits) -> Result<RawTable, Error> {
    if table.columns().len() > limits.columns {
        let reason = format!(
            "the table has {} columns, more than the {} that are read",
            table.columns().len(),
            limits.columns
        );
        return Err(Error::new(ErrorKind::TooLarge, reason)
            .in_file(path)
            .hint("check the delimiter, or keep the columns that are needed"));
    }
    let mut seen = HashSet::new();
    let empty = |column: &super::raw::RawColumn| {
        column.name().is_empty() && (0..column.len()).all(|row| column.get(row).is_none())
    };
    let twice = table
        .columns()
        .iter()
        .find(|column| !empty(column) && !seen.insert(column.name()));
    if let Some(column) = twice {
        return Err(Error::new(ErrorKind::DuplicateColumn, "the column occurs twice")
            .in_file(path)
            .in_column(column.name())
            .hint("rename or remove one of the two"));
    }
    if !table.columns().iter().any(empty) {
        return Ok(table);
    }
    let file = table.file.clone();
    let (columns, rows, notes) = table.into_parts();
    let columns = columns.into_iter().filter(|column| !empty(column)).collect();
    Ok(RawTable::with_rows(file, columns, rows).noted(notes))
}
