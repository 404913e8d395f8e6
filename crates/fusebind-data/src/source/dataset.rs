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
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use fusebind_features::entity::{molecule::Chemistry, protein::Protein};

use super::{
    columns::{self, Role, Scope, find, need, normalise},
    config::{ColumnMap, LoadConfig},
    entity::{Entity, Registry, Row},
    pairs::PairReader,
    raw::{RawColumn, RawTable},
};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Drug, Rejection, Target},
};

/// Longest cell that can serve as a key, in bytes.
const KEY_BYTES: usize = 200;
/// Columns of a flat table that belong to the drug, and to the target.
const FLAT_KEYS: [&[&str]; 2] =
    [&["ik14", "inchikey", "drugbank", "chembl", "pubchem_cid"], &["uniprot", "gene", "entrez", "seq_md5"]];

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
        Ok(table)
    };
    let (drug_table, target_table, pair_table) = if path.is_dir() {
        let drugs = locate(path, &["drugs", "compounds", "molecules", "ligands"], true)?;
        let targets = locate(path, &["targets", "proteins"], true)?;
        let pairs = locate(path, &["pairs", "interactions", "affinities"], false)?.ok_or_else(|| no_pairs(path))?;
        (drugs.map(&mut open).transpose()?, targets.map(&mut open).transpose()?, open(pairs)?)
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
    let drug_of = Side::new(&pair_table, &mut drugs, [Role::DrugId, Role::Smiles], (map, drug_table.is_some()), &smiles)?;
    let roles = [Role::TargetId, Role::Sequence];
    let target_of = Side::new(&pair_table, &mut targets, roles, (map, target_table.is_some()), &Protein::parse)?;
    let resolve = |row| Ok((drug_of.resolve(row, &drugs)?, target_of.resolve(row, &targets)?));
    let pairs = reader.read(resolve, &mut rejections);

    let mut dataset = Dataset {
        drugs: drugs.entities,
        targets: targets.entities,
        interactions: pairs.interactions,
        split_columns: pairs.split_columns,
        fingerprint: String::new(),
    };
    dataset.refresh_fingerprint();
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
        let found: Vec<PathBuf> =
            extensions.iter().map(|extension| dir.join(format!("{stem}.{extension}"))).filter(|p| p.exists()).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(Some(one.clone())),
            [first, second, ..] => {
                return Err(Error::new(ErrorKind::Ambiguous, format!("there is also {}", second.display()))
                    .in_file(first)
                    .hint("keep one of the two, or move the other out of the folder"));
            }
        }
    }
    Ok(None)
}

fn no_pairs(dir: &Path) -> Error {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    names.truncate(20);
    let holds = if names.is_empty() { "nothing".to_string() } else { names.join(", ") };
    Error::new(ErrorKind::NotFound, "the folder holds no pair table")
        .in_file(dir)
        .hint(format!("add pairs.csv, pairs.tsv or pairs.parquet; the folder holds: {holds}"))
}

fn register_drugs(
    table: &RawTable,
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
    registry: &mut Registry<Drug>,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let sd = table.column("molblock").filter(|_| map.smiles.is_none());
    let text = match sd {
        Some(column) => column,
        None => need(table, Role::Smiles, Scope::Drugs, map)?,
    };
    let id = find(table, Role::DrugId, Scope::Drugs, map);
    let parse = |text: &str| if sd.is_some() { chemistry.molecule_from_sd(text) } else { chemistry.molecule(text) };
    register(table, id, text, registry, &parse, rejections);
    Ok(())
}

fn register_targets(
    table: &RawTable,
    map: &ColumnMap,
    registry: &mut Registry<Target>,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let text = need(table, Role::Sequence, Scope::Targets, map)?;
    let id = find(table, Role::TargetId, Scope::Targets, map);
    let outcomes = register(table, id, text, registry, &Protein::parse, rejections);
    // UniProt headers (`sp|P00533|EGFR_HUMAN`) are known by their accession as well.
    for (row, entity) in outcomes {
        if let Some(accession) = id.and_then(|id| id.get(row)).and_then(accession) {
            registry.alias(accession, entity);
            registry.entities[entity as usize].keys.entry("uniprot".into()).or_insert_with(|| accession.to_string());
        }
    }
    Ok(())
}

fn accession(id: &str) -> Option<&str> {
    let mut words = id.split('|');
    let (database, accession) = (words.next()?, words.next()?);
    (matches!(database, "sp" | "tr") && !accession.is_empty()).then_some(accession)
}

/// Registers the rows of an entity table; returns the accepted ones with their entity.
fn register<E: Entity>(
    table: &RawTable,
    id: Option<&RawColumn>,
    text: &RawColumn,
    registry: &mut Registry<E>,
    parse: &(dyn Fn(&str) -> Result<E::Value, fusebind_features::Error> + Sync),
    rejections: &mut Vec<Rejection>,
) -> Vec<(usize, u32)> {
    let key_columns: Vec<&RawColumn> =
        table.columns().iter().filter(|c| c.name() != text.name() && is_key(c.name())).collect();
    let (mut kept, mut rows) = (Vec::new(), Vec::new());
    for row in 0..table.len() {
        let name = id.and_then(|id| id.get(row)).map(str::trim).filter(|name| !name.is_empty());
        if let (Some(id), None) = (id, name) {
            rejections.push(table.reject(row, id.name(), "the id is empty; pairs could not refer to this row"));
            continue;
        }
        kept.push(row);
        rows.push(Row { id: name, text: text.get(row), keys: keys(&key_columns, row) });
    }
    let mut accepted = Vec::new();
    for (row, outcome) in kept.into_iter().zip(registry.register(rows, parse)) {
        match outcome {
            Ok(entity) => accepted.push((row, entity)),
            Err(reason) => {
                let field = if reason.starts_with("the id ") { id.unwrap_or(text) } else { text };
                rejections.push(table.reject(row, field.name(), reason));
            }
        }
    }
    accepted
}

fn is_key(column: &str) -> bool {
    let name = normalise(column);
    let id = name == "drug_id" || name == "target_id";
    !(id || name.starts_with("has_") || name.contains("smiles") || name == "molblock" || name.contains("sequence"))
}

fn keys(columns: &[&RawColumn], row: usize) -> BTreeMap<String, String> {
    let cell = |column: &RawColumn| Some((column.name().to_string(), column.get(row)?.to_string()));
    columns.iter().filter_map(|column| cell(column)).filter(|(_, value)| value.len() <= KEY_BYTES).collect()
}

/// How the rows of the pair table name their drugs, or their targets.
struct Side<'t> {
    field: &'t RawColumn,
    /// The entity of each row where the pair table holds the text itself.
    inline: Option<Vec<Result<u32, String>>>,
}

impl<'t> Side<'t> {
    fn new<E: Entity>(
        pairs: &'t RawTable,
        registry: &mut Registry<E>,
        [id, text]: [Role; 2],
        (map, has_table): (&ColumnMap, bool),
        parse: &(dyn Fn(&str) -> Result<E::Value, fusebind_features::Error> + Sync),
    ) -> Result<Self, Error> {
        let (scope, drug) = (Scope::Pairs, id == Role::DrugId);
        let short = |names: &[&str]| {
            names.iter().find_map(|name| pairs.columns().iter().find(|column| normalise(column.name()) == *name))
        };
        let ids = find(pairs, id, scope, map);
        if has_table {
            let short_id = || short(if drug { &["drug", "compound", "id"] } else { &["target", "protein"] });
            if let Some(field) = ids.or_else(short_id) {
                return Ok(Self { field, inline: None });
            }
        }
        // Without an entity table `drug` and `target` hold the structure and the sequence.
        let short_text = || short(if drug { &["drug", "compound", "ligand"] } else { &["target"] });
        let Some(field) = find(pairs, text, scope, map).or_else(short_text) else {
            let wanted = if has_table { id } else { text };
            return need(pairs, wanted, scope, map).map(|field| Self { field, inline: None });
        };
        let names = FLAT_KEYS[usize::from(!drug)];
        let columns: Vec<&RawColumn> =
            pairs.columns().iter().filter(|column| names.contains(&normalise(column.name()).as_str())).collect();
        let rows = (0..pairs.len())
            .map(|row| Row { id: ids.and_then(|ids| ids.get(row)), text: field.get(row), keys: keys(&columns, row) })
            .collect();
        Ok(Self { field, inline: Some(registry.register(rows, parse)) })
    }

    fn resolve<E: Entity>(&self, row: usize, registry: &Registry<E>) -> Result<u32, (String, String)> {
        let outcome = match &self.inline {
            Some(entities) => entities[row].clone(),
            None => match self.field.get(row).map(str::trim).filter(|id| !id.is_empty()) {
                Some(id) => registry.resolve(id),
                None => Err("the id is empty; add it or remove the row".to_string()),
            },
        };
        outcome.map_err(|reason| (self.field.name().to_string(), reason))
    }
}
