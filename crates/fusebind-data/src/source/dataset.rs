//! From a folder (or one flat table) to a [`Dataset`] and the rows that were rejected.
//!
//! ```no_run
//! use fusebind_data::source::{LoadConfig, load_dataset};
//! # fn read(chemistry: &dyn fusebind_features::entity::molecule::Chemistry) -> Result<(), fusebind_data::Error> {
//! let (dataset, rejections) = load_dataset("davis".as_ref(), chemistry, &LoadConfig::default())?;
//! println!("{} interactions, {} rejected rows", dataset.interactions.len(), rejections.len());
//! # Ok(())
//! # }
//! ```

use std::path::{Path, PathBuf};

use fusebind_features::entity::{molecule::Chemistry, protein::Protein};

use super::{
    annotation,
    columns::{self, Role},
    config::{ColumnMap, LoadConfig},
    entity::Registry,
    entity_table::{register_drugs, register_targets},
    notes,
    pairs::PairReader,
    raw::RawTable,
    side::Side,
};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Drug, Rejection, Target},
};

/// Reads `path`: a folder with `drugs`, `targets` and `pairs` tables, a folder with only a flat `pairs` table that holds
/// SMILES and sequences, or such a table itself.
pub fn load_dataset(
    path: &Path,
    chemistry: &dyn Chemistry,
    config: &LoadConfig,
) -> Result<(Dataset, Vec<Rejection>), Error> {
    let mut rejections = Vec::new();
    let mut open = |path: PathBuf| -> Result<RawTable, Error> {
        let (table, rejected) = RawTable::read(&path)?;
        rejections.extend(rejected);
        Ok(annotation::skip(table, &config.columns))
    };
    let (drug_table, target_table, pair_table) = if path.is_dir() {
        let drugs = locate(path, &["drugs", "compounds", "molecules", "ligands"], true)?;
        let targets = locate(path, &["targets", "proteins"], true)?;
        let pairs = locate(path, &["pairs", "interactions", "affinities"], false)?.ok_or_else(|| no_pairs(path))?;
        (
            drugs.map(&mut open).transpose()?,
            targets.map(&mut open).transpose()?,
            open(pairs)?,
        )
    } else {
        (None, None, open(path.to_path_buf())?)
    };
    let tables: Vec<&RawTable> = drug_table.iter().chain(&target_table).chain([&pair_table]).collect();
    columns::check(&config.columns, &tables)?;
    let map = &config.columns;
    let reader = PairReader::new(&pair_table, config)?;

    let mut drugs = Registry::<Drug>::new();
    if let Some(table) = &drug_table {
        register_drugs(table, chemistry, map, &mut drugs, &mut rejections)?;
    }
    let mut targets = Registry::<Target>::new();
    if let Some(table) = &target_table {
        register_targets(table, map, &mut targets, &mut rejections)?;
    }
    let smiles = |text: &str| chemistry.molecule(text);
    let drug_of = Side::new(
        &pair_table,
        &mut drugs,
        [Role::DrugId, Role::Smiles],
        (map, drug_table.is_some()),
        &smiles,
    )?;
    let roles = [Role::TargetId, Role::Sequence];
    let target_of = Side::new(
        &pair_table,
        &mut targets,
        roles,
        (map, target_table.is_some()),
        &Protein::parse,
    )?;
    let resolve = |row| Ok((drug_of.resolve(row, &drugs)?, target_of.resolve(row, &targets)?));
    let pairs = reader.read(resolve, &mut rejections);

    let mut dataset = Dataset {
        drugs: drugs.entities,
        targets: targets.entities,
        interactions: pairs.interactions,
        split_columns: pairs.split_columns,
        origins: pairs.origins,
        fingerprint: String::new(),
        notes: notes::complexes(&pair_table).into_iter().chain(pairs.notes).collect(),
    };
    dataset.refresh_fingerprint();
    dataset.notes.extend(notes::of_dataset(&dataset));
    Ok((dataset, rejections))
}

/// Reads a drug table alone (CSV, TSV, Parquet or SDF), for instance a library to be screened.
pub fn load_drugs(
    path: &Path,
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
) -> Result<(Vec<Drug>, Vec<Rejection>), Error> {
    let (table, mut rejections) = RawTable::read(path)?;
    let mut registry = Registry::new();
    register_drugs(&table, chemistry, map, &mut registry, &mut rejections)?;
    Ok((registry.entities, rejections))
}

/// Reads a target table alone (CSV, TSV, Parquet or FASTA).
pub fn load_targets(path: &Path, map: &ColumnMap) -> Result<(Vec<Target>, Vec<Rejection>), Error> {
    let (table, mut rejections) = RawTable::read(path)?;
    let mut registry = Registry::new();
    register_targets(&table, map, &mut registry, &mut rejections)?;
    Ok((registry.entities, rejections))
}

/// The file in `dir` whose stem is one of `stems`; several are an error.
fn locate(dir: &Path, stems: &[&str], records: bool) -> Result<Option<PathBuf>, Error> {
    let mut extensions = vec!["parquet", "pq", "csv", "tsv", "tab", "txt"];
    if records {
        extensions.extend(["sdf", "sd", "fasta", "fa", "faa"]);
    }
    for stem in stems {
        let found: Vec<PathBuf> = extensions
            .iter()
            .map(|extension| dir.join(format!("{stem}.{extension}")))
            .filter(|p| p.exists())
            .collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(Some(one.clone())),
            [first, second, ..] => {
                return Err(
                    Error::new(ErrorKind::Ambiguous, format!("there is also {}", second.display()))
                        .in_file(first)
                        .hint("keep one of the two, or move the other out of the folder"),
                );
            }
        }
    }
    Ok(None)
}

fn no_pairs(dir: &Path) -> Error {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names.truncate(20);
    let holds = if names.is_empty() {
        "nothing".to_string()
    } else {
        names.join(", ")
    };
    Error::new(ErrorKind::NotFound, "the folder holds no pair table")
        .in_file(dir)
        .hint(format!(
            "add pairs.csv, pairs.tsv or pairs.parquet; the folder holds: {holds}"
        ))
}
