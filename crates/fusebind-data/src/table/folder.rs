//! A [`Dataset`] to a folder that reads back to the same data set.

use std::{collections::BTreeSet, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::{Censoring, Column, Dataset, Interaction, Scale, write};
use crate::Error;

/// File format of a written data set folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderFormat {
    /// Comma-separated text.
    #[default]
    Csv,
    /// Parquet with zstd.
    Parquet,
}

impl FolderFormat {
    /// Name of the file of a table.
    pub(crate) fn file(self, stem: &str) -> String {
        match self {
            Self::Csv => format!("{stem}.csv"),
            Self::Parquet => format!("{stem}.parquet"),
        }
    }
}

/// Writes `drugs`, `targets` and `pairs` into the folder `dir`, which is created where it is missing. Every id keeps its row,
/// so that reading merges them into the same entities; affinities are written on their scale with unit and relation.
pub fn write_dataset(dir: &Path, dataset: &Dataset, format: FolderFormat) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|source| Error::write(dir, source))?;
    let file = |stem: &str| dir.join(format.file(stem));
    let drugs = dataset
        .drugs
        .iter()
        .map(|drug| (&drug.ids, drug.molecule.smiles.as_str(), &drug.keys));
    write(&file("drugs"), &entity_columns(["drug_id", "smiles"], drugs.collect()))?;
    let targets = dataset
        .targets
        .iter()
        .map(|target| (&target.ids, target.protein.sequence.as_str(), &target.keys));
    write(
        &file("targets"),
        &entity_columns(["target_id", "sequence"], targets.collect()),
    )?;
    write(&file("pairs"), &pair_columns(dataset))
}

type EntityRow<'d> = (&'d Vec<String>, &'d str, &'d std::collections::BTreeMap<String, String>);

fn entity_columns([id, text]: [&str; 2], entities: Vec<EntityRow<'_>>) -> Vec<Column> {
    let rows: Vec<(&str, &EntityRow<'_>)> = entities
        .iter()
        .flat_map(|entity| entity.0.iter().map(move |id| (id.as_str(), entity)))
        .collect();
    let mut columns = vec![
        Column::text(id, rows.iter().map(|row| Some(row.0))),
        Column::text(text, rows.iter().map(|row| Some(row.1.1))),
    ];
    // The columns of id and text are written already.
    let names: BTreeSet<&String> = entities.iter().flat_map(|entity| entity.2.keys()).collect();
    for name in names.into_iter().filter(|name| *name != id && *name != text) {
        columns.push(Column::text(
            name.as_str(),
            rows.iter().map(|row| row.1.2.get(name).map(String::as_str)),
        ));
    }
    columns
}

fn pair_columns(dataset: &Dataset) -> Vec<Column> {
    let rows = &dataset.interactions;
    let drug = |row: &Interaction| dataset.drugs.get(row.drug as usize)?.ids.first().cloned();
    let target = |row: &Interaction| dataset.targets.get(row.target as usize)?.ids.first().cloned();
    let mut columns = vec![
        Column::text("drug_id", rows.iter().map(drug)),
        Column::text("target_id", rows.iter().map(target)),
    ];
    if rows.iter().any(|row| row.affinity.is_some()) {
        let relation = |row: &Interaction| match row.affinity?.censoring {
            Censoring::Exact => Some("="),
            Censoring::AtMost => Some("<="),
            Censoring::AtLeast => Some(">="),
        };
        columns.push(Column::real(
            "affinity",
            rows.iter().map(|row| Some(row.affinity?.value)),
        ));
        columns.push(Column::text(
            "unit",
            rows.iter().map(|row| Some(unit_of(row.affinity?.scale))),
        ));
        columns.push(Column::text("relation", rows.iter().map(relation)));
    }
    if rows.iter().any(|row| row.binds.is_some()) {
        columns.push(Column::whole("label", rows.iter().map(|row| row.binds.map(i64::from))));
    }
    for (name, parts) in &dataset.split_columns {
        columns.push(Column::text(name.as_str(), parts.iter().map(Option::as_deref)));
    }
    for (origin, texts) in &dataset.origins {
        columns.push(Column::text(origin.column(), texts.iter().map(Option::as_deref)));
    }
    columns
}

/// The unit that reads back to `scale`.
pub(crate) fn unit_of(scale: Scale) -> &'static str {
    match scale {
        Scale::Kiba => "KIBA_score",
        logarithm => logarithm.name(),
    }
}
