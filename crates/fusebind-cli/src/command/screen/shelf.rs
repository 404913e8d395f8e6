//! The rows of a stored library, all of them or some.
//!
//! Comes in: a library and places. Goes out: rows as those of a file, in order.

use fusebind::data::{
    source::{LibraryRow, LibraryText, Structure},
    store::StoredRow,
};

use super::unit::Row;
use crate::command::library::store::StoredLibrary;

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
    pub fn take(&mut self, most: u64) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        while (rows.len() as u64) < most {
            if let Some(row) = self.ready.next() {
                rows.push(shown(row));
                continue;
            }
            let Some((mark, path, part)) = self.library.parts().nth(self.next_part) else {
                break;
            };
            self.next_part += 1;
            if self.verifies {
                StoredLibrary::verify(mark, &path)?;
            }
            self.ready = StoredLibrary::rows(&part, self.wanted.as_deref())?.into_iter();
        }
        Ok(rows)
    }
}

/// A stored row as a row of a file.
fn shown(row: StoredRow) -> Row {
    Row {
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
