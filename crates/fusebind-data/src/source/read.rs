//! From a file to a [`RawTable`], by the extension of its name.
//!
//! Comes in: a path. Goes out: a table and the rows that could not be read.

use std::path::Path;

use super::{
    delimited, fasta,
    file::Format,
    parquet,
    raw::{RawTable, ReadLimits},
    sdf,
};
use crate::{Error, ErrorKind, table::Rejection};

impl RawTable {
    /// Reads CSV, TSV, Parquet, SDF or FASTA by the extension of `path`. Rows that cannot be read are rejected, the rest
    /// is kept; a file that cannot be read as a table is an error.
    ///
    /// SDF gives the columns `molblock` and `title` and one per data field; FASTA gives `id`, `description`, `sequence`.
    pub fn read(path: &Path) -> Result<(Self, Vec<Rejection>), Error> {
        Self::read_within(path, &ReadLimits::default())
    }

    /// [`RawTable::read`] with other limits.
    pub fn read_within(path: &Path, limits: &ReadLimits) -> Result<(Self, Vec<Rejection>), Error> {
        let (table, rejections) = match Format::of(path)? {
            Format::Delimited(preferred) => delimited::read(path, preferred, limits)?,
            Format::Parquet => parquet::read(path, limits)?,
            Format::Sdf => sdf::read(path, limits)?,
            Format::Fasta => fasta::read(path, limits)?,
        };
        for (at, column) in table.columns().iter().enumerate() {
            if table.columns()[..at]
                .iter()
                .any(|earlier| earlier.name() == column.name())
            {
                return Err(Error::new(ErrorKind::DuplicateColumn, "the column occurs twice")
                    .in_file(path)
                    .in_column(column.name())
                    .hint("rename or remove one of the two"));
            }
        }
        Ok((table, rejections))
    }
}
