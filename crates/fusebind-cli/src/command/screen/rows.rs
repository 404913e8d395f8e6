//! Where the rows of a screening come from, and about how many they are.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use fusebind::data::{
    self,
    source::{LibraryRow, LibraryText, Structure},
    store::{NumberedRow, NumberedRows, StoredRows},
};

/// What is looked at of a file to estimate its rows, in bytes.
const SAMPLE: u64 = 1 << 20;

/// Where the rows of a screening come from.
pub enum Source<'a> {
    /// Files, or one compound.
    Files(Box<NumberedRows<'a>>),
    /// A stored library.
    Store(StoredRows<'a>),
}

impl Source<'_> {
    /// The next `most` rows, fewer at the end.
    pub fn take(&mut self, most: u64) -> Result<Vec<NumberedRow>, data::Error> {
        match self {
            Self::Files(rows) => rows.take(most),
            Self::Store(rows) => rows.take(most),
        }
    }
}

/// A compound that was given in place of a file.
pub fn given(smiles: &str) -> LibraryRow {
    LibraryRow {
        row: 0,
        content: Ok(LibraryText {
            id: smiles.into(),
            text: smiles.into(),
            structure: Structure::Smiles,
            field: "smiles".into(),
        }),
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
