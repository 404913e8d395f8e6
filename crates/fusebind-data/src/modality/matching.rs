//! Which rows of a modality table belong to which entity of a data set.
//!
//! The most specific key that both sides share and that hits decides: an id before an InChIKey before its first block.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::{
    source::{RawColumn, RawTable, normalise},
    table::Dataset,
};

/// The side of a pair that a modality describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The drug.
    Drug,
    /// The target.
    Target,
}

impl Side {
    /// Key columns, most specific first.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Drug => &[
                "drug_id",
                "inchikey",
                "smiles",
                "ik14",
                "drugbank",
                "chembl",
                "pubchem_cid",
            ],
            Self::Target => &["target_id", "sequence", "seq_md5", "uniprot", "entrez", "gene"],
        }
    }

    /// Number of entities of `dataset` on this side.
    pub fn entities(self, dataset: &Dataset) -> usize {
        match self {
            Self::Drug => dataset.drugs.len(),
            Self::Target => dataset.targets.len(),
        }
    }
}

/// Whether a column of this name is a key of either side.
pub(super) fn is_key(column: &RawColumn) -> bool {
    let name = normalise(column.name());
    [Side::Drug, Side::Target]
        .iter()
        .any(|side| side.keys().contains(&name.as_str()))
}

/// The side whose keys `table` has; drugs where both are there.
pub(super) fn side_of(table: &RawTable) -> Option<Side> {
    let names: Vec<String> = table.columns().iter().map(|column| normalise(column.name())).collect();
    [Side::Drug, Side::Target]
        .into_iter()
        .find(|side| names.iter().any(|name| side.keys().contains(&name.as_str())))
}

/// For each entity on `side` the rows of `table` that belong to it; `None` where the table has no key column.
pub(super) fn rows_of_entities(table: &RawTable, side: Side, dataset: &Dataset) -> Option<Vec<Vec<usize>>> {
    let mut indices: Vec<(&str, HashMap<&str, Vec<usize>>)> = Vec::new();
    for &key in side.keys() {
        let Some(column) = table.columns().iter().find(|column| normalise(column.name()) == key) else {
            continue;
        };
        let mut index: HashMap<&str, Vec<usize>> = HashMap::new();
        for row in 0..table.len() {
            if let Some(value) = column.get(row) {
                index.entry(value).or_default().push(row);
            }
        }
        indices.push((key, index));
    }
    if indices.is_empty() {
        return None;
    }
    let find = |ids: &[String], identity: &str, keys: &BTreeMap<String, String>| {
        let named: Vec<(String, &String)> = keys.iter().map(|(name, value)| (normalise(name), value)).collect();
        for (key, index) in &indices {
            let rows: Vec<usize> = match *key {
                "drug_id" | "target_id" => ids
                    .iter()
                    .filter_map(|id| index.get(id.as_str()))
                    .flatten()
                    .copied()
                    .collect(),
                "smiles" | "sequence" => index.get(identity).cloned().unwrap_or_default(),
                _ => {
                    let values = named
                        .iter()
                        .filter(|(name, _)| name == key)
                        .map(|(_, value)| value.as_str());
                    values.filter_map(|value| index.get(value)).flatten().copied().collect()
                }
            };
            if !rows.is_empty() {
                return rows;
            }
        }
        Vec::new()
    };
    Some(match side {
        Side::Drug => dataset
            .drugs
            .iter()
            .map(|drug| find(&drug.ids, &drug.molecule.smiles, &drug.keys))
            .collect(),
        Side::Target => dataset
            .targets
            .iter()
            .map(|t| find(&t.ids, &t.protein.sequence, &t.keys))
            .collect(),
    })
}
