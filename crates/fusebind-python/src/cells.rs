//! Columns as Arrow arrays, and cells as Python objects.
//!
//! Comes in: columns of an output, in the order of the rows that were accepted. Goes out: arrays with a place for every row.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringBuilder},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
    record_batch::RecordBatch,
    util::display::array_value_to_string,
};
use fusebind::{
    data::table::{Column, Values},
    predict::output::{OutputColumn, OutputValues},
};
use pyo3::{prelude::*, types::PyDict};

use crate::error::Fault;

/// Where the rows of a column go in a table.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// Row of the table for each row of the column, ascending; the same row where there is none.
    pub at: Option<&'a [usize]>,
    /// Rows of the table.
    pub rows: usize,
}

impl Places<'_> {
    /// A value for each row of the table, none where the column has none.
    fn spread<T>(&self, values: Vec<Option<T>>) -> Vec<Option<T>> {
        let Some(at) = self.at.filter(|at| at.len() != self.rows) else {
            return values;
        };
        let mut spread: Vec<Option<T>> = Vec::new();
        spread.resize_with(self.rows, || None);
        at.iter().zip(values).for_each(|(at, value)| spread[*at] = value);
        spread
    }

    fn text(&self, values: Vec<Option<String>>) -> ArrayRef {
        let values = self.spread(values);
        let bytes = values.iter().flatten().map(String::len).sum();
        let mut text = StringBuilder::with_capacity(values.len(), bytes);
        values.into_iter().for_each(|value| text.append_option(value));
        Arc::new(text.finish())
    }

    fn real(&self, values: Vec<Option<f64>>) -> ArrayRef {
        Arc::new(Float64Array::from(self.spread(values)))
    }

    fn whole(&self, values: Vec<Option<i64>>) -> ArrayRef {
        Arc::new(Int64Array::from(self.spread(values)))
    }

    fn flag(&self, values: Vec<Option<bool>>) -> ArrayRef {
        Arc::new(BooleanArray::from(self.spread(values)))
    }

    /// A column of predictions.
    pub fn output(&self, column: OutputColumn) -> (String, ArrayRef) {
        let array = match column.values {
            OutputValues::Text(values) => self.text(values),
            OutputValues::Real(values) => self.real(values),
            OutputValues::Whole(values) => self.whole(values),
            OutputValues::Flag(values) => self.flag(values),
        };
        (column.name, array)
    }

    /// A column of a table.
    pub fn column(&self, column: Column) -> (String, ArrayRef) {
        let array = match column.values {
            Values::Text(values) => self.text(values),
            Values::Real(values) => self.real(values),
            Values::Whole(values) => self.whole(values),
            Values::Flag(values) => self.flag(values),
            _ => self.text(vec![None; self.rows]),
        };
        (column.name, array)
    }
}

/// Named arrays of one length as a batch.
pub fn batch(columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch, Fault> {
    let field = |(name, array): &(String, ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).map_err(|e| Fault::input(e, "give columns of one length"))
}

/// The value of a cell.
pub fn cell<'py>(py: Python<'py>, array: &ArrayRef, row: usize) -> PyResult<Bound<'py, PyAny>> {
    if array.is_null(row) {
        return Ok(py.None().into_bound(py));
    }
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).into_pyobject(py)?.into_any(),
        DataType::Float64 => array
            .as_primitive::<Float64Type>()
            .value(row)
            .into_pyobject(py)?
            .into_any(),
        DataType::Int64 => array
            .as_primitive::<Int64Type>()
            .value(row)
            .into_pyobject(py)?
            .into_any(),
        DataType::Boolean => array.as_boolean().value(row).into_pyobject(py)?.to_owned().into_any(),
        _ => {
            let text = array_value_to_string(array, row).map_err(Fault::internal)?;
            text.into_pyobject(py)?.into_any()
        }
    })
}

/// A row by column.
pub fn row<'py>(py: Python<'py>, batch: &RecordBatch, row: usize) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        dict.set_item(field.name(), cell(py, array, row)?)?;
    }
    Ok(dict)
}

/// A Python list as an array: numbers and flags where all of it is, or else text.
pub fn array(values: &[Bound<'_, PyAny>]) -> PyResult<ArrayRef> {
    let all: Vec<Option<&Bound<'_, PyAny>>> = values
        .iter()
        .map(|value| Some(value).filter(|v| !v.is_none()))
        .collect();
    let is = |test: &dyn Fn(&Bound<'_, PyAny>) -> bool| {
        let mut some = all.iter().copied().flatten().peekable();
        some.peek().is_some() && some.all(test)
    };
    let is_flag = |value: &Bound<'_, PyAny>| value.is_instance_of::<pyo3::types::PyBool>();
    let is_text = |value: &Bound<'_, PyAny>| value.is_instance_of::<pyo3::types::PyString>();
    let places = Places {
        at: None,
        rows: all.len(),
    };
    if is(&is_flag) {
        return Ok(places.flag(extracted(&all)?));
    }
    if is(&|value| value.is_instance_of::<pyo3::types::PyInt>()) {
        return Ok(places.whole(extracted(&all)?));
    }
    if is(&|value| !is_text(value) && value.extract::<f64>().is_ok()) {
        return Ok(places.real(extracted(&all)?));
    }
    let text = |value: &Option<&Bound<'_, PyAny>>| match value {
        Some(value) => value.str()?.extract().map(Some),
        None => Ok(None),
    };
    Ok(places.text(all.iter().map(text).collect::<PyResult<_>>()?))
}

fn extracted<T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>>(
    values: &[Option<&Bound<'_, PyAny>>],
) -> PyResult<Vec<Option<T>>> {
    let one = |value: &Option<&Bound<'_, PyAny>>| value.map(|value| value.extract()).transpose();
    values.iter().map(one).collect()
}
