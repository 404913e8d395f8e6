//! Text tables with a header, read cell by cell so that no cell can exhaust memory.
//!
//! Comes in: text and the delimiter its extension suggests (the lines decide). Goes out: a [`RawTable`] and a rejection for each
//! row that is ragged, or holds an overlong cell or a quote that never closes.

use std::{io::BufRead, path::Path};

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::{
    blanks,
    container::Text,
    decimal,
    headerless::known,
    layout::{Layout, layout},
    raw::{RawColumn, RawTable, ReadLimits},
    text::{decode, note},
    words,
};
use crate::{Error, ErrorKind, table::Rejection};

/// Reads `text`, which begins with `head`.
pub(super) fn read(
    path: &Path,
    (text, head): (Text, &[u8]),
    preferred: u8,
    limits: &ReadLimits,
) -> Result<(RawTable, Vec<Rejection>), Error> {
    let layout = layout(head, preferred, &known);
    if is_blank_divided(head, &layout) {
        return match words::are_pairs(head, layout.skipped) {
            true => words::read(path, text, limits),
            false => blanks::read(path, text, limits),
        };
    }
    let mut rows = DelimitedRows::open(path, text, (layout, preferred), limits)?;
    let (table, rejections) = rows.next(usize::MAX)?.unwrap_or_default();
    let file = table.file.clone();
    let (mut columns, numbers, _) = table.into_parts();
    // Between commas such a cell is quoted.
    let commas = decimal::read(&mut columns);
    let notes = notes(&file, &rows.layout, rows.foreign, &commas);
    Ok((RawTable::with_rows(file, columns, numbers).noted(notes), rejections))
}

/// The layout of a text that begins with `head`; none where its cells are divided by blanks.
pub(super) fn delimited_layout(head: &[u8], preferred: u8) -> Option<Layout> {
    let layout = layout(head, preferred, &known);
    (!is_blank_divided(head, &layout)).then_some(layout)
}

fn is_blank_divided(head: &[u8], layout: &Layout) -> bool {
    layout.delimiter.is_none() && blank_divided(head, layout.skipped)
}

/// The rows of a text table, some at a time.
pub(super) struct DelimitedRows {
    file: String,
    cells: Cells<Text>,
    layout: Layout,
    names: Vec<String>,
    limit: usize,
    number: u64,
    foreign: u64,
    is_begun: bool,
}

impl DelimitedRows {
    /// Reads the header.
    pub(super) fn open(
        path: &Path,
        mut text: Text,
        (layout, preferred): (Layout, u8),
        limits: &ReadLimits,
    ) -> Result<Self, Error> {
        let fault = |error| Error::read(path, error);
        for _ in 0..layout.skipped {
            text.skip_until(b'\n').map_err(fault)?;
        }
        if layout.marked {
            text.skip_until(b'#').map_err(fault)?;
        }
        let delimiter = layout.delimiter.unwrap_or(preferred);
        let mut cells = Cells::new(text, delimiter, limits.cell_bytes);
        let mut foreign = 0;
        let names = read_header(path, &mut cells, limits, &mut foreign)?;
        Ok(Self {
            file: path.display().to_string(),
            cells,
            layout,
            names,
            limit: limits.cell_bytes,
            number: 0,
            foreign,
            is_begun: false,
        })
    }

    /// The next rows, at most `most`, and those of them that are rejected; none after the last. The first call gives a table in any
    /// case.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<(RawTable, Vec<Rejection>)>, Error> {
        let mut columns: Vec<RawColumn> = self.names.iter().map(RawColumn::new).collect();
        let (mut rows, mut rejections) = (Vec::new(), Vec::new());
        let mut record = Record::default();
        let fault = |error| Error::read(Path::new(&self.file), error);
        while rows.len() + rejections.len() < most
            && self.cells.read_record(&mut record, self.names.len()).map_err(fault)?
        {
            self.number += 1;
            match record.check(&self.names, self.limit) {
                Ok(()) => {
                    rows.push(self.number);
                    for (column, cell) in columns.iter_mut().zip(record.cells()) {
                        let value = decode(cell, &mut self.foreign);
                        let value = value.trim();
                        column.push((!value.is_empty()).then_some(value));
                    }
                }
                Err((field, value, reason)) => {
                    rejections.push(Rejection::new(self.file.clone(), self.number, reason).of(field, &value));
                }
            }
        }
        if std::mem::replace(&mut self.is_begun, true) && rows.is_empty() && rejections.is_empty() {
            return Ok(None);
        }
        Ok(Some((
            RawTable::with_rows(self.file.clone(), columns, rows),
            rejections,
        )))
    }
}

fn notes(file: &str, layout: &Layout, foreign: u64, commas: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    if layout.titles > 0 {
        notes.push(format!("{file}: {} lines above the header were skipped", layout.titles));
    }
    if !commas.is_empty() {
        notes.push(format!("{file}: decimal commas were read in {}", commas.join(", ")));
    }
    notes.extend(note(foreign).map(|note| format!("{file}: {note}")));
    notes
}

/// Whether the first line below those above the header holds several words.
fn blank_divided(head: &[u8], skipped: usize) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').skip(skipped);
    let words = lines.next().unwrap_or_default().trim_ascii();
    !words.contains(&b'"') && words.iter().any(u8::is_ascii_whitespace)
}

fn read_header(
    path: &Path,
    cells: &mut Cells<impl BufRead>,
    limits: &ReadLimits,
    foreign: &mut u64,
) -> Result<Vec<String>, Error> {
    let mut record = Record::default();
    let read = cells.read_record(&mut record, limits.columns);
    if !read.map_err(|e| Error::read(path, e))? {
        return Err(Error::new(ErrorKind::Empty, "the file holds no header")
            .in_file(path)
            .hint("write the table again"));
    }
    if record.overlong.is_some() {
        return Err(Error::new(ErrorKind::Malformed, "the header is overlong")
            .in_file(path)
            .hint("check that this is a CSV or TSV file"));
    }
    if record.width > limits.columns {
        let reason = format!(
            "the table has {} columns, more than the {} that are read",
            record.width, limits.columns
        );
        return Err(Error::new(ErrorKind::TooLarge, reason)
            .in_file(path)
            .hint("check the delimiter, or keep the columns that are needed"));
    }
    // A data frame's index is exported under an empty name; a second nameless column is reported as a duplicate.
    Ok(record
        .cells()
        .map(|cell| decode(cell, foreign).trim().to_string())
        .collect())
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

    /// Whether the row can be used, or the field, value and reason of the first fault.
    fn check<'a>(&'a self, names: &'a [String], limit: usize) -> Result<(), Fault<'a>> {
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
        Ok(())
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
