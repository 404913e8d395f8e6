//! The rows of a library of several files, numbered through.
//!
//! Comes in: files, or one compound. Goes out: units of rows. Rows of units that are done are read and passed over.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use fusebind::{
    data::source::{ColumnMap, Library, LibraryRow, LibraryText, Structure},
    features::entity::molecule::Standardise,
};

use super::{shelf::StoredRows, unit::Row};
use crate::{args::SourceArgs, console::Console, load};

/// What is looked at of a file to estimate its rows, in bytes.
const SAMPLE: u64 = 1 << 20;

/// See the file's header.
pub struct Rows<'a> {
    files: &'a [PathBuf],
    map: ColumnMap,
    toolkit: Standardise,
    console: &'a Console,
    /// The open file and its number.
    open: Option<(Library, u32)>,
    next_file: usize,
    /// Rows that were read and not given.
    ready: std::vec::IntoIter<LibraryRow>,
    place: u64,
    file: u32,
}

impl<'a> Rows<'a> {
    pub fn new(files: &'a [PathBuf], source: &SourceArgs, smiles: Option<&str>, console: &'a Console) -> Self {
        let given = smiles.map(|smiles| LibraryRow {
            row: 0,
            content: Ok(LibraryText {
                id: smiles.into(),
                text: smiles.into(),
                structure: Structure::Smiles,
                field: "smiles".into(),
            }),
        });
        Self {
            files,
            map: load::columns(source),
            toolkit: source.toolkit(),
            console,
            open: None,
            next_file: 0,
            ready: given.into_iter().collect::<Vec<_>>().into_iter(),
            place: 0,
            file: 0,
        }
    }

    /// The next `most` rows, fewer at the end.
    pub fn take(&mut self, most: u64) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        while (rows.len() as u64) < most {
            let Some(row) = self.next()? else { break };
            rows.push(row);
        }
        Ok(rows)
    }

    fn next(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            if let Some(row) = self.ready.next() {
                self.place += 1;
                return Ok(Some(Row {
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
            let notes = library.notes().iter();
            notes.for_each(|note| self.console.note(format_args!("note: {note}")));
            self.open = Some((library, self.next_file as u32));
            self.next_file += 1;
        }
    }
}

/// Where the rows of a screening come from.
pub enum Source<'a> {
    /// Files, or one compound.
    Files(Box<Rows<'a>>),
    /// A stored library.
    Store(StoredRows<'a>),
}

impl Source<'_> {
    /// The next `most` rows, fewer at the end.
    pub fn take(&mut self, most: u64) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::Files(rows) => rows.take(most),
            Self::Store(rows) => rows.take(most),
        }
    }
}

/// About how many rows the files hold, where they are text that is not packed.
pub fn estimate(files: &[PathBuf]) -> Option<u64> {
    files.iter().map(|file| of_file(file)).sum()
}

fn of_file(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(SAMPLE).read_to_end(&mut head).ok()?;
    if head.is_empty() || head.contains(&0) || head.starts_with(&[0x1F, 0x8B]) || head.starts_with(b"PAR1") {
        return None;
    }
    let lines = head.split(|byte| *byte == b'\n');
    let records = lines.clone().filter(|line| line.starts_with(b"$$$$")).count();
    let rows = if records > 0 { records } else { lines.count() };
    Some((rows as f64 * bytes as f64 / head.len() as f64).round() as u64)
}
