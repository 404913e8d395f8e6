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

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use fusebind_features::entity::{molecule::Chemistry, protein::Protein};

use super::{
    annotation,
    columns::{self, Role},
    config::{ColumnMap, LoadConfig},
    deepdta,
    entity::Registry,
    entity_table::{register_drugs, register_targets},
    headerless, headerless_pairs, mixtures, notes,
    pairs::PairReader,
    raw::RawTable,
    side::Side,
};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Drug, Interaction, Rejection, Target},
};

/// Reads `path`: a folder with `drugs`, `targets` and `pairs` tables, a folder with only a flat `pairs` table that holds
/// SMILES and sequences, or such a table itself.
pub fn load_dataset(
    path: &Path,
    chemistry: &dyn Chemistry,
    config: &LoadConfig,
) -> Result<(Dataset, Vec<Rejection>), Error> {
    let mut rejections = Vec::new();
    let tables = Tables::open(path, Some(&config.columns), config.unit.as_deref(), &mut rejections)?;
    dataset(tables, rejections, chemistry, config)
}

/// Reads a flat table that is in memory and holds SMILES and sequences.
///
/// # Errors
/// Where a column is missing or its unit is not known.
pub fn dataset_of_table(
    table: RawTable,
    chemistry: &dyn Chemistry,
    config: &LoadConfig,
) -> Result<(Dataset, Vec<Rejection>), Error> {
    dataset(Tables::flat(table), Vec::new(), chemistry, config)
}

fn dataset(
    tables: Tables,
    mut rejections: Vec<Rejection>,
    chemistry: &dyn Chemistry,
    config: &LoadConfig,
) -> Result<(Dataset, Vec<Rejection>), Error> {
    let Tables {
        drugs: drug_table,
        targets: target_table,
        pairs: pair_table,
    } = tables;
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

    let written = |row: usize| [drug_of.written(row), target_of.written(row)].map(str::to_string);
    let names = (config.keep_names).then(|| names(&pair_table, &pairs.interactions, written));
    let mut dataset = Dataset {
        names: names.unwrap_or_default(),
        drugs: drugs.entities,
        targets: targets.entities,
        interactions: pairs.interactions,
        split_columns: pairs.split_columns,
        origins: pairs.origins,
        standardise: chemistry.standardise(),
        fingerprint: String::new(),
        notes: tables.iter().flat_map(|table| table.notes().to_vec()).collect(),
    };
    let mixtures = mixtures::of_tables(drug_table.as_ref(), &pair_table, map);
    let more = notes::complexes(&pair_table)
        .into_iter()
        .chain(pairs.notes)
        .chain(mixtures);
    dataset.notes.extend(more);
    dataset.refresh_fingerprint();
    dataset.notes.extend(notes::of_dataset(&dataset));
    Ok((dataset, rejections))
}

/// What the row of each interaction calls its drug and its target.
fn names(table: &RawTable, interactions: &[Interaction], written: impl Fn(usize) -> [String; 2]) -> Vec<[String; 2]> {
    let rows = (0..table.len()).map(|row| (table.row_number(row), row));
    let at: HashMap<u64, usize> = rows.collect();
    interactions.iter().map(|i| written(at[&i.row])).collect()
}

/// The tables of a data set, as they were read.
pub(super) struct Tables {
    pub drugs: Option<RawTable>,
    pub targets: Option<RawTable>,
    pub pairs: RawTable,
}

impl Tables {
    /// One table whose rows hold their molecules and sequences themselves.
    pub fn flat(pairs: RawTable) -> Self {
        Self {
            drugs: None,
            targets: None,
            pairs,
        }
    }

    /// What should be said of how the files were read.
    pub fn notes(&self) -> Vec<String> {
        let tables = self.drugs.iter().chain(&self.targets).chain([&self.pairs]);
        tables.flat_map(|table| table.notes().to_vec()).collect()
    }

    /// One flat table of a file, which may begin with notes or lack a header.
    pub fn of_text(
        (table, mut rejected): (RawTable, Vec<Rejection>),
        map: Option<&ColumnMap>,
        rejections: &mut Vec<Rejection>,
    ) -> Self {
        let table = annotation::skip(table, map);
        let before = table.len();
        let pairs = headerless_pairs::settle(table);
        headerless::renumber(before, &pairs, &mut rejected);
        rejections.extend(rejected);
        Self::flat(pairs)
    }

    /// Opens the tables of a folder, or one flat table. Where measurements are read, `map` has the columns that are named.
    pub fn open(
        path: &Path,
        map: Option<&ColumnMap>,
        unit: Option<&str>,
        rejections: &mut Vec<Rejection>,
    ) -> Result<Self, Error> {
        if path.is_dir() && deepdta::is_one(path) {
            let [drugs, targets, pairs] = deepdta::read(path, unit)?;
            return Ok(Self {
                drugs: Some(drugs),
                targets: Some(targets),
                pairs,
            });
        }
        if !path.is_dir() {
            return Ok(Self::of_text(RawTable::read(path)?, map, rejections));
        }
        let mut open = |path: PathBuf| -> Result<RawTable, Error> {
            let (table, rejected) = RawTable::read(&path)?;
            rejections.extend(rejected);
            Ok(annotation::skip(table, map))
        };
        let drugs = locate(path, &["drugs", "compounds", "molecules", "ligands"], true)?;
        let targets = locate(path, &["targets", "proteins"], true)?;
        let pairs = locate(path, &["pairs", "interactions", "affinities"], false)?.ok_or_else(|| no_pairs(path))?;
        Ok(Self {
            drugs: drugs.map(&mut open).transpose()?,
            targets: targets.map(&mut open).transpose()?,
            pairs: open(pairs)?,
        })
    }
}

/// Extensions of tables in a folder, and of their compression.
const TABLES: [&str; 9] = ["parquet", "pq", "csv", "tsv", "tab", "txt", "xlsx", "xls", "ods"];
const RECORDS: [&str; 8] = ["sdf", "sd", "smi", "smiles", "fasta", "fa", "faa", "fas"];
const PACKED: [&str; 5] = ["", ".gz", ".bgz", ".zst", ".zip"];

/// The file in `dir` whose stem is one of `stems`; several are an error, since it is unclear which one counts.
fn locate(dir: &Path, stems: &[&str], records: bool) -> Result<Option<PathBuf>, Error> {
    let records: &[&str] = if records { &RECORDS } else { &[] };
    let mut found = Vec::new();
    for stem in stems {
        for extension in TABLES.iter().chain(records) {
            let names = PACKED
                .iter()
                .map(|packed| dir.join(format!("{stem}.{extension}{packed}")));
            found.extend(names.filter(|path| path.exists()));
        }
    }
    match &found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        [first, others @ ..] => {
            let others: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
            Err(
                Error::new(ErrorKind::Ambiguous, format!("there is also {}", others.join(", ")))
                    .in_file(first)
                    .hint("keep one of them in the folder, or name one table instead of the folder"),
            )
        }
    }
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
