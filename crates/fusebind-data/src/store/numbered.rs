//! The rows of a library of several files, numbered through.
//!
//! Comes in: files. Goes out: rows, accepted or not, as many at a time as are asked for.

use std::path::PathBuf;

use fusebind_features::entity::molecule::Standardise;

use crate::{
    Error,
    source::{ColumnMap, Library, LibraryRow},
};

/// A row of a library among all its files.
#[derive(Clone, Debug)]
pub struct NumberedRow {
    /// Place among all rows.
    pub place: u64,
    /// Its file.
    pub file: u32,
    /// The row of that file.
    pub row: LibraryRow,
}

/// See the file's header.
pub struct NumberedRows<'a> {
    files: &'a [PathBuf],
    map: ColumnMap,
    toolkit: Standardise,
    /// Is told how a file is read where that is not plain.
    note: &'a dyn Fn(&str),
    /// The open file and its number.
    open: Option<(Library, u32)>,
    next_file: usize,
    /// Rows that were read and not given.
    ready: std::vec::IntoIter<LibraryRow>,
    place: u64,
    file: u32,
}

impl<'a> NumberedRows<'a> {
    /// The rows `given`, then those of `files`.
    pub fn new(
        given: Vec<LibraryRow>,
        files: &'a [PathBuf],
        (map, toolkit): (ColumnMap, Standardise),
        note: &'a dyn Fn(&str),
    ) -> Self {
        Self {
            files,
            map,
            toolkit,
            note,
            open: None,
            next_file: 0,
            ready: given.into_iter(),
            place: 0,
            file: 0,
        }
    }

    /// The next `most` rows, fewer at the end.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn take(&mut self, most: u64) -> Result<Vec<NumberedRow>, Error> {
        let mut rows = Vec::new();
        while (rows.len() as u64) < most {
            let Some(row) = self.next()? else { break };
            rows.push(row);
        }
        Ok(rows)
    }

    fn next(&mut self) -> Result<Option<NumberedRow>, Error> {
        loop {
            if let Some(row) = self.ready.next() {
                self.place += 1;
                return Ok(Some(NumberedRow {
                    place: self.place - 1,
                    file: self.file,
                    row,
                }));
            }
            if let Some((library, file)) = &mut self.open {
                match library.next_rows()? {
                    Some(rows) => {
                        self.ready = rows.into_iter();
                        self.file = *file;
                    }
                    None => self.open = None,
                }
                continue;
            }
            let Some(path) = self.files.get(self.next_file) else {
                return Ok(None);
            };
            let library = Library::open(path, &self.toolkit, &self.map)?;
            library.notes().iter().for_each(|note| (self.note)(note));
            self.open = Some((library, self.next_file as u32));
            self.next_file += 1;
        }
    }
}
