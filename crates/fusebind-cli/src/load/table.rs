//! Data sets: tables and folders, read with the columns and units of the flags.

use std::path::Path;

use fusebind::{
    data::{
        source::{ColumnMap, LabelPolicy, LoadConfig, MoleculeCache, load_dataset},
        table::{Dataset, Rejection},
    },
    features::entity::molecule::Chemistry,
};

use super::rejected::report_rejections;
use crate::{args::SourceArgs, console::Console, exit::Failure};

/// Explicit columns from flags.
pub fn columns(source: &SourceArgs) -> ColumnMap {
    ColumnMap {
        drug_id: source.drug_id.clone(),
        smiles: source.smiles_column.clone(),
        target_id: source.target_id.clone(),
        sequence: source.sequence_column.clone(),
        label: source.label.clone(),
        affinity: source.affinity.clone(),
        unit: source.unit_column.clone(),
        measure: source.measure_column.clone(),
        relation: source.relation_column.clone(),
    }
}

/// Reads molecules, with a cache if there is a flag for one.
pub fn chemistry<T>(
    source: &SourceArgs,
    console: &Console,
    read: impl FnOnce(&dyn Chemistry) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let Some(folder) = &source.cache else {
        return read(&source.toolkit());
    };
    let cache = MoleculeCache::open(folder, source.toolkit())?;
    if let Some(reason) = cache.unusable() {
        console.note(format_args!(
            "{}: not used, {reason}; it is written again",
            cache.path().display()
        ));
    }
    let (path, known) = (cache.path().display().to_string(), cache.len());
    let value = read(&cache)?;
    let fresh = cache.save()?;
    console.note(format_args!("{path}: {known} molecules were known, {fresh} are new"));
    Ok(value)
}

/// Reads a data set, prints its counts and what its reader noticed.
pub fn dataset(
    path: &Path,
    source: &SourceArgs,
    labels: LabelPolicy,
    floor: Option<f64>,
    console: &Console,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    noted(
        path,
        read(path, source, (labels, floor, false), console)?,
        labels,
        console,
    )
}

/// [`dataset`], with what each row calls its drug and its target.
pub fn named_dataset(
    path: &Path,
    source: &SourceArgs,
    floor: Option<f64>,
    console: &Console,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    let labels = LabelPolicy::Required;
    noted(
        path,
        read(path, source, (labels, floor, true), console)?,
        labels,
        console,
    )
}

fn noted(
    path: &Path,
    (dataset, rejections): (Dataset, Vec<Rejection>),
    labels: LabelPolicy,
    console: &Console,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    if labels == LabelPolicy::Required {
        if dataset.interactions.is_empty() {
            report_rejections(&rejections, None, console)?;
            return Err(nothing_left(path, &rejections));
        }
        dataset
            .notes
            .iter()
            .for_each(|note| console.note(format_args!("note: {note}")));
    }
    Ok((dataset, rejections))
}

/// What is said of a data set without a pair.
pub fn nothing_left(path: &Path, rejections: &[Rejection]) -> anyhow::Error {
    if rejections.is_empty() {
        return Failure::failed(
            format!("{}: the table holds no row", path.display()),
            "add rows under the header",
        );
    }
    Failure::failed(
        format!("{}: no pair is left: every row was rejected", path.display()),
        "the reasons above say what to change; `fusebind data check --rejected FILE` writes all of them",
    )
}

/// Reads a data set and prints its counts.
pub fn counted(
    path: &Path,
    source: &SourceArgs,
    labels: LabelPolicy,
    floor: Option<f64>,
    console: &Console,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    read(path, source, (labels, floor, false), console)
}

fn read(
    path: &Path,
    source: &SourceArgs,
    (labels, floor, keep_names): (LabelPolicy, Option<f64>, bool),
    console: &Console,
) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    let config = LoadConfig {
        columns: columns(source),
        unit: source.unit.clone(),
        labels,
        censor_at_floor: floor,
        prefer: source.prefer.clone(),
        accept_values: source.accept_values,
        keep_names,
    };
    let (dataset, rejections) = chemistry(source, console, |toolkit| {
        load_dataset(path, toolkit, &config).map_err(Into::into)
    })?;
    console.note(format_args!(
        "{}: {} distinct drugs, {} distinct targets, {} pairs, {} rows rejected",
        path.display(),
        dataset.drugs.len(),
        dataset.targets.len(),
        dataset.interactions.len(),
        rejections.len()
    ));
    Ok((dataset, rejections))
}
