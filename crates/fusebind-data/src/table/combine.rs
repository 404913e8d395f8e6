//! Several data sets as one.
//!
//! Comes in: data sets, each with a name. Goes out: one data set in which a compound and a protein occur once whatever ids they had,
//! and in which every interaction states its source; and a report. Nothing is merged or dropped: repeated pairs stay
//! rows of their own, counted, so that a named rule ([`super::merge_duplicates`]) can treat them afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::{Dataset, Drug, DuplicateReport, Interaction, Origin, Target, count_duplicates};

/// A data set and the name that its interactions get as their source.
#[derive(Clone, Debug)]
pub struct NamedDataset {
    /// Name.
    pub name: String,
    /// Its content.
    pub dataset: Dataset,
}

/// What was found when data sets were combined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CombineReport {
    /// Each data set and how many interactions it brought.
    pub sources: Vec<(String, u64)>,
    /// Distinct compounds that more than one data set holds.
    pub shared_drugs: u64,
    /// Distinct proteins that more than one data set holds.
    pub shared_targets: u64,
    /// Pairs of compound and protein that more than one data set measured.
    pub shared_pairs: u64,
    /// Ids that name different compounds or proteins in two data sets; the later one is written as `NAME:ID`.
    pub renamed_ids: u64,
    /// Repeated (drug, target, scale) rows and their conflicts, within and between the sets.
    pub duplicates: DuplicateReport,
}

/// Combines data sets in their order.
pub fn combine_datasets(sets: Vec<NamedDataset>) -> (Dataset, CombineReport) {
    let mut report = CombineReport::default();
    let mut drugs = Collected::<Drug>::new();
    let mut targets = Collected::<Target>::new();
    let mut whole = Dataset::default();
    let mut pairs: HashMap<(u32, u32), BTreeSet<usize>> = HashMap::new();
    for (at, NamedDataset { name, dataset }) in sets.into_iter().enumerate() {
        let before = whole.interactions.len();
        // All of them were read with one setting.
        whole.standardise = dataset.standardise;
        append_columns(&mut whole, &dataset, &name);
        let new_drugs = drugs.add(at, &name, dataset.drugs);
        let new_targets = targets.add(at, &name, dataset.targets);
        whole
            .interactions
            .extend(dataset.interactions.iter().map(|interaction| Interaction {
                drug: new_drugs[interaction.drug as usize],
                target: new_targets[interaction.target as usize],
                ..*interaction
            }));
        for interaction in &whole.interactions[before..] {
            pairs
                .entry((interaction.drug, interaction.target))
                .or_default()
                .insert(at);
        }
        report.sources.push((name, (whole.interactions.len() - before) as u64));
    }
    report.shared_pairs = pairs.values().filter(|sets| sets.len() > 1).count() as u64;
    report.shared_drugs = drugs.shared();
    report.shared_targets = targets.shared();
    report.renamed_ids = drugs.renamed + targets.renamed;
    whole.drugs = drugs.entities;
    whole.targets = targets.entities;
    // The row of one file says nothing beside the row of another: rows are counted anew.
    for (at, interaction) in whole.interactions.iter_mut().enumerate() {
        interaction.row = at as u64 + 1;
    }
    whole.refresh_fingerprint();
    report.duplicates = count_duplicates(&whole);
    (whole, report)
}

/// Appends split columns and origins; what one of the two sets lacks is empty there. A row that states its own source keeps it behind
/// the name of its data set.
fn append_columns(whole: &mut Dataset, part: &Dataset, name: &str) {
    let (before, added) = (whole.interactions.len(), part.interactions.len());
    for (column, parts) in &part.split_columns {
        let all = whole.split_columns.entry(column.clone()).or_default();
        all.resize(before, None);
        all.extend(parts.iter().cloned());
    }
    for (origin, texts) in part.origins.iter().filter(|(origin, _)| **origin != Origin::Source) {
        let all = whole.origins.entry(*origin).or_default();
        all.resize(before, None);
        all.extend(texts.iter().cloned());
    }
    let own = part.origins.get(&Origin::Source);
    let source = |row: usize| match own.and_then(|texts| texts[row].as_deref()) {
        Some(own) => format!("{name}/{own}"),
        None => name.to_string(),
    };
    let sources = whole.origins.entry(Origin::Source).or_default();
    sources.extend((0..added).map(|row| Some(source(row))));
    for column in whole.split_columns.values_mut().chain(whole.origins.values_mut()) {
        column.resize(before + added, None);
    }
}

/// A kind of entity that several data sets may share.
trait Shared {
    fn identity(&self) -> &str;
    fn ids(&mut self) -> &mut Vec<String>;
    fn keys(&mut self) -> &mut BTreeMap<String, String>;
}

impl Shared for Drug {
    fn identity(&self) -> &str {
        &self.molecule.smiles
    }
    fn ids(&mut self) -> &mut Vec<String> {
        &mut self.ids
    }
    fn keys(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.keys
    }
}

impl Shared for Target {
    fn identity(&self) -> &str {
        &self.protein.sequence
    }
    fn ids(&mut self) -> &mut Vec<String> {
        &mut self.ids
    }
    fn keys(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.keys
    }
}

/// Distinct entities of the sets so far.
struct Collected<E> {
    entities: Vec<E>,
    /// Sets that hold each entity: the last one, and whether there is another.
    holders: Vec<Holders>,
    by_identity: HashMap<String, u32>,
    by_id: HashMap<String, u32>,
    renamed: u64,
}

struct Holders {
    last: usize,
    several: bool,
}

impl<E: Shared> Collected<E> {
    fn new() -> Self {
        Self {
            entities: Vec::new(),
            holders: Vec::new(),
            by_identity: HashMap::new(),
            by_id: HashMap::new(),
            renamed: 0,
        }
    }

    /// Adds the entities of set number `set`; returns the new number of each.
    fn add(&mut self, set: usize, name: &str, entities: Vec<E>) -> Vec<u32> {
        entities.into_iter().map(|entity| self.one(set, name, entity)).collect()
    }

    fn one(&mut self, set: usize, name: &str, mut entity: E) -> u32 {
        let ids = std::mem::take(entity.ids());
        let number = match self.by_identity.get(entity.identity()) {
            Some(&number) => {
                let holders = &mut self.holders[number as usize];
                holders.several |= holders.last != set;
                holders.last = set;
                let known = self.entities[number as usize].keys();
                for (key, value) in std::mem::take(entity.keys()) {
                    known.entry(key).or_insert(value);
                }
                number
            }
            None => {
                let number = self.entities.len() as u32;
                self.by_identity.insert(entity.identity().to_string(), number);
                self.entities.push(entity);
                self.holders.push(Holders {
                    last: set,
                    several: false,
                });
                number
            }
        };
        for id in ids {
            let id = match self.by_id.get(&id) {
                Some(&named) if named == number => continue,
                Some(_) => {
                    self.renamed += 1;
                    self.free_id(name, &id)
                }
                None => id,
            };
            self.by_id.insert(id.clone(), number);
            self.entities[number as usize].ids().push(id);
        }
        number
    }

    /// `NAME:ID`, with a number where that names something already.
    fn free_id(&self, name: &str, id: &str) -> String {
        let plain = format!("{name}:{id}");
        let numbered = (2u32..).map(|number| format!("{plain}:{number}"));
        std::iter::once(plain.clone())
            .chain(numbered)
            .find(|candidate| !self.by_id.contains_key(candidate))
            .unwrap_or(plain)
    }

    fn shared(&self) -> u64 {
        self.holders.iter().filter(|holders| holders.several).count() as u64
    }
}
