//! Which rows of a side table belong to which entity of a data set.
//!
//! One rule for tables and arrays. An entity tries its names from the most specific to the least: a drug its ids, InChIKey,
//! SMILES, first block of the InChIKey, and database ids; a target its ids, sequence, MD5 of the sequence, and database ids. The
//! first kind of name that any row carries decides, and all rows with a name of this kind belong to the entity. In a table each
//! kind has its own column. An array has one name per row, which may be of any kind. SMILES and sequences are compared with the
//! canonical SMILES and the normalised sequence of the entity and, where a data set has no ids, as written there.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{
    source::{RawColumn, RawTable, normalise},
    table::{Dataset, Drug, Target},
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

    /// What its entities are called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Drug => "drugs",
            Self::Target => "targets",
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

/// Names of the entities of `side` by kind, most specific first. Genes are left out: in a matrix they are what was measured.
pub(super) fn entity_names(side: Side, dataset: &Dataset) -> Vec<(&'static str, HashSet<&str>)> {
    let entities: Vec<Names<'_>> = match side {
        Side::Drug => dataset.drugs.iter().map(Names::of_drug).collect(),
        Side::Target => dataset.targets.iter().map(Names::of_target).collect(),
    };
    let kinds = side.keys().iter().filter(|kind| !matches!(**kind, "gene" | "entrez"));
    kinds
        .map(|kind| (*kind, entities.iter().flat_map(|names| names.of_kind(kind)).collect()))
        .collect()
}

/// The side of which `name` is a key, where it is no gene.
pub(super) fn side_of_key(name: &str) -> Option<Side> {
    let name = normalise(name);
    [Side::Drug, Side::Target]
        .into_iter()
        .find(|side| side.keys().contains(&name.as_str()) && !matches!(name.as_str(), "gene" | "entrez"))
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

type RowsByName<'t> = HashMap<&'t str, Vec<usize>>;

/// Rows of a file by the names that they carry.
pub(super) struct RowNames<'t> {
    side: Side,
    indices: Vec<RowsByName<'t>>,
    /// Kinds of names, most specific first, with the index in which each is looked up.
    kinds: Vec<(&'static str, usize)>,
}

impl<'t> RowNames<'t> {
    /// The names in the key columns of `table`; `None` where it has no key column of `side`.
    pub(super) fn of_table(table: &'t RawTable, side: Side) -> Option<Self> {
        let (mut indices, mut kinds) = (Vec::new(), Vec::new());
        for &key in side.keys() {
            let Some(column) = table.columns().iter().find(|column| normalise(column.name()) == key) else {
                continue;
            };
            kinds.push((key, indices.len()));
            let named = (0..table.len()).filter_map(|row| Some((row, column.get(row)?)));
            indices.push(index(named));
        }
        (!indices.is_empty()).then_some(Self { side, indices, kinds })
    }

    /// One name per row, of any kind.
    pub(super) fn of_any_kind(names: impl Iterator<Item = &'t str>, side: Side) -> Self {
        Self {
            side,
            indices: vec![index(names.enumerate())],
            kinds: side.keys().iter().map(|key| (*key, 0)).collect(),
        }
    }

    /// For each entity of `dataset` the rows that belong to it.
    pub(super) fn rows_of_entities(&self, dataset: &Dataset) -> Vec<Vec<usize>> {
        match self.side {
            Side::Drug => {
                let entities = dataset.drugs.iter();
                let names = |drug| self.rows(&Names::of_drug(drug));
                entities.map(names).collect()
            }
            Side::Target => {
                let entities = dataset.targets.iter();
                let names = |target| self.rows(&Names::of_target(target));
                entities.map(names).collect()
            }
        }
    }

    fn rows(&self, names: &Names) -> Vec<usize> {
        let rows = |(kind, at): &(&'static str, usize)| -> Vec<usize> {
            let index = &self.indices[*at];
            let mut rows: Vec<usize> = Vec::new();
            for row in names.of_kind(kind).filter_map(|name| index.get(name)).flatten() {
                if !rows.contains(row) {
                    rows.push(*row);
                }
            }
            rows
        };
        self.kinds
            .iter()
            .map(rows)
            .find(|rows| !rows.is_empty())
            .unwrap_or_default()
    }
}

fn index<'t>(named: impl Iterator<Item = (usize, &'t str)>) -> RowsByName<'t> {
    let mut index: RowsByName<'t> = HashMap::new();
    for (row, name) in named {
        index.entry(name).or_default().push(row);
    }
    index
}

/// What an entity is called.
struct Names<'d> {
    ids: &'d [String],
    /// Canonical SMILES or normalised sequence.
    identity: &'d str,
    /// Further keys under their normalised names.
    keys: Vec<(String, &'d str)>,
}

impl<'d> Names<'d> {
    fn of_drug(drug: &'d Drug) -> Self {
        Self {
            ids: &drug.ids,
            identity: &drug.molecule.smiles,
            keys: drug
                .keys
                .iter()
                .map(|(key, name)| (normalise(key), name.as_str()))
                .collect(),
        }
    }

    fn of_target(target: &'d Target) -> Self {
        Self {
            ids: &target.ids,
            identity: &target.protein.sequence,
            keys: target
                .keys
                .iter()
                .map(|(key, name)| (normalise(key), name.as_str()))
                .collect(),
        }
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'d str> {
        let is_identity = matches!(kind, "smiles" | "sequence");
        // Without an id of its own an entity is known by its text as written.
        let has_ids = is_identity || matches!(kind, "drug_id" | "target_id");
        let identity = is_identity.then_some(self.identity);
        let ids = if has_ids { self.ids } else { &[] };
        let keys = self
            .keys
            .iter()
            .filter(move |(key, _)| key == kind)
            .map(|(_, name)| *name);
        identity
            .into_iter()
            .chain(ids.iter().map(String::as_str))
            .chain(keys)
            .collect::<Vec<_>>()
            .into_iter()
    }
}
