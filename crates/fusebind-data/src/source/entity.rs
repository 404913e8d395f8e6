//! Distinct drugs and targets from rows of text: each distinct string is featurised once, in parallel; rows whose molecule
//! or sequence is the same become one entity with several ids.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use fusebind_features::{
    Error as FeatureError,
    entity::{molecule::Molecule, protein::Protein},
};
use rayon::prelude::*;

use super::missing;
use crate::table::{Drug, Target};

/// A kind of entity that a [`Registry`] collects.
pub(super) trait Entity: Sized {
    /// The featurised value.
    type Value: Send;
    /// What the value is called in messages.
    const VALUE: &'static str;
    /// What helps where the value is missing or something else.
    const REMEDY: &'static str;
    fn new(value: Self::Value, keys: BTreeMap<String, String>) -> Self;
    fn identity(value: &Self::Value) -> &str;
    fn ids(&mut self) -> &mut Vec<String>;
    fn keys(&mut self) -> &mut BTreeMap<String, String>;
}

impl Entity for Drug {
    type Value = Molecule;
    const VALUE: &'static str = "structure";
    const REMEDY: &'static str = "give the SMILES, or name the column of SMILES with --smiles-column";
    fn new(molecule: Molecule, keys: BTreeMap<String, String>) -> Self {
        Self {
            ids: Vec::new(),
            keys,
            molecule,
        }
    }
    fn identity(molecule: &Molecule) -> &str {
        &molecule.smiles
    }
    fn ids(&mut self) -> &mut Vec<String> {
        &mut self.ids
    }
    fn keys(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.keys
    }
}

impl Entity for Target {
    type Value = Protein;
    const VALUE: &'static str = "sequence";
    const REMEDY: &'static str = "give the amino acid sequence, name its column with --sequence-column, or put ids and \
                                  sequences in a table targets.csv beside the pairs";
    fn new(protein: Protein, keys: BTreeMap<String, String>) -> Self {
        Self {
            ids: Vec::new(),
            keys,
            protein,
        }
    }
    fn identity(protein: &Protein) -> &str {
        &protein.sequence
    }
    fn ids(&mut self) -> &mut Vec<String> {
        &mut self.ids
    }
    fn keys(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.keys
    }
}

/// One row that names an entity.
pub(super) struct Row<'t> {
    /// Id; an inline entity without id is known by its text.
    pub(super) id: Option<&'t str>,
    /// SMILES, MOL block or sequence.
    pub(super) text: Option<&'t str>,
    /// Further keys.
    pub(super) keys: BTreeMap<String, String>,
}

/// Why a row names no entity, and which of its cells is to blame.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) cell: RefusedCell,
    pub(super) reason: String,
}

/// The cell that makes a row unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedCell {
    /// The id: it already names another entity.
    Id,
    /// The structure or sequence: it cannot be featurised.
    Value,
}

/// What is known about a distinct string.
enum Slot<V> {
    /// Featurised, not yet an entity.
    Fresh(V),
    /// Already this entity.
    Known(u32),
    /// Cannot be featurised.
    Refused(String),
}

/// Distinct entities and the ids that lead to them.
pub(super) struct Registry<E> {
    pub(super) entities: Vec<E>,
    by_identity: HashMap<String, u32>,
    by_id: HashMap<String, u32>,
    /// Ids whose row was rejected, with the reason.
    refused: HashMap<String, String>,
    /// Ids by their core; made when an id is not found.
    by_core: OnceLock<HashMap<String, String>>,
}

impl<E: Entity> Registry<E> {
    pub(super) fn new() -> Self {
        Self {
            entities: Vec::new(),
            by_identity: HashMap::new(),
            by_id: HashMap::new(),
            refused: HashMap::new(),
            by_core: OnceLock::new(),
        }
    }

    /// Registers `rows`; returns for each the entity it names, or why it names none.
    pub(super) fn register(
        &mut self,
        rows: Vec<Row<'_>>,
        parse: &(dyn Fn(&str) -> Result<E::Value, FeatureError> + Sync),
    ) -> Vec<Result<u32, Refusal>> {
        let mut position: HashMap<&str, usize> = HashMap::new();
        let mut distinct: Vec<&str> = Vec::new();
        let mut rows = rows;
        rows.iter_mut()
            .for_each(|row| row.text = row.text.filter(|text| missing::value(text).is_some()));
        for text in rows.iter().filter_map(|row| row.text) {
            position.entry(text).or_insert_with(|| {
                distinct.push(text);
                distinct.len() - 1
            });
        }
        let mut slots: Vec<Slot<E::Value>> = distinct
            .par_iter()
            .map(|text| match parse(text) {
                Ok(value) => Slot::Fresh(value),
                Err(fault) => Slot::Refused(refusal::<E>(&fault)),
            })
            .collect();
        let mut empty = Slot::Refused(absence::<E>());
        rows.into_iter()
            .map(|row| {
                let slot = match row.text {
                    Some(text) => &mut slots[position[text]],
                    None => &mut empty,
                };
                self.link(row, slot)
            })
            .collect()
    }

    /// Links the id and the keys of a row to its entity.
    fn link(&mut self, row: Row<'_>, slot: &mut Slot<E::Value>) -> Result<u32, Refusal> {
        let id = row.id.or(row.text).unwrap_or_default();
        let known = match slot {
            Slot::Known(entity) => Some(*entity),
            Slot::Fresh(value) => self.by_identity.get(E::identity(value)).copied(),
            Slot::Refused(reason) => {
                if !self.by_id.contains_key(id) {
                    self.refused.insert(id.to_string(), reason.clone());
                }
                return Err(Refusal {
                    cell: RefusedCell::Value,
                    reason: reason.clone(),
                });
            }
        };
        if self.by_id.get(id).is_some_and(|&named| Some(named) != known) {
            let reason = format!(
                "the id `{id}` already names another {}; give this row its own id",
                E::VALUE
            );
            return Err(Refusal {
                cell: RefusedCell::Id,
                reason,
            });
        }
        let entity = known.unwrap_or(self.entities.len() as u32);
        if let Slot::Fresh(value) = std::mem::replace(slot, Slot::Known(entity))
            && known.is_none()
        {
            self.by_identity.insert(E::identity(&value).to_string(), entity);
            self.entities.push(E::new(value, BTreeMap::new()));
        }
        if !self.by_id.contains_key(id) {
            self.by_id.insert(id.to_string(), entity);
            self.entities[entity as usize].ids().push(id.to_string());
        }
        let keys = self.entities[entity as usize].keys();
        for (key, value) in row.keys {
            keys.entry(key).or_insert(value);
        }
        Ok(entity)
    }

    /// Lets `alias` lead to `entity` where no id does; the entity is not listed under it.
    pub(super) fn alias(&mut self, alias: &str, entity: u32) {
        if !self.by_id.contains_key(alias) {
            self.by_id.insert(alias.to_string(), entity);
        }
    }

    /// The entity called `id`, or why there is none.
    pub(super) fn resolve(&self, id: &str) -> Result<u32, String> {
        if let Some(&entity) = self.by_id.get(id) {
            return Ok(entity);
        }
        if let Some(reason) = self.refused.get(id) {
            return Err(format!("the row of this id was rejected: {reason}"));
        }
        Err(match self.similar(id) {
            Some(similar) => format!(
                "no accepted row has this id; `{similar}` differs by `.0`, leading zeros or case alone: write ids as text, the same in all tables"
            ),
            None => "no accepted row has this id; add it to its table or correct the id".to_string(),
        })
    }

    /// An id that a spreadsheet or a conversion to numbers may have made of `id`.
    fn similar(&self, id: &str) -> Option<&str> {
        let ids = || self.by_id.keys().chain(self.refused.keys());
        let by_core = self
            .by_core
            .get_or_init(|| ids().map(|id| (core(id), id.clone())).collect());
        by_core.get(&core(id)).map(String::as_str)
    }
}

/// An id without what spreadsheets and conversions to numbers add or take away.
fn core(id: &str) -> String {
    let id = id.trim();
    let whole = id.strip_suffix(".0").unwrap_or(id).trim_start_matches('0');
    whole.to_lowercase()
}

/// Why an empty cell is no value of an entity.
pub(super) fn absence<E: Entity>() -> String {
    format!("no {}: the cell is empty or says so; {}", E::VALUE, E::REMEDY)
}

/// Why a text is no value of an entity. The reader says what a text is instead; what to do depends on where it stands.
pub(super) fn refusal<E: Entity>(fault: &FeatureError) -> String {
    let said = fault.to_string();
    match said.split_once(": give ") {
        Some((kind, _)) if kind.contains("looks like") => format!("{kind}: {}", E::REMEDY),
        _ => said,
    }
}
