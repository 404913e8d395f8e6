//! Embeddings that were computed here, as side tables and arrays that [`load_modalities`](super::load_modalities) reads.
//!
//! Comes in: what each row belongs to, and its values. Goes out: a Parquet table with the keys and one column per channel, or a safetensors
//! file with one tensor `[L, D]` per entity; whole or not at all.

use std::{io::Write, path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, Float16Array, Float32Array, StringArray},
    datatypes::{DataType, Field, Schema},
    record_batch::RecordBatch,
};
use half::f16;
use parquet::arrow::ArrowWriter;

use super::matching::is_key;
use crate::{
    Error, ErrorKind,
    source::{RawTable, normalise},
    table::{Rejection, parquet_properties, unwrap_io, write_atomically},
};

/// How the numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Two bytes.
    Float16,
    /// Four bytes.
    Float32,
}

/// A key column: its name, and a cell for each row.
pub type KeyColumn = (String, Vec<Option<String>>);

/// Embeddings, one row each.
#[derive(Clone, Debug)]
pub struct EmbeddingTable {
    /// What each row belongs to.
    pub keys: Vec<KeyColumn>,
    /// Values, `[rows, D]`.
    pub values: Vec<f32>,
    /// Channels `D`.
    pub width: usize,
}

/// Writes a table of embeddings as Parquet.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_embeddings(path: &Path, table: &EmbeddingTable, number: Number) -> Result<(), Error> {
    let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (name, cells) in &table.keys {
        fields.push(Field::new(name, DataType::Utf8, true));
        arrays.push(Arc::new(StringArray::from_iter(cells)));
    }
    for channel in 0..table.width {
        let values = table.values.iter().skip(channel).step_by(table.width).copied();
        let (kind, array): (_, ArrayRef) = match number {
            Number::Float16 => (
                DataType::Float16,
                Arc::new(Float16Array::from_iter_values(values.map(f16::from_f32))),
            ),
            Number::Float32 => (DataType::Float32, Arc::new(Float32Array::from_iter_values(values))),
        };
        fields.push(Field::new(channel.to_string(), kind, false));
        arrays.push(array);
    }
    write_atomically(path, |out| {
        let schema = Arc::new(Schema::new(fields));
        let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(parquet_properties()?)).map_err(unwrap_io)?;
        let batch = RecordBatch::try_new(schema, arrays).map_err(std::io::Error::other)?;
        writer.write(&batch).map_err(unwrap_io)?;
        writer.close().map_err(unwrap_io).map(|_| ())
    })
}

/// Writes states of tokens as safetensors: for each name its number of tokens and, when they are asked for, their states.
///
/// # Errors
/// Where the file cannot be written, or `states` fails.
pub fn write_states(
    path: &Path,
    names: &[(String, usize)],
    (width, number): (usize, Number),
    mut states: impl FnMut(usize) -> std::io::Result<Vec<f32>>,
) -> Result<(), Error> {
    let (kind, size) = match number {
        Number::Float16 => ("F16", 2),
        Number::Float32 => ("F32", 4),
    };
    let (mut header, mut start) = (serde_json::Map::new(), 0);
    for (name, tokens) in names {
        let end = start + tokens * width * size;
        let info = serde_json::json!({"dtype": kind, "shape": [tokens, width], "data_offsets": [start, end]});
        header.insert(name.clone(), info);
        start = end;
    }
    let mut header = serde_json::Value::Object(header).to_string();
    // The numbers begin at a multiple of eight.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    write_atomically(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for at in 0..names.len() {
            for value in states(at)? {
                match number {
                    Number::Float16 => out.write_all(&f16::from_f32(value).to_le_bytes())?,
                    Number::Float32 => out.write_all(&value.to_le_bytes())?,
                }
            }
        }
        Ok(())
    })
}

/// Texts of a table, with the keys of what they describe.
#[derive(Clone, Debug, Default)]
pub struct DescribedRows {
    /// Key columns, aligned with the texts.
    pub keys: Vec<KeyColumn>,
    /// One text per row.
    pub texts: Vec<String>,
    /// 1-based row of each text in the file.
    pub rows: Vec<u64>,
    /// Rows without a text.
    pub rejections: Vec<Rejection>,
}

/// Reads the texts in `column` of a table, or in the one that holds its descriptions.
///
/// # Errors
/// Where the file cannot be read, has no such column, or no column that says what a text describes.
pub fn load_descriptions(path: &Path, column: Option<&str>) -> Result<DescribedRows, Error> {
    let (table, rejections) = RawTable::read(path)?;
    let column = match column {
        Some(name) => table.require(name)?,
        None => {
            let begins = |name: &str| {
                ["text", "description", "summary"]
                    .iter()
                    .any(|word| name.starts_with(word))
            };
            let mut columns: Vec<_> = table
                .columns()
                .iter()
                .filter(|c| begins(&normalise(c.name())) && !is_key(c))
                .collect();
            columns.sort_by_key(|column| normalise(column.name()) != "text");
            *columns
                .first()
                .ok_or_else(|| table.missing("text", "there is no text column"))?
        }
    };
    let keys: Vec<_> = table.columns().iter().filter(|column| is_key(column)).collect();
    if keys.is_empty() {
        let reason = "there is no key column, such as drug_id, inchikey, target_id or uniprot";
        return Err(Error::new(ErrorKind::MissingColumn, reason)
            .in_file(path)
            .hint("add a column that says which drug or target a text describes"));
    }
    let mut found = DescribedRows {
        rejections,
        ..DescribedRows::default()
    };
    found.keys = keys.iter().map(|key| (normalise(key.name()), Vec::new())).collect();
    for row in 0..table.len() {
        let Some(text) = column.get(row).map(str::trim).filter(|text| !text.is_empty()) else {
            found
                .rejections
                .push(table.reject(row, column.name(), "the text is empty"));
            continue;
        };
        found.texts.push(text.to_string());
        found.rows.push(table.row_number(row));
        for ((_, cells), key) in found.keys.iter_mut().zip(&keys) {
            cells.push(key.get(row).map(String::from));
        }
    }
    Ok(found)
}
