//! Rows of a text export, one at a time, with columns found by name.
//!
//! Comes in: a file, perhaps compressed, and the separator of its layout. Goes out: [`Rows`], which holds one row. Names are compared
//! without case and punctuation.

use std::{io::Read, path::Path};

use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::{
    Error, ErrorKind,
    source::{normalise, open_text},
};

/// A column that a layout may have.
pub(super) type Place = Option<usize>;

/// The current row of a file.
pub(super) struct Rows {
    path: std::path::PathBuf,
    reader: Reader<Box<dyn Read>>,
    names: Vec<String>,
    record: ByteRecord,
    row: u64,
}

impl Rows {
    /// Opens `path`, whose header is in the first line. The separator is the one of `separators` that the header has most of.
    pub fn open(path: &Path, separators: &[u8]) -> Result<Self, Error> {
        let mut text: Box<dyn Read> = Box::new(open_text(path)?);
        let header = first_line(&mut text, path)?;
        let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
        let separator = separators.iter().copied().max_by_key(|s| count(*s)).unwrap_or(b'\t');
        let whole: Box<dyn Read> = Box::new(std::io::Cursor::new(header).chain(text));
        let mut builder = ReaderBuilder::new();
        builder.delimiter(separator).flexible(true);
        // BindingDB writes quotes inside of names without doubling them.
        builder.quoting(separator != b'\t');
        let mut reader = builder.from_reader(whole);
        let headers = reader.byte_headers().map_err(|error| malformed(path, 0, &error))?;
        let names = headers
            .iter()
            .map(|name| normalise(&String::from_utf8_lossy(name)))
            .collect();
        Ok(Self {
            path: path.to_path_buf(),
            reader,
            names,
            record: ByteRecord::new(),
            row: 0,
        })
    }

    /// The first column with one of these names, in their order of preference.
    pub fn find(&self, names: &[&str]) -> Place {
        names
            .iter()
            .find_map(|name| self.names.iter().position(|known| known == name))
    }

    /// The same where a layout cannot do without it.
    pub fn need(&self, names: &[&str], layout: &str) -> Result<usize, Error> {
        self.find(names).ok_or_else(|| {
            Error::new(
                ErrorKind::MissingColumn,
                format!("a {layout} file has a column `{}`, and this one has not", names[0]),
            )
            .in_file(&self.path)
            .hint("check that the format is the one that this file was exported in")
        })
    }

    /// Reads the next row; `false` at the end.
    pub fn next(&mut self) -> Result<bool, Error> {
        self.row += 1;
        self.reader
            .read_byte_record(&mut self.record)
            .map_err(|error| malformed(&self.path, self.row, &error))
    }

    /// A cell of the current row without blanks around it; empty where the column or the cell is missing or holds a word for a
    /// missing value.
    pub fn cell(&self, place: Place) -> std::borrow::Cow<'_, str> {
        let bytes = place.and_then(|at| self.record.get(at)).unwrap_or_default();
        let bytes = bytes.trim_ascii();
        let missing = [&b"null"[..], b"none", b"nan", b"na", b"n/a", b"-"];
        match missing.iter().any(|word| bytes.eq_ignore_ascii_case(word)) {
            true => std::borrow::Cow::Borrowed(""),
            false => String::from_utf8_lossy(bytes),
        }
    }
}

/// The first line of `text` with its end.
fn first_line(text: &mut Box<dyn Read>, path: &Path) -> Result<Vec<u8>, Error> {
    /// A header of more bytes is none.
    const LONGEST: usize = 1 << 20;
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < LONGEST {
        match text.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => line.push(byte[0]),
            Err(source) if source.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::read(path, source)),
        }
        if byte[0] == b'\n' {
            return Ok(line);
        }
    }
    match line.is_empty() {
        true => Err(Error::new(ErrorKind::Empty, "the file is empty").in_file(path)),
        false if line.len() < LONGEST => Ok(line),
        false => Err(Error::new(ErrorKind::Malformed, "the first line does not end").in_file(path)),
    }
}

fn malformed(path: &Path, row: u64, error: &csv::Error) -> Error {
    Error::new(ErrorKind::Malformed, format!("the table cannot be read: {error}"))
        .in_file(path)
        .at_row(row)
        .hint("check that the file is complete")
}
