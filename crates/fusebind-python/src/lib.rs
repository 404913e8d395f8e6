//! The native module `fusebind._fusebind`, under the Python package `fusebind`.
//!
//! Comes in: strings, Arrow tables of any library, paths. Goes out: `Table`, which any of these libraries reads, texts of JSON, and
//! exceptions. Work is done in a pool of threads without the lock of the interpreter (`work`); what is pleasant in Python is written in
//! Python.

mod calibrate;
mod cells;
mod error;
mod evaluate;
mod library;
mod mark;
mod model;
mod pairs;
mod predict;
mod screen;
mod side;
mod stored;
mod table;
mod train;
mod work;

use pyo3::prelude::*;

/// Native part of fusebind: see the package `fusebind`.
#[pymodule]
fn _fusebind(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<table::Table>()?;
    module.add_class::<model::Model>()?;
    module.add_class::<pairs::Compound>()?;
    module.add_class::<pairs::Target>()?;
    module.add_function(wrap_pyfunction!(library::read_table, module)?)?;
    module.add_function(wrap_pyfunction!(library::read_dataset, module)?)?;
    module.add_function(wrap_pyfunction!(library::simulate_dataset, module)?)?;
    module.add_function(wrap_pyfunction!(library::draw_molecule, module)?)?;
    module.add_function(wrap_pyfunction!(stored::build_library, module)?)?;
    module.add_function(wrap_pyfunction!(train::train_run, module)?)?;
    module.add_function(wrap_pyfunction!(calibrate::calibrate_model, module)?)?;
    module.add_function(wrap_pyfunction!(evaluate::evaluate_run, module)?)
}
