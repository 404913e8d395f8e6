//! What the library reads and draws: tables of any format, data sets, simulated data, molecules.

use std::path::PathBuf;

use fusebind::{
    data::{
        simulate::{SimulateConfig, simulate},
        source::{RawTable, load_dataset},
        table::{Censoring, Column, Dataset, Interaction},
    },
    features::entity::molecule::{ChematicToolkit, draw},
    train::objective::scale_name,
};
use pyo3::prelude::*;

use crate::{
    cells::{Places, batch},
    error::Fault,
    model::column_map,
    table::Table,
    train::load_config,
    work,
};

/// Reads a table of any format as text, with what should be said of it: rejected rows, and how it was read where that is not plain.
#[pyfunction]
pub fn read_table(py: Python<'_>, path: PathBuf) -> PyResult<(Table, Vec<String>)> {
    work::run(py, None, |_| {
        let (table, rejections) = RawTable::read(&path)?;
        let mut notes = table.notes().to_vec();
        notes.extend(rejections.iter().map(ToString::to_string));
        let rows = table.len();
        let places = Places { at: None, rows };
        let column = |column: &fusebind::data::source::RawColumn| {
            places.column(Column::text(column.name(), (0..rows).map(|row| column.get(row))))
        };
        let columns = table.columns().iter().map(column).collect();
        Ok((Table::new(batch(columns)?), notes))
    })
}

/// Reads a data set as one table of pairs, as training reads it, with what should be said of it.
#[pyfunction]
#[pyo3(signature = (path, columns, unit))]
pub fn read_dataset(
    py: Python<'_>,
    path: PathBuf,
    columns: Vec<(String, String)>,
    unit: Option<String>,
) -> PyResult<(Table, Vec<String>)> {
    let mut config = load_config(column_map(&columns)?, unit);
    config.keep_names = true;
    work::run(py, None, |_| {
        let (dataset, rejections) = load_dataset(&path, &ChematicToolkit, &config)?;
        let mut notes = dataset.notes.clone();
        notes.extend(rejections.iter().map(ToString::to_string));
        Ok((pairs(&dataset)?, notes))
    })
}

/// The pairs of a data set, one row each.
fn pairs(dataset: &Dataset) -> Result<Table, Fault> {
    let all = || dataset.interactions.iter();
    let name = |side: usize| dataset.names.iter().map(move |names| Some(names[side].as_str()));
    let relation = |pair: &Interaction| match pair.affinity?.censoring {
        Censoring::Exact => Some("="),
        Censoring::AtMost => Some("<="),
        Censoring::AtLeast => Some(">="),
    };
    let columns = [
        Column::text("drug_id", name(0)),
        Column::text("target_id", name(1)),
        Column::text(
            "smiles",
            all().map(|i| Some(dataset.drugs[i.drug as usize].molecule.smiles.as_str())),
        ),
        Column::text(
            "sequence",
            all().map(|i| Some(dataset.targets[i.target as usize].protein.sequence.as_str())),
        ),
        Column::real("affinity", all().map(|i| i.affinity.map(|affinity| affinity.value))),
        Column::text("relation", all().map(relation)),
        Column::text("scale", all().map(|i| Some(scale_name(i.affinity?.scale)))),
        Column::flag("binds", all().map(|i| i.binds)),
        Column::whole("row", all().map(|i| i64::try_from(i.row).ok())),
    ];
    let places = Places {
        at: None,
        rows: dataset.interactions.len(),
    };
    Ok(Table::new(batch(
        columns.into_iter().map(|column| places.column(column)).collect(),
    )?))
}

/// Simulates a data set folder with a known binding rule.
#[pyfunction]
pub fn simulate_dataset(
    py: Python<'_>,
    out: PathBuf,
    drugs: usize,
    targets: usize,
    pairs: usize,
    seed: u64,
) -> PyResult<()> {
    work::run(py, None, |_| {
        let config = SimulateConfig {
            drugs,
            targets,
            pairs,
            seed,
            ..SimulateConfig::default()
        };
        Ok(simulate(&config)?.write(&out)?)
    })
}

/// A molecule as SVG, its atoms tinted by `weights`.
#[pyfunction]
pub fn draw_molecule(smiles: &str, weights: Vec<f64>) -> PyResult<String> {
    Ok(draw(smiles, &weights).map_err(Fault::from)?)
}
