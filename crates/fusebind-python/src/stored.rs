//! Stored libraries: compounds that are read and coded once, and screened in two stages.
//!
//! Comes in: files and a model. Goes out: a folder as `fusebind library build` writes it, and what its manifest says.

use std::path::PathBuf;

use fusebind::{
    data::store::{Build, BuildOptions, ReadAs, StoredLibrary},
    predict::screen::ModelCoder,
};
use pyo3::prelude::*;

use crate::{
    mark::model_mark,
    model::{Model, column_map},
    work,
};

/// Rejected rows that are told.
const TOLD: usize = 1000;

/// Builds a library, or goes on with one; its manifest as JSON, and the rejected rows. See `fusebind.build_library`.
#[pyfunction]
#[pyo3(signature = (model, files, out, *, distinct, append, part_rows, columns, listener))]
#[expect(clippy::too_many_arguments, reason = "the arguments of a call in Python")]
pub fn build_library(
    py: Python<'_>,
    model: PyRef<'_, Model>,
    files: Vec<PathBuf>,
    out: PathBuf,
    distinct: bool,
    append: bool,
    part_rows: u64,
    columns: Vec<(String, String)>,
    listener: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, Vec<String>)> {
    let map = column_map(&columns)?;
    let (predictor, path) = model.opened();
    let toolkit = predictor.description().standardise;
    let options = BuildOptions {
        distinct,
        append,
        part_rows,
        columns: ReadAs {
            drug_id: map.drug_id,
            smiles_column: map.smiles,
            standardise: Some(toolkit),
            ..ReadAs::default()
        },
    };
    work::run(py, listener.as_ref(), |watch| {
        let lock = StoredLibrary::reserve(&out, append)?;
        let mark = model_mark(path, predictor.description())?;
        let mut build = Build::begin((&out, lock), &files, options, (mark, path))?;
        let mut rejected = Vec::new();
        if !build.library().manifest.complete {
            let mut coder = ModelCoder::new(predictor);
            build.run(&mut coder, &|note| watch.say(note), &mut |read, _| {
                watch.at(read as usize)
            })?;
            rejected.extend(build.rejections()?.iter().take(TOLD).map(ToString::to_string));
            build.complete()?;
        }
        let library = StoredLibrary::open(&out)?;
        Ok((serde_json::to_string(&library.manifest)?, rejected))
    })
}
