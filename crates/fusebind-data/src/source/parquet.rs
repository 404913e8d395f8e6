//! Parquet: every scalar column type becomes text; dictionaries are resolved, nulls kept.
//!
//! A truncated or corrupt file is an error. What the pages unpack to is checked against limits before
//! they are decoded, and the text while it grows.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use arrow::{
    array::{Array, RecordBatch, RecordBatchReader},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use bytes::Bytes;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    basic::Repetition,
    file::{metadata::ParquetMetaData, reader::ChunkReader},
    schema::types::SchemaDescriptor,
};

use super::{
    bounded::{ANY_PROPORTION, disproportionate},
    file::Plain,
    pages::{check_footer, sizes},
    raw::{RawColumn, RawTable, ReadLimits},
};
use crate::{Error, ErrorKind, table::Rejection};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 4096;
/// Bytes that the cells of a batch may take where each is the longest of its dictionary.
const BATCH_BYTES: u64 = 64 << 20;
/// Cells that are read from a file of any size, and cells for each byte above that.
const ANY_CELLS: u64 = 40_000_000;
const CELLS_PER_BYTE: u64 = 32;
/// Bytes of text for each byte of a file that unpacks to much.
const TEXT_PER_BYTE: u64 = 1000;

pub(super) fn read(path: &Path, source: Plain, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut rows = ParquetRows::open(path, source, limits)?;
    let (table, rejections) = rows.next(usize::MAX)?.unwrap_or_default();
    Ok((table.noted(rows.note()), rejections))
}

/// Decoders of third parties may panic on corrupt bytes; here this is one more malformed file.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(malformed(path, "the Parquet decoder failed".to_string())))
}

/// The rows of a Parquet file, some at a time.
pub(super) struct ParquetRows {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    names: Vec<String>,
    nested: Vec<String>,
    limits: ReadLimits,
    bytes: u64,
    number: u64,
    /// Bytes of text of the rows so far.
    text: u64,
    is_begun: bool,
}

impl ParquetRows {
    pub(super) fn open(path: &Path, source: Plain, limits: &ReadLimits) -> Result<Self, Error> {
        guarded(path, || match source {
            Plain::File(file) => Self::of(path, file, limits),
            Plain::Memory(bytes) => Self::of(path, Bytes::from(bytes.into_inner()), limits),
        })
    }

    fn of<R: ChunkReader + 'static>(path: &Path, file: R, limits: &ReadLimits) -> Result<Self, Error> {
        let fault = |reason: &dyn std::fmt::Display| malformed(path, reason.to_string());
        check_footer(&file).map_err(|e| fault(&e))?;
        let metadata = ArrowReaderMetadata::load(&file, Default::default()).map_err(|e| fault(&e))?;
        let (flat, nested) = flat_columns(metadata.parquet_schema());
        let bytes = file.len();
        let bounds = Bounds { path, bytes };
        bounds.cells(rows(metadata.metadata()), flat.len())?;
        let batch_rows = check_pages(&bounds, &file, metadata.metadata(), limits)?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), flat);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_projection(mask)
            .with_batch_size(batch_rows)
            .build()
            .map_err(|e| fault(&e))?;
        let schema = reader.schema();
        Ok(Self {
            path: path.to_path_buf(),
            names: schema.fields().iter().map(|field| field.name().clone()).collect(),
            reader,
            nested,
            limits: *limits,
            bytes,
            number: 0,
            text: 0,
            is_begun: false,
        })
    }

    /// The columns that are not read.
    fn note(&self) -> Option<String> {
        (!self.nested.is_empty()).then(|| {
            format!(
                "{}: the columns {} hold lists or records and were not read",
                self.path.display(),
                self.nested.join(", ")
            )
        })
    }

    /// The next rows, at least `least` where there are so many, and those of them that are rejected; none after the last. The first call
    /// gives a table in any case.
    pub(super) fn next(&mut self, least: usize) -> Result<Option<(RawTable, Vec<Rejection>)>, Error> {
        let path = self.path.clone();
        guarded(&path, || self.decode(least))
    }

    fn decode(&mut self, least: usize) -> Result<Option<(RawTable, Vec<Rejection>)>, Error> {
        let path = self.path.clone();
        let fault = |reason: &dyn std::fmt::Display| malformed(&path, reason.to_string());
        let bounds = Bounds {
            path: &path,
            bytes: self.bytes,
        };
        let mut columns: Vec<RawColumn> = self.names.iter().map(RawColumn::new).collect();
        let name = path.display().to_string();
        let (mut rows, mut rejections) = (Vec::new(), Vec::new());
        while rows.len() + rejections.len() < least {
            let Some(batch) = self.reader.next() else { break };
            let batch = batch.map_err(|e| fault(&e))?;
            let overlong = append(&batch, &mut columns, &self.limits).map_err(|e| fault(&e))?;
            for row in 0..batch.num_rows() {
                self.number += 1;
                match overlong.iter().find(|(at, _)| *at == row) {
                    Some((_, column)) => rejections.push(
                        Rejection::new(
                            name.clone(),
                            self.number,
                            format!("the cell is longer than {} bytes", self.limits.cell_bytes),
                        )
                        .of(columns[*column].name(), ""),
                    ),
                    None => rows.push(self.number),
                }
            }
            bounds.cells(self.number as i64, columns.len())?;
            bounds.text(self.text + columns.iter().map(RawColumn::bytes).sum::<u64>())?;
        }
        self.text += columns.iter().map(RawColumn::bytes).sum::<u64>();
        if std::mem::replace(&mut self.is_begun, true) && rows.is_empty() && rejections.is_empty() {
            return Ok(None);
        }
        Ok(Some((RawTable::with_rows(name, columns, rows), rejections)))
    }
}

pub(super) fn malformed(path: &Path, reason: String) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("this is not a complete Parquet file: {reason}"),
    )
    .in_file(path)
    .hint("the file may be cut short: copy or export it again")
}

/// Positions of the columns of one value per row, and the names of the others: lists could declare billions of items in a few bytes.
fn flat_columns(schema: &SchemaDescriptor) -> (Vec<usize>, Vec<String>) {
    let (mut flat, mut nested) = (Vec::new(), Vec::new());
    for (at, field) in schema.root_schema().get_fields().iter().enumerate() {
        let info = field.get_basic_info();
        let repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
        match field.is_primitive() && !repeated {
            true => flat.push(at),
            false => nested.push(field.name().to_string()),
        }
    }
    (flat, nested)
}

/// What a file of so many bytes may unpack to.
struct Bounds<'p> {
    path: &'p Path,
    bytes: u64,
}

impl Bounds<'_> {
    fn too_large(&self, reason: String) -> Error {
        Error::new(ErrorKind::TooLarge, reason)
            .in_file(self.path)
            .hint("check where the file is from; export the columns and rows that are needed as CSV")
    }

    /// Nulls take no space in a file and much in memory.
    fn cells(&self, rows: i64, columns: usize) -> Result<(), Error> {
        let cells = (rows.max(0) as u64).saturating_mul(columns as u64);
        if cells <= ANY_CELLS || cells / CELLS_PER_BYTE <= self.bytes {
            return Ok(());
        }
        let reason = format!(
            "{} bytes hold {rows} rows of {columns} columns, which is more than a table does",
            self.bytes
        );
        Err(self.too_large(reason))
    }

    /// A dictionary repeats a text for a few bits.
    fn text(&self, text: u64) -> Result<(), Error> {
        if text <= ANY_PROPORTION || text / TEXT_PER_BYTE <= self.bytes {
            return Ok(());
        }
        let reason = format!(
            "{} bytes unpack to more than {text}, which is more than a table does",
            self.bytes
        );
        Err(self.too_large(reason))
    }
}

/// Rows that the footer claims, of the file or of its row groups, whichever are more.
fn rows(metadata: &ParquetMetaData) -> i64 {
    let groups = metadata.row_groups().iter();
    let of_groups = groups.fold(0_i64, |sum, group| sum.saturating_add(group.num_rows().max(0)));
    metadata.file_metadata().num_rows().max(of_groups)
}

/// Checks what the pages unpack to; returns how many rows may be decoded at a time.
fn check_pages(
    bounds: &Bounds<'_>,
    file: &impl ChunkReader,
    metadata: &ParquetMetaData,
    limits: &ReadLimits,
) -> Result<usize, Error> {
    let (mut total, mut longest_row) = (0_u64, 0_u64);
    for (group, row_group) in metadata.row_groups().iter().enumerate() {
        let mut row = 0_u64;
        for chunk in row_group.columns().iter().filter(|chunk| chunk.compressed_size() > 0) {
            if chunk.column_descr().max_rep_level() == 0 && chunk.num_values() > row_group.num_rows() {
                let reason = format!(
                    "the column {} has {} values in the {} rows of row group {group}",
                    chunk.column_path(),
                    chunk.num_values(),
                    row_group.num_rows()
                );
                return Err(malformed(bounds.path, reason));
            }
            let sizes = sizes(file, chunk).map_err(|error| malformed(bounds.path, error.to_string()))?;
            let unpacked = sizes.unpacked.max(chunk.uncompressed_size().max(0) as u64);
            if unpacked > limits.chunk_bytes {
                let reason = format!(
                    "row group {group} takes {unpacked} bytes uncompressed, the limit is {}",
                    limits.chunk_bytes
                );
                return Err(Error::new(ErrorKind::TooLarge, reason)
                    .in_file(bounds.path)
                    .in_column(chunk.column_path().string())
                    .hint("look for an overlong cell, or write the file with smaller row groups"));
            }
            total = total.saturating_add(unpacked);
            let width = chunk.column_descr().type_length().max(0) as u64;
            row = row.saturating_add(sizes.dictionary.max(width));
        }
        longest_row = longest_row.max(row);
    }
    if disproportionate(total, bounds.bytes) {
        let reason = format!(
            "{} bytes unpack to {total}, which is more than a table does",
            bounds.bytes
        );
        return Err(bounds.too_large(reason));
    }
    Ok((BATCH_BYTES / longest_row.max(1)).clamp(1, BATCH_ROWS as u64) as usize)
}

/// Appends the rows of `batch` that hold no overlong cell; returns the others as (row in batch, column).
fn append(
    batch: &RecordBatch,
    columns: &mut [RawColumn],
    limits: &ReadLimits,
) -> Result<Vec<(usize, usize)>, ArrowError> {
    let options = FormatOptions::new().with_display_error(false);
    let formatters: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|array| ArrayFormatter::try_new(array.as_ref(), &options))
        .collect::<Result<_, _>>()?;
    let nulls: Vec<_> = batch.columns().iter().map(|array| array.logical_nulls()).collect();
    let mut overlong = Vec::new();
    let mut texts: Vec<String> = vec![String::new(); columns.len()];
    for row in 0..batch.num_rows() {
        for (text, formatter) in texts.iter_mut().zip(&formatters) {
            text.clear();
            formatter.value(row).write(text)?;
        }
        if let Some(column) = texts.iter().position(|text| text.len() > limits.cell_bytes) {
            overlong.push((row, column));
            continue;
        }
        for ((column, text), nulls) in columns.iter_mut().zip(&texts).zip(&nulls) {
            let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            column.push((!null).then_some(text));
        }
    }
    Ok(overlong)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use std::io::Cursor;

    use super::{super::pages::tests::texts, *};

    #[test]
    fn rows_are_those_of_the_row_groups_and_a_column_has_no_more_values() {
        let whole = texts();
        // In a footer of two rows: those of the file, values of the column, rows of its group.
        let twos: Vec<usize> = (0..whole.len() - 1)
            .filter(|at| whole[*at..*at + 2] == [0x16, 4])
            .map(|at| at + 1)
            .collect();
        let [_, values, rows_of_group] = twos[..] else {
            panic!("{twos:?}")
        };
        let with = |at: usize, byte: u8| {
            let mut file = whole.clone();
            file[at] = byte;
            file
        };
        let metadata = |file: Vec<u8>| ArrowReaderMetadata::load(&Bytes::from(file), Default::default()).unwrap();
        assert_eq!(rows(metadata(whole.clone()).metadata()), 2);
        assert_eq!(rows(metadata(with(rows_of_group, 126)).metadata()), 63);
        let open = |file: Vec<u8>| {
            let opened = ParquetRows::open(
                Path::new("a.parquet"),
                Plain::Memory(Cursor::new(file)),
                &ReadLimits::default(),
            );
            opened.map(drop).map_err(|e| e.to_string())
        };
        assert_eq!(open(whole.clone()), Ok(()));
        let error = open(with(values, 6)).unwrap_err();
        assert!(error.contains("3 values in the 2 rows"), "{error}");
    }
}
