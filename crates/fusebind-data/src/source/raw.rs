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
    /// Most columns of a table; a file of more is an error.
    pub columns: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            cell_bytes: 64 << 20,
            chunk_bytes: 1 << 30,
            columns: 100_000,
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

    /// Bytes of all cells together.
    pub(super) fn bytes(&self) -> u64 {
        self.text.len() as u64
    }

    /// Whether a cell holds `character`.
    pub(super) fn contains(&self, character: char) -> bool {
        self.text.contains(character)
    }

    /// Whether the column holds no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The same column with `cell` before the first one.
    pub(super) fn with_first(&self, name: impl Into<String>, cell: &str) -> Self {
        let mut column = Self::new(name);
        column.push((!cell.is_empty()).then_some(cell));
        (0..self.len()).for_each(|row| column.push(self.get(row)));
        column
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
    notes: Vec<String>,
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
            notes: Vec::new(),
        }
    }

    /// The same table with what should be said of how it was read.
    pub(super) fn noted(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// What should be said of how the file was read: skipped title rows, decimal commas, a header that is data.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Columns, row numbers and notes, to make another table of them.
    pub(super) fn into_parts(self) -> (Vec<RawColumn>, Vec<u64>, Vec<String>) {
        (self.columns, self.rows, self.notes)
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
