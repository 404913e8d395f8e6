//! A table some rows at a time, for files that are larger than memory.
//!
//! Comes in: a path. Goes out: [`RawTable`]s of consecutive rows, numbered as in the file. Text, lists, SD files and Parquet are never held
//! whole, packed or not; a spreadsheet, a packed Parquet file and FASTA are.

use std::path::Path;

use super::{
    blanks::ListRows,
    container::{Content, Unpacked, unpack, unpack_bytes},
    delimited::{DelimitedRows, delimited_layout},
    format::Format,
    parquet::{self, ParquetRows},
    raw::{RawTable, ReadLimits},
    sdf::SdRecords,
};
use crate::{Error, table::Rejection};

/// Rows, and those of them that are rejected.
pub(super) type Chunk = (RawTable, Vec<Rejection>);

/// An open table.
pub(super) enum Chunks {
    Delimited(Box<DelimitedRows>),
    List(ListRows),
    Sdf(SdRecords),
    Parquet(ParquetRows),
    Whole(Option<Chunk>),
}

impl Chunks {
    /// Opens `path`; says whether its name makes it a list of SMILES.
    pub fn open(path: &Path) -> Result<(Self, bool), Error> {
        Self::of(path, unpack(path)?)
    }

    /// [`Chunks::open`] of bytes in memory.
    pub fn of_bytes(name: &Path, bytes: Vec<u8>) -> Result<(Self, bool), Error> {
        Self::of(name, unpack_bytes(name, bytes)?)
    }

    fn of(path: &Path, (content, inner): Unpacked) -> Result<(Self, bool), Error> {
        let limits = &ReadLimits::default();
        let whole = |content| RawTable::of(path, (content, inner.clone()), limits).map(|read| Self::Whole(Some(read)));
        let (text, head) = match content {
            Content::Parquet(source) => return Ok((Self::Parquet(ParquetRows::open(path, source, limits)?), false)),
            Content::Workbook(_) => return Ok((whole(content)?, false)),
            Content::Text(..) if Format::by_name(&inner) == Some(Format::Parquet) => {
                return Err(parquet::malformed(path, "it does not begin with PAR1".to_string()));
            }
            Content::Text(text, head) => (text, head),
        };
        Ok(match Format::of_text(&inner, &head) {
            Format::Delimited(preferred) => match delimited_layout(&head, preferred) {
                Some(layout) => {
                    let rows = DelimitedRows::open(path, text, (layout, preferred), limits)?;
                    (Self::Delimited(Box::new(rows)), false)
                }
                None => (Self::List(ListRows::new(path, text, limits)), false),
            },
            Format::Smiles => (Self::List(ListRows::new(path, text, limits)), true),
            Format::Sdf => (Self::Sdf(SdRecords::new(path, text, limits)), false),
            _ => (whole(Content::Text(text, head))?, false),
        })
    }

    /// The next rows, about `rows` of them; none after the last.
    pub fn next(&mut self, rows: usize) -> Result<Option<Chunk>, Error> {
        match self {
            Self::Delimited(table) => table.next(rows),
            Self::List(list) => list.next(rows),
            Self::Sdf(records) => records.next(rows),
            Self::Parquet(table) => table.next(rows),
            Self::Whole(table) => Ok(table.take()),
        }
    }
}
