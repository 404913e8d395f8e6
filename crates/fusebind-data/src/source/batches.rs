//! Arrow record batches as a table of text cells: what a Parquet file holds, and what another library holds in memory.
//!
//! Comes in: batches of one schema. Goes out: a [`RawTable`] of the columns of one value per row; dictionaries are resolved, nulls kept.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{DataType, Schema},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::raw::{RawColumn, RawTable, ReadLimits};
use crate::{Error, ErrorKind};

impl RawTable {
    /// The table that `batches` of `schema` hold in memory, called `name` in messages. Columns of lists and records are not read, with a note.
    ///
    /// # Errors
    /// Where a batch cannot be had, and where two columns have one name.
    pub fn from_batches(
        name: &str,
        schema: &Schema,
        batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>>,
    ) -> Result<Self, Error> {
        let fault = |error: ArrowError| {
            Error::new(ErrorKind::Malformed, format!("the table cannot be read: {error}"))
                .in_file(name.as_ref())
                .hint("write it to a Parquet file and give its path")
        };
        let places = 0..schema.fields().len();
        let (nested, flat): (Vec<usize>, Vec<usize>) = places.partition(|at| schema.field(*at).data_type().is_nested());
        let mut columns: Vec<RawColumn> = flat.iter().map(|at| RawColumn::new(schema.field(*at).name())).collect();
        for batch in batches {
            let batch = batch.map_err(fault)?;
            for (at, column) in flat.iter().zip(&mut columns) {
                fill(column, batch.column(*at)).map_err(fault)?;
            }
        }
        let table = super::read::distinct(name.as_ref(), Self::from_columns(name, columns), &ReadLimits::default())?;
        let names: Vec<&str> = nested.iter().map(|at| schema.field(*at).name().as_str()).collect();
        let note = || {
            let names = names.join(", ");
            format!("{name}: the columns {names} hold lists or records and were not read")
        };
        Ok(table.noted((!names.is_empty()).then(note)))
    }
}

/// Appends a whole array.
fn fill(column: &mut RawColumn, array: &ArrayRef) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(|cell| column.push(cell)),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().for_each(|cell| column.push(cell)),
        DataType::Utf8View => array.as_string_view().iter().for_each(|cell| column.push(cell)),
        _ => {
            let options = FormatOptions::new().with_display_error(false);
            let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
            let nulls = array.logical_nulls();
            let mut text = String::new();
            for row in 0..array.len() {
                text.clear();
                formatter.value(row).write(&mut text)?;
                let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                column.push((!null).then_some(&text));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{DictionaryArray, Float64Array, ListArray, StringArray, StringViewArray},
        datatypes::{Field, Int32Type},
    };

    use super::*;

    #[test]
    fn every_kind_of_text_is_read_and_lists_are_not() {
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)]), None]);
        let arrays: [(&str, ArrayRef); 5] = [
            ("text", Arc::new(StringArray::from(vec![Some("CCO"), None]))),
            ("view", Arc::new(StringViewArray::from(vec![Some("a, \"b\""), None]))),
            (
                "kind",
                Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("x"), None])),
            ),
            ("value", Arc::new(Float64Array::from(vec![Some(0.1 + 0.2), None]))),
            ("list", Arc::new(lists)),
        ];
        let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
        let schema = Arc::new(Schema::new(arrays.iter().map(field).collect::<Vec<_>>()));
        let columns = arrays.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let table = RawTable::from_batches("table", &schema, [Ok(batch.clone()), Ok(batch)]).unwrap();
        let row = |row| table.columns().iter().map(|column| column.get(row)).collect::<Vec<_>>();
        assert_eq!(row(2), ["CCO", "a, \"b\"", "x", "0.30000000000000004"].map(Some));
        assert_eq!((row(1), table.len()), (vec![None; 4], 4));
        assert!(table.notes()[0].contains("list"), "{:?}", table.notes());
    }
}
