//! A table as it was read: named columns of text cells, nulls explicit, each row with its number in the file.
//!
//! Numbers remain text (in their shortest form that reads back to the same value), so that nothing is rounded before its unit is
//! known. [`RawTable::read`] fills a table from a file.

use std::path::Path;

use crate::{Error, ErrorKind, table::Rejection};

/// How much memory one value and one block of a file may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Longest accepted cell, SD record or sequence, in bytes; a longer one is a rejected row.
    pub cell_bytes: usize,
    /// Largest uncompressed Parquet column chunk, in bytes; a larger one is an error, since it is decoded as a whole.
    pub chunk_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            cell_bytes: 64 << 20,
            chunk_bytes: 1 << 30,
        }
    }
}

/// One column of text cells, packed behind each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawColumn {
    name: String,
    text: String,
    /// End of each cell in `text`.
    ends: Vec<usize>,
    present: Vec<bool>,
}

impl RawColumn {
    /// An empty column called `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Name as written in the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Appends a cell; `None` is null.
    pub fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        self.ends.push(self.text.len());
        self.present.push(cell.is_some());
    }

    /// The cell in 0-based `row`; `None` where it is null or the column is shorter.
    pub fn get(&self, row: usize) -> Option<&str> {
        if !self.present.get(row).copied().unwrap_or(false) {
            return None;
        }
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.text.get(start..self.ends[row])
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the column holds no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends nulls up to `len` cells.
    pub(super) fn pad_to(&mut self, len: usize) {
        while self.len() < len {
            self.push(None);
        }
    }
}

/// A table of text cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawTable {
    /// File as the user named it.
    pub file: String,
    columns: Vec<RawColumn>,
    rows: Vec<u64>,
}

impl RawTable {
    /// A table of `columns` of equal length, rows numbered from 1.
    pub fn from_columns(file: impl Into<String>, columns: Vec<RawColumn>) -> Self {
        let rows = columns.iter().map(RawColumn::len).max().unwrap_or(0);
        Self::with_rows(file, columns, (1..=rows as u64).collect())
    }

    /// A table of `columns` whose rows have the 1-based numbers `rows` in the file.
    pub(super) fn with_rows(file: impl Into<String>, mut columns: Vec<RawColumn>, rows: Vec<u64>) -> Self {
        for column in &mut columns {
            column.pad_to(rows.len());
        }
        Self {
            file: file.into(),
            columns,
            rows,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the table holds no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All columns in file order.
    pub fn columns(&self) -> &[RawColumn] {
        &self.columns
    }

    /// The column called exactly `name`.
    pub fn column(&self, name: &str) -> Option<&RawColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column called exactly `name`, or an error that lists the columns there are.
    pub fn require(&self, name: &str) -> Result<&RawColumn, Error> {
        self.column(name)
            .ok_or_else(|| self.missing(name, "there is no such column"))
    }

    /// An error about a missing column that lists the columns there are.
    pub(crate) fn missing(&self, column: &str, reason: &str) -> Error {
        let names: Vec<&str> = self.columns.iter().take(30).map(RawColumn::name).collect();
        Error::new(ErrorKind::MissingColumn, reason)
            .in_file(Path::new(&self.file))
            .in_column(column)
            .hint(format!("the columns are: {}", names.join(", ")))
    }

    /// 1-based data row in the file of 0-based `row` of the table.
    pub fn row_number(&self, row: usize) -> u64 {
        self.rows.get(row).copied().unwrap_or(row as u64 + 1)
    }

    /// A rejection of 0-based `row`.
    pub fn reject(&self, row: usize, field: &str, reason: impl Into<String>) -> Rejection {
        let value = self
            .column(field)
            .and_then(|column| column.get(row))
            .unwrap_or_default();
        Rejection::new(self.file.clone(), self.row_number(row), reason).of(field, value)
    }
}
