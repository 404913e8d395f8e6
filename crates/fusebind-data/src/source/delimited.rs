//! CSV and TSV: text with a header, read cell by cell so that no cell can exhaust memory.
//!
//! Comes in: a path and the delimiter its extension suggests (the header decides). Goes out: a [`RawTable`] and a rejection
//! for each row that is ragged, not UTF-8, or holds an overlong cell or a quote that never closes.

use std::{
    io::{BufRead, Read},
    path::Path,
};

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::{
    file::open_text,
    raw::{RawColumn, RawTable, ReadLimits},
};
use crate::{Error, ErrorKind, table::Rejection};

/// Bytes of the header that are searched for the delimiter.
const HEADER_BYTES: usize = 1 << 16;

pub(super) fn read(path: &Path, preferred: u8, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut source = open_text(path)?;
    let mut header = Vec::new();
    let mut start = source.by_ref().take(HEADER_BYTES as u64);
    start.read_until(b'\n', &mut header).map_err(|e| Error::read(path, e))?;
    let delimiter = detect(&header, preferred);
    let mut cells = Cells::new(header.as_slice().chain(source), delimiter, limits.cell_bytes);

    let names = read_header(path, &mut cells)?;
    let mut columns: Vec<RawColumn> = names.iter().map(RawColumn::new).collect();
    let file = path.display().to_string();
    let (mut rows, mut rejections) = (Vec::new(), Vec::new());
    let mut number = 0;
    let mut record = Record::default();
    while cells
        .read_record(&mut record, names.len())
        .map_err(|e| Error::read(path, e))?
    {
        number += 1;
        match record.check(&names, limits.cell_bytes) {
            Ok(values) => {
                rows.push(number);
                for (column, value) in columns.iter_mut().zip(values) {
                    column.push((!value.is_empty()).then_some(value));
                }
            }
            Err((field, value, reason)) => {
                rejections.push(Rejection::new(file.clone(), number, reason).of(field, &value));
            }
        }
    }
    Ok((RawTable::with_rows(file, columns, rows), rejections))
}

/// The delimiter that occurs most often in the header line; `preferred` wins where it occurs at all.
fn detect(header: &[u8], preferred: u8) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    if count(preferred) > 0 && !(preferred == b',' && count(b'\t') > count(b',')) {
        return preferred;
    }
    let candidates = [b',', b'\t', b';'];
    candidates
        .into_iter()
        .rev()
        .max_by_key(|&delimiter| count(delimiter))
        .filter(|&d| count(d) > 0)
        .unwrap_or(preferred)
}

fn read_header(path: &Path, cells: &mut Cells<impl BufRead>) -> Result<Vec<String>, Error> {
    let mut record = Record::default();
    let malformed = |reason: String, hint: &str| Error::new(ErrorKind::Malformed, reason).in_file(path).hint(hint);
    if !cells
        .read_record(&mut record, usize::MAX)
        .map_err(|e| Error::read(path, e))?
    {
        return Err(Error::new(ErrorKind::Empty, "the file holds no header")
            .in_file(path)
            .hint("write the table again"));
    }
    if record.overlong.is_some() {
        return Err(malformed(
            "the header is overlong".into(),
            "check that this is a CSV or TSV file",
        ));
    }
    let mut names = Vec::with_capacity(record.fields());
    for cell in record.cells() {
        let name = std::str::from_utf8(cell).map_err(|_| {
            let shown = String::from_utf8_lossy(cell).chars().take(40).collect::<String>();
            malformed(
                format!("the header field {shown:?} is not UTF-8"),
                "save the file again as UTF-8",
            )
        })?;
        names.push(name.trim().to_string());
    }
    // A data frame's index is exported under an empty name; a second nameless column is reported as a duplicate.
    Ok(names)
}

/// One record: its cells packed behind each other, and what is wrong with it.
#[derive(Default)]
struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Number of cells in the file; only as many as the header names are stored.
    width: usize,
    /// Cell that exceeds the limit, and its first bytes.
    overlong: Option<usize>,
    first_line: u64,
    lines: u64,
    unclosed_quote: bool,
}

type Fault<'a> = (&'a str, String, String);

impl Record {
    fn fields(&self) -> usize {
        self.ends.len()
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    /// The cells as text, or the field, value and reason of the first fault.
    fn check<'a>(&'a self, names: &'a [String], limit: usize) -> Result<Vec<&'a str>, Fault<'a>> {
        let span = match self.lines {
            0 | 1 => String::new(),
            lines => format!(
                "; the row spans the lines {} to {}: is a quote left open?",
                self.first_line,
                self.first_line + lines - 1
            ),
        };
        let last = names.last().map_or("", String::as_str);
        if let Some(at) = self.overlong {
            let shown = self
                .cells()
                .nth(at)
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .unwrap_or_default();
            let reason = format!("the cell is longer than {limit} bytes{span}; shorten it or remove the row");
            return Err((names.get(at).map_or(last, String::as_str), shown, reason));
        }
        if self.unclosed_quote {
            let shown = self
                .cells()
                .last()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .unwrap_or_default();
            let reason = format!(
                "a quote opened in the lines from {} on never closes and takes in the rest of the file; close or double it",
                self.first_line
            );
            return Err((
                names.get(self.fields().saturating_sub(1)).map_or(last, String::as_str),
                shown,
                reason,
            ));
        }
        if self.width != names.len() {
            let reason = format!(
                "the row has {} fields but the header names {}{span}; quote cells that contain the delimiter",
                self.width,
                names.len()
            );
            let shown = String::from_utf8_lossy(&self.bytes).into_owned();
            return Err((names.get(self.width).map_or(last, String::as_str), shown, reason));
        }
        let mut values = Vec::with_capacity(names.len());
        for (name, cell) in names.iter().zip(self.cells()) {
            match std::str::from_utf8(cell) {
                Ok(value) => values.push(value.trim()),
                Err(fault) => {
                    let reason = format!(
                        "byte {} of the cell is not UTF-8; save the file again as UTF-8",
                        fault.valid_up_to() + 1
                    );
                    return Err((name, String::from_utf8_lossy(cell).into_owned(), reason));
                }
            }
        }
        Ok(values)
    }
}

/// A stream of records that keeps at most `limit` bytes of each cell.
struct Cells<R> {
    source: R,
    reader: Reader,
    limit: usize,
}

impl<R: BufRead> Cells<R> {
    fn new(source: R, delimiter: u8, limit: usize) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { source, reader, limit }
    }

    /// Reads the next record, storing at most `stored` of its cells; `false` at the end of the file.
    fn read_record(&mut self, record: &mut Record, stored: usize) -> std::io::Result<bool> {
        let mut piece = [0_u8; 4096];
        *record = Record {
            bytes: std::mem::take(&mut record.bytes),
            ends: std::mem::take(&mut record.ends),
            first_line: self.reader.line(),
            ..Record::default()
        };
        record.bytes.clear();
        record.ends.clear();
        let (mut cell_start, mut quotes, mut at_end) = (0, 0_u64, false);
        loop {
            let input = self.source.fill_buf()?;
            at_end |= input.is_empty();
            let (result, consumed, produced) = self.reader.read_field(input, &mut piece);
            quotes += input[..consumed].iter().filter(|&&byte| byte == b'"').count() as u64;
            self.source.consume(consumed);
            if record.width < stored {
                let room = self.limit.saturating_sub(record.bytes.len() - cell_start);
                if produced > room && record.overlong.is_none() {
                    record.overlong = Some(record.width);
                    // Only the first bytes are kept, for the report.
                    record.bytes.truncate(cell_start + 200);
                } else if record.overlong.is_none() {
                    record.bytes.extend_from_slice(&piece[..produced]);
                }
            }
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::End => return Ok(false),
                ReadFieldResult::Field { record_end } => {
                    if record.width < stored {
                        record.ends.push(record.bytes.len());
                        cell_start = record.bytes.len();
                    }
                    record.width += 1;
                    if record_end {
                        record.lines = self.reader.line().saturating_sub(record.first_line) + u64::from(at_end);
                        record.unclosed_quote = at_end && quotes % 2 == 1 && record.lines > 1;
                        return Ok(true);
                    }
                }
            }
        }
    }
}
