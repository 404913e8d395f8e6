//! Arrow streams (IPC) in and out: what pandas, polars, pyarrow and DuckDB send without turning numbers into text.
//!
//! Comes in: a body of a stranger, or lines of results. Goes out: a table of cells, or a stream of one batch. A stream may describe far more than
//! it holds: rows and letters are counted before a cell is copied, and columns that repeat their values by reference are refused.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray},
    buffer::Buffer,
    datatypes::{DataType, Field, Schema},
    ipc::{reader::StreamDecoder, writer::StreamWriter},
};
use fusebind_data::source::RawTable;
use fusebind_predict::{
    Model, Request,
    output::{self, OutputValues},
};
use serde_json::{Map, Value};

use crate::{refusal::Refusal, rows::check_count};

/// Media type of a stream.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.apache.arrow.stream";

/// The table of a stream of at most `most` rows, whose texts have at most `letters` letters together.
pub(crate) fn table(bytes: &[u8], (most, limit): (usize, &'static str), letters: usize) -> Result<RawTable, Refusal> {
    // The decoder checks what it reads; where it misses something, the body is refused all the same.
    let decoded = catch_unwind(AssertUnwindSafe(|| batches(bytes, (most, limit), letters)));
    let broken = || Refusal::malformed("the Arrow stream is damaged", "write it again");
    let (schema, batches) = decoded.unwrap_or_else(|_| Err(broken()))?;
    let read = catch_unwind(AssertUnwindSafe(|| {
        RawTable::from_batches("pairs", &schema, batches.into_iter().map(Ok))
    }));
    let read = read.map_err(|_| broken())?;
    read.map_err(|error| Refusal::malformed(error.reason(), error.remedy()))
}

fn batches(
    bytes: &[u8],
    (most, limit): (usize, &'static str),
    letters: usize,
) -> Result<(Arc<Schema>, Vec<RecordBatch>), Refusal> {
    let again = "send a whole Arrow IPC stream (not a file), without compression";
    let fault = |error: arrow::error::ArrowError| {
        let reason = error.to_string();
        let line = reason.lines().next().unwrap_or_default().to_string();
        Refusal::malformed(format!("the Arrow stream cannot be read: {line}"), again)
    };
    let (mut decoder, mut left) = (StreamDecoder::new(), Buffer::from(bytes));
    let (mut all, mut rows, mut text) = (Vec::new(), 0usize, 0usize);
    while let Some(batch) = decoder.decode(&mut left).map_err(fault)? {
        rows = rows.saturating_add(batch.num_rows());
        check_count(rows, most, limit)?;
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            text = text.saturating_add(letters_of(field, column)?);
        }
        if text > letters {
            let reason = format!("the texts of the stream have more than {letters} letters");
            return Err(Refusal::beyond("body_bytes", letters, reason, "send it in parts"));
        }
        all.push(batch);
    }
    decoder.finish().map_err(fault)?;
    let schema = all.first().map(RecordBatch::schema);
    let schema = schema.ok_or_else(|| Refusal::malformed("the Arrow stream holds no rows", again))?;
    Ok((schema, all))
}

/// Letters of a column of text; 0 for numbers. Other columns are refused.
fn letters_of(field: &Field, column: &ArrayRef) -> Result<usize, Refusal> {
    match column.data_type() {
        DataType::Utf8 => Ok(column.as_string::<i32>().value_data().len()),
        DataType::LargeUtf8 => Ok(column.as_string::<i64>().value_data().len()),
        // Views may name one text many times.
        DataType::Utf8View => {
            let views = column.as_string_view().views().iter();
            Ok(views.map(|view| *view as u32 as usize).fold(0, usize::saturating_add))
        }
        kind if kind.is_numeric() || *kind == DataType::Boolean => Ok(0),
        kind => Err(Refusal::malformed(
            format!(
                "column `{}` is of type {kind}, which is not read over HTTP",
                field.name()
            ),
            "send texts as strings, and numbers as integers or floats",
        )),
    }
}

/// What a column of the answer holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Real,
    Whole,
    Flag,
}

/// The columns of an answer by their names: those of the model, numbers of rows, and texts.
fn kinds(model: &Model, header: &[String]) -> Vec<Kind> {
    let none = Request::listed(Vec::<(u64, [(String, u32); 2])>::new());
    let of_model = output::columns(model, &none, |_| "", &[]);
    let kind = |name: &String| {
        let column = of_model.iter().find(|column| column.name == *name);
        match column.map(|column| &column.values) {
            Some(OutputValues::Real(_)) => Kind::Real,
            Some(OutputValues::Whole(_)) => Kind::Whole,
            Some(OutputValues::Flag(_)) => Kind::Flag,
            Some(OutputValues::Text(_)) => Kind::Text,
            None if name == "row" || name.ends_with("_row") => Kind::Whole,
            None => Kind::Text,
        }
    };
    header.iter().map(kind).collect()
}

/// Lines of results as a stream of one batch with the columns of `header`; what a line lacks is null.
///
/// # Errors
/// None that can be expected.
pub(crate) fn stream(model: &Model, header: &[String], lines: &[String]) -> Result<Vec<u8>, Refusal> {
    let rows: Vec<Map<String, Value>> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let cell = |row: usize, name: &str| -> Option<&Value> {
        match name.strip_prefix("error_") {
            Some(field) => rows[row].get("error")?.get(field),
            None => rows[row].get(name),
        }
    };
    let array = |(name, kind): (&String, Kind)| -> ArrayRef {
        let cells = (0..rows.len()).map(|row| cell(row, name));
        match kind {
            Kind::Text => Arc::new(StringArray::from_iter(cells.map(|cell| cell?.as_str()))),
            Kind::Real => Arc::new(Float64Array::from_iter(cells.map(|cell| cell?.as_f64()))),
            Kind::Whole => Arc::new(Int64Array::from_iter(cells.map(|cell| cell?.as_i64()))),
            Kind::Flag => Arc::new(BooleanArray::from_iter(cells.map(|cell| cell?.as_bool()))),
        }
    };
    let arrays: Vec<ArrayRef> = header.iter().zip(kinds(model, header)).map(array).collect();
    let fields = header.iter().zip(&arrays);
    let fields = fields.map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let internal = |_| Refusal::internal();
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(internal)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).map_err(internal)?;
    writer.write(&batch).map_err(internal)?;
    writer.into_inner().map_err(internal)
}
