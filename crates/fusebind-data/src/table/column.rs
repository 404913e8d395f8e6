//! A named, typed, nullable column for CSV and Parquet files.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray},
    datatypes::DataType,
};

/// Values of a column; `None` is null (an empty cell in CSV).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// Text.
    Text(Vec<Option<String>>),
    /// Real numbers, written in the shortest form that reads back to the same value.
    Real(Vec<Option<f64>>),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Yes or no, written as `true` and `false`.
    Flag(Vec<Option<bool>>),
}

/// A named column of an output table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Header.
    pub name: String,
    /// Values, one per row.
    pub values: Values,
}

impl Column {
    /// A column of text.
    pub fn text<T: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = Option<T>>) -> Self {
        Self {
            name: name.into(),
            values: Values::Text(values.into_iter().map(|value| value.map(Into::into)).collect()),
        }
    }

    /// A column of real numbers.
    pub fn real(name: impl Into<String>, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self {
            name: name.into(),
            values: Values::Real(values.into_iter().collect()),
        }
    }

    /// A column of whole numbers.
    pub fn whole(name: impl Into<String>, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        Self {
            name: name.into(),
            values: Values::Whole(values.into_iter().collect()),
        }
    }

    /// A column of flags.
    pub fn flag(name: impl Into<String>, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        Self {
            name: name.into(),
            values: Values::Flag(values.into_iter().collect()),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Text(values) => values.len(),
            Values::Real(values) => values.len(),
            Values::Whole(values) => values.len(),
            Values::Flag(values) => values.len(),
        }
    }

    /// Whether the column holds no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of 0-based `row` as CSV writes it; empty for null.
    pub(super) fn cell(&self, row: usize) -> String {
        fn show<T: ToString>(value: Option<&T>) -> String {
            value.map(T::to_string).unwrap_or_default()
        }
        match &self.values {
            Values::Text(values) => show(values.get(row).and_then(Option::as_ref)),
            Values::Real(values) => show(values.get(row).and_then(Option::as_ref)),
            Values::Whole(values) => show(values.get(row).and_then(Option::as_ref)),
            Values::Flag(values) => show(values.get(row).and_then(Option::as_ref)),
        }
    }

    pub(super) fn data_type(&self) -> DataType {
        match self.values {
            Values::Text(_) => DataType::Utf8,
            Values::Real(_) => DataType::Float64,
            Values::Whole(_) => DataType::Int64,
            Values::Flag(_) => DataType::Boolean,
        }
    }

    /// The rows `rows` as an Arrow array.
    pub(super) fn array(&self, rows: std::ops::Range<usize>) -> ArrayRef {
        match &self.values {
            Values::Text(values) => Arc::new(values[rows].iter().map(Option::as_deref).collect::<StringArray>()),
            Values::Real(values) => Arc::new(values[rows].iter().copied().collect::<Float64Array>()),
            Values::Whole(values) => Arc::new(values[rows].iter().copied().collect::<Int64Array>()),
            Values::Flag(values) => Arc::new(values[rows].iter().copied().collect::<BooleanArray>()),
        }
    }
}
