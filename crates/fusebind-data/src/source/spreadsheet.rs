//! Spreadsheets: the first sheet that is not empty, cell by cell as text.
//!
//! Comes in: a workbook in memory (`.xlsx`, `.xls`, `.ods`). Goes out: a [`RawTable`] whose first row is the header. Whole numbers have no
//! `.0`; formulas give the value that was stored with them.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use calamine::{Data, DataRef, Ods, Reader, Sheets, Xls, Xlsb, Xlsx};
use zip::ZipArchive;

use super::raw::{RawColumn, RawTable, ReadLimits};
use crate::{Error, ErrorKind};

/// Most cells of a sheet, empty ones between others included.
const CELLS: usize = 50_000_000;

/// A cell that is not empty: 0-based row and column, and its text.
type Cell = (u32, u32, String);

type Book = Sheets<Cursor<Vec<u8>>>;

pub(super) fn read(path: &Path, bytes: Vec<u8>, limits: &ReadLimits) -> Result<RawTable, Error> {
    // Decoders of third parties may panic on corrupt bytes; here this is one more malformed file.
    catch_unwind(AssertUnwindSafe(|| decode(path, bytes, limits)))
        .unwrap_or_else(|_| Err(malformed(path, &"the decoder failed")))
}

fn malformed(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("the spreadsheet cannot be read: {reason}"),
    )
    .in_file(path)
    .hint("save it again, or export the sheet as CSV")
}

fn decode(path: &Path, bytes: Vec<u8>, limits: &ReadLimits) -> Result<RawTable, Error> {
    let mut book = open(path, bytes)?;
    let names = book.sheet_names();
    for (at, name) in names.iter().enumerate() {
        let cells = cells(path, &mut book, name)?;
        if cells.is_empty() {
            continue;
        }
        let table = table(path, &cells, limits)?;
        let others: Vec<&str> = names.iter().skip(at + 1).map(String::as_str).collect();
        let note = (!others.is_empty()).then(|| {
            format!(
                "{}: the sheet `{name}` was read, not {}; save the others as CSV to read them",
                path.display(),
                others.join(", ")
            )
        });
        return Ok(table.noted(note));
    }
    Err(Error::new(ErrorKind::Empty, "no sheet of the workbook holds a cell")
        .in_file(path)
        .hint("save the table again"))
}

/// The workbook in `bytes`, by its content: the library's own detection hides why a workbook cannot be read.
fn open(path: &Path, bytes: Vec<u8>) -> Result<Book, Error> {
    let bytes = Cursor::new(bytes);
    if bytes.get_ref().starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Ok(Sheets::Xls(Xls::new(bytes).map_err(|error| malformed(path, &error))?));
    }
    let archive = ZipArchive::new(bytes).map_err(|error| malformed(path, &error))?;
    let holds = |name: &str| archive.index_for_name(name).is_some();
    let (binary, open_document) = (holds("xl/workbook.bin"), holds("content.xml"));
    let bytes = archive.into_inner();
    Ok(match (binary, open_document) {
        (true, _) => Sheets::Xlsb(Xlsb::new(bytes).map_err(|error| malformed(path, &error))?),
        (_, true) => Sheets::Ods(Ods::new(bytes).map_err(|error| malformed(path, &error))?),
        _ => Sheets::Xlsx(Xlsx::new(bytes).map_err(|error| malformed(path, &error))?),
    })
}

/// The filled cells of a sheet, row by row.
fn cells(path: &Path, book: &mut Book, name: &str) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::new();
    // A workbook of one far cell would make a range of billions, so that cells are read one by one where the format allows it.
    if let Sheets::Xlsx(book) = book {
        let mut reader = book
            .worksheet_cells_reader(name)
            .map_err(|error| malformed(path, &error))?;
        while let Some(cell) = reader.next_cell().map_err(|error| malformed(path, &error))? {
            let (row, column) = cell.get_position();
            let value: Data = match cell.get_value() {
                DataRef::Empty => continue,
                value => value.clone().into(),
            };
            push(&mut cells, row, column, &value);
        }
        // Programs may write the cells of a sheet in any order.
        cells.sort_by_key(|(row, column, _)| (*row, *column));
        return Ok(cells);
    }
    let range = book.worksheet_range(name).map_err(|error| malformed(path, &error))?;
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        push(&mut cells, top + row as u32, left + column as u32, value);
    }
    Ok(cells)
}

fn push(cells: &mut Vec<Cell>, row: u32, column: u32, value: &Data) {
    let text = match value {
        // 1.0 is written as 1, and a number reads back to the same value.
        Data::Float(number) => number.to_string(),
        Data::DateTime(date) if date.is_datetime() => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::DateTime(date) => date.as_f64().to_string(),
        // #N/A and other faults are no values.
        Data::Error(_) | Data::Empty => return,
        value => value.to_string(),
    };
    if !text.trim().is_empty() {
        cells.push((row, column, text.trim().to_string()));
    }
}

/// The table of `cells`: title rows, which fill one cell above wider rows, are skipped.
fn table(path: &Path, cells: &[Cell], limits: &ReadLimits) -> Result<RawTable, Error> {
    let mut rows: Vec<&[Cell]> = cells.chunk_by(|one, other| one.0 == other.0).collect();
    let titles = rows
        .windows(2)
        .take_while(|pair| {
            pair[0].len() == 1 && pair[1].len() > 1 || pair[0].len() == 1 && rows[rows.len() - 1].len() > 1
        })
        .count();
    let titles = if rows.iter().any(|row| row.len() > 1) {
        titles.min(rows.len() - 1)
    } else {
        0
    };
    rows.drain(..titles);
    let header = rows.remove(0);
    let width = header
        .iter()
        .map(|(_, column, _)| *column as usize + 1)
        .max()
        .unwrap_or(0);
    let too_large = |reason: String| {
        Error::new(ErrorKind::TooLarge, reason)
            .in_file(path)
            .hint("export the part that is needed as CSV")
    };
    if width > limits.columns || width.saturating_mul(rows.len()) > CELLS {
        return Err(too_large(format!(
            "the sheet has {} rows of {width} cells, more than are read",
            rows.len()
        )));
    }
    let mut columns = vec![RawColumn::default(); width];
    for (_, column, text) in header {
        columns[*column as usize] = RawColumn::new(text);
    }
    let (mut numbers, first) = (Vec::with_capacity(rows.len()), header.first().map_or(0, |cell| cell.0));
    for row in rows {
        for (_, column, text) in row.iter().filter(|(_, column, _)| (*column as usize) < width) {
            let column = &mut columns[*column as usize];
            column.pad_to(numbers.len());
            column.push(Some(text));
        }
        numbers.push(u64::from(row[0].0 - first));
    }
    // Columns left of a table that does not begin in the first one.
    columns.retain(|column| !(column.name().is_empty() && column.is_empty()));
    let note = (titles > 0).then(|| format!("{}: {titles} rows above the header were skipped", path.display()));
    Ok(RawTable::with_rows(path.display().to_string(), columns, numbers).noted(note))
}
