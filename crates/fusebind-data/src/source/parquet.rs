//! Parquet: every scalar column type becomes text; dictionaries are resolved, nulls kept.
//!
//! A truncated or corrupt file is an error. Column chunks are checked against the memory limit before they are decoded.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow::{
    array::{Array, RecordBatch, RecordBatchReader},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use bytes::Bytes;
use parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
    file::{metadata::ParquetMetaData, reader::ChunkReader},
};

use super::{
    file::Plain,
    raw::{RawColumn, RawTable, ReadLimits},
};
use crate::{Error, ErrorKind, table::Rejection};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 4096;

pub(super) fn read(path: &Path, source: Plain, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    // Decoders of third parties may panic on corrupt bytes; here this is one more malformed file.
    let read = AssertUnwindSafe(|| match source {
        Plain::File(file) => decode(path, file, limits),
        Plain::Memory(bytes) => decode(path, Bytes::from(bytes.into_inner()), limits),
    });
    catch_unwind(read).unwrap_or_else(|_| Err(malformed(path, "the Parquet decoder failed".to_string())))
}

pub(super) fn malformed(path: &Path, reason: String) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("this is not a complete Parquet file: {reason}"),
    )
    .in_file(path)
    .hint("the file may be cut short: copy or export it again")
}

fn decode<R: ChunkReader + 'static>(
    path: &Path,
    file: R,
    limits: &ReadLimits,
) -> Result<(RawTable, Vec<Rejection>), Error> {
    let fault = |reason: &dyn std::fmt::Display| malformed(path, reason.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fault(&e))?;
    check_chunks(path, builder.metadata(), limits)?;
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|e| fault(&e))?;
    let schema = reader.schema();
    let mut columns: Vec<RawColumn> = schema
        .fields()
        .iter()
        .map(|field| RawColumn::new(field.name()))
        .collect();
    let name = path.display().to_string();
    let (mut rows, mut rejections, mut number) = (Vec::new(), Vec::new(), 0);
    for batch in reader {
        let batch = batch.map_err(|e| fault(&e))?;
        let overlong = append(&batch, &mut columns, limits).map_err(|e| fault(&e))?;
        for row in 0..batch.num_rows() {
            number += 1;
            match overlong.iter().find(|(at, _)| *at == row) {
                Some((_, column)) => rejections.push(
                    Rejection::new(
                        name.clone(),
                        number,
                        format!("the cell is longer than {} bytes", limits.cell_bytes),
                    )
                    .of(columns[*column].name(), ""),
                ),
                None => rows.push(number),
            }
        }
    }
    Ok((RawTable::with_rows(name, columns, rows), rejections))
}

fn check_chunks(path: &Path, metadata: &ParquetMetaData, limits: &ReadLimits) -> Result<(), Error> {
    for (group, row_group) in metadata.row_groups().iter().enumerate() {
        for chunk in row_group.columns() {
            let bytes = chunk.uncompressed_size().max(0) as u64;
            if bytes > limits.chunk_bytes {
                let reason = format!(
                    "row group {group} takes {bytes} bytes uncompressed, the limit is {}",
                    limits.chunk_bytes
                );
                return Err(Error::new(ErrorKind::TooLarge, reason)
                    .in_file(path)
                    .in_column(chunk.column_path().string())
                    .hint("look for an overlong cell, or write the file with smaller row groups"));
            }
        }
    }
    Ok(())
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
