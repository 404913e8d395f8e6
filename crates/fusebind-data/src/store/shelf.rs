//! The rows of a stored library, all of them or some.
//!
//! Comes in: a library and places. Goes out: rows as those of a file, in order.

use super::{library::StoredLibrary, numbered::NumberedRow, part::StoredRow};
use crate::{
    Error,
    source::{LibraryRow, LibraryText, Structure},
};

/// See the file's header.
pub struct StoredRows<'a> {
    library: &'a StoredLibrary,
    /// Places of the rows that are given, ascending; all where there are none.
    wanted: Option<Vec<u64>>,
    next_part: usize,
    ready: std::vec::IntoIter<StoredRow>,
    /// Whether parts have to be verified when they are read.
    verifies: bool,
}

impl<'a> StoredRows<'a> {
    /// All rows.
    pub fn all(library: &'a StoredLibrary) -> Self {
        Self {
            library,
            wanted: None,
            next_part: 0,
            ready: Vec::new().into_iter(),
            verifies: true,
        }
    }

    /// The rows at `wanted` places, ascending, of a library whose parts were verified.
    pub fn at(library: &'a StoredLibrary, wanted: Vec<u64>) -> Self {
        Self {
            wanted: Some(wanted),
            verifies: false,
            ..Self::all(library)
        }
    }

    /// The next `most` rows, fewer at the end.
    ///
    /// # Errors
    /// Where a part cannot be read, or is not what was written.
    pub fn take(&mut self, most: u64) -> Result<Vec<NumberedRow>, Error> {
        let mut rows = Vec::new();
        while (rows.len() as u64) < most && (self.ready.len() > 0 || self.read_part()?) {
            let left = most as usize - rows.len();
            rows.extend(self.ready.by_ref().take(left).map(shown));
        }
        Ok(rows)
    }

    /// Makes the rows of the next part ready; false after the last.
    fn read_part(&mut self) -> Result<bool, Error> {
        if self.next_part >= self.library.manifest.parts.len() {
            return Ok(false);
        }
        if let Some(part) = self.library.part(self.next_part) {
            if self.verifies {
                part.verify()?;
            }
            self.ready = part.rows(self.wanted.as_deref())?.into_iter();
        }
        self.next_part += 1;
        Ok(true)
    }
}

/// A stored row as a row of a file.
fn shown(row: StoredRow) -> NumberedRow {
    NumberedRow {
        place: row.place,
        file: row.file,
        row: LibraryRow {
            row: row.row,
            content: Ok(LibraryText {
                id: row.id,
                text: row.smiles,
                structure: Structure::Smiles,
                field: "smiles".into(),
            }),
        },
    }
}
