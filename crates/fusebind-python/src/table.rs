//! Tables that every library reads: the Arrow PyCapsule interface, in both directions, without pyarrow.
//!
//! Comes in: an object with `__arrow_c_stream__`, or columns. Goes out: [`Table`], which has it as well. The arrays are shared, not copied.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader, new_empty_array},
    compute::concat,
    datatypes::{Schema, SchemaRef},
    ffi::FFI_ArrowSchema,
    ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader},
    ipc::{reader::StreamReader, writer::StreamWriter},
};
use fusebind::data::source::RawTable;
use pyo3::{
    prelude::*,
    types::{PyBytes, PyCapsule, PyDict, PyList},
};

use crate::{cells, error::Fault};

/// A table in memory.
#[pyclass(frozen, module = "fusebind._fusebind")]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// A table of one batch.
    pub fn new(batch: RecordBatch) -> Self {
        Self {
            schema: batch.schema(),
            batches: vec![batch],
        }
    }

    /// The table as a reader sees it.
    pub fn raw(&self, name: &str) -> Result<RawTable, Fault> {
        Ok(RawTable::from_batches(
            name,
            &self.schema,
            self.batches.iter().cloned().map(Ok),
        )?)
    }

    /// The columns of these names, or all where one is `*`, without a copy where there is one batch.
    pub fn kept(&self, names: &[String]) -> Result<Vec<(String, ArrayRef)>, Fault> {
        let all = names.iter().any(|name| name == "*");
        let at = match all {
            true => (0..self.schema.fields().len()).collect(),
            false => names
                .iter()
                .map(|name| self.place(name))
                .collect::<Result<Vec<usize>, Fault>>()?,
        };
        let column = |at: usize| {
            let parts: Vec<&dyn Array> = self.batches.iter().map(|batch| batch.column(at).as_ref()).collect();
            let array = match self.batches.as_slice() {
                [] => new_empty_array(self.schema.field(at).data_type()),
                [one] => Arc::clone(one.column(at)),
                _ => concat(&parts).map_err(Fault::internal)?,
            };
            Ok((self.schema.field(at).name().clone(), array))
        };
        at.into_iter().map(column).collect()
    }

    fn place(&self, name: &str) -> Result<usize, Fault> {
        self.schema.index_of(name).map_err(|_| {
            let names = self.column_names().join(", ");
            Fault::input(
                format!("there is no column {name:?}"),
                &format!("the columns are {names}"),
            )
            .of_field(name)
        })
    }

    fn rows_in(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

#[pymethods]
impl Table {
    /// The table that an object with `__arrow_c_stream__` holds.
    #[staticmethod]
    fn from_stream(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let capsule = object.call_method0("__arrow_c_stream__")?;
        let capsule = capsule.cast_into::<PyCapsule>()?;
        let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
        // SAFETY: a capsule of this name holds this structure, as the Arrow PyCapsule interface says, and lives until the end of this
        // function. The stream is moved out of it; what stays behind is marked as released, so that nobody releases it twice.
        let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr().cast::<FFI_ArrowArrayStream>()) };
        let again = "write the table to a Parquet file and give its path";
        let reader = reader.map_err(|e| Fault::input(e, again))?;
        let schema = reader.schema();
        // A producer in Python takes the lock of the interpreter itself.
        let batches = py.detach(|| reader.collect::<Result<Vec<RecordBatch>, _>>());
        let batches = batches.map_err(|e| Fault::input(e, again))?;
        Ok(Self { schema, batches })
    }

    /// A table of columns, each a list.
    #[staticmethod]
    fn from_columns(columns: &Bound<'_, PyDict>) -> PyResult<Self> {
        let column = |(name, values): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
            let values: Vec<Bound<'_, PyAny>> = values.try_iter()?.collect::<PyResult<_>>()?;
            Ok((name.str()?.extract::<String>()?, cells::array(&values)?))
        };
        let columns = columns.iter().map(column).collect::<PyResult<Vec<_>>>()?;
        Ok(Self::new(cells::batch(columns)?))
    }

    /// The table as an Arrow stream.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // Casts are a courtesy of the interface, and not a duty.
        drop(requested_schema);
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        // Dropped with the capsule; releases what nobody took.
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The columns as an Arrow schema.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(Fault::internal)?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    fn __len__(&self) -> usize {
        self.rows_in()
    }

    /// Names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A column as a list.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let at = self.place(name)?;
        let list = PyList::empty(py);
        for batch in &self.batches {
            for row in 0..batch.num_rows() {
                list.append(cells::cell(py, batch.column(at), row)?)?;
            }
        }
        Ok(list)
    }

    /// Some rows, each by column.
    fn rows<'py>(&self, py: Python<'py>, first: usize, count: usize) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let (mut passed, mut rows) = (0, Vec::new());
        for batch in &self.batches {
            let own = first.saturating_sub(passed)..batch.num_rows();
            for row in own.take(count - rows.len()) {
                rows.push(cells::row(py, batch, row)?);
            }
            passed += batch.num_rows();
        }
        Ok(rows)
    }

    /// The table as an Arrow IPC stream, for pickles.
    fn to_ipc<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let write = || {
            let mut writer = StreamWriter::try_new(Vec::new(), &self.schema)?;
            self.batches.iter().try_for_each(|batch| writer.write(batch))?;
            writer.into_inner()
        };
        Ok(PyBytes::new(py, &write().map_err(Fault::internal)?))
    }

    /// The table of an Arrow IPC stream.
    #[staticmethod]
    fn from_ipc(bytes: &[u8]) -> PyResult<Self> {
        let read = || {
            let reader = StreamReader::try_new(bytes, None)?;
            let schema: Arc<Schema> = reader.schema();
            Ok::<_, arrow::error::ArrowError>(Self {
                schema,
                batches: reader.collect::<Result<_, _>>()?,
            })
        };
        Ok(read().map_err(|e| Fault::input(e, "pickle the table again"))?)
    }
}
