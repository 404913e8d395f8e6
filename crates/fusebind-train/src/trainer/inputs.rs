//! What is fitted on training pairs before the first step: input scales, vocabularies, panels, the reference set, and the
//! permuted copies of its entities.

use std::collections::{BTreeSet, HashMap, HashSet};

use fusebind_data::{sampler::distinct_batch, table::Interaction};
use fusebind_features::{
    entity::side::{DrugRows, Profiles, SideData},
    modality::ModalitySet,
    neighbours::{NeighbourTable, ReferenceSet},
    quality::MismatchModel,
    reference::Reference,
    rows::InputScale,
    schema::{DrugStore, InputScales, SideSchema, TargetStore, reference_set},
};
use fusebind_model::provenance::TrainingRecord;
use sha2::{Digest, Sha256};

use super::job::Job;
use crate::{curriculum::CurriculumConfig, labels::LabelPlan, recipe::Recipe, seeds};

/// Input scales, fitted on the distinct entities of the training pairs.
pub(super) fn fit_inputs(job: &Job<'_>, recipe: &Recipe, drugs: &DrugStore, targets: &TargetStore) -> InputScales {
    let pairs: Vec<(u32, u32)> = job
        .split
        .train
        .indices()
        .iter()
        .map(|i| {
            let interaction = &job.dataset.interactions[*i as usize];
            (interaction.drug, interaction.target)
        })
        .collect();
    let (train_drugs, train_targets, _) = distinct_batch(&pairs);
    let read: ModalitySet = recipe.modalities.read.iter().copied().collect();
    let terms = recipe.model.text.terms;
    let schema = |side: &SideData, entities: &[u32], fields: &[String]| SideSchema {
        text_fields: fields.to_vec(),
        text_length: recipe.model.text.length(),
        compare_embeddings: recipe.model.neighbours.embeddings,
        ..SideSchema::fit(side, entities, read, terms)
    };
    InputScales {
        drug: schema(job.side[0], &train_drugs, &recipe.modalities.drug_text),
        target: schema(job.side[1], &train_targets, &recipe.modalities.target_text),
        substructures: InputScale::fit(&drugs.substructures, &train_drugs),
        composition: InputScale::fit(&targets.composition, &train_targets),
    }
}

/// The targets of the training pairs, ascending.
pub(super) fn training_targets(job: &Job<'_>) -> Vec<u32> {
    let train = job.split.train.indices().iter();
    let targets: BTreeSet<u32> = train.map(|i| job.dataset.interactions[*i as usize].target).collect();
    targets.into_iter().collect()
}

/// Counts of the training part, for the model file.
pub(super) fn training_record(job: &Job<'_>, recipe: &Recipe) -> TrainingRecord {
    let train = job.split.train.indices().iter();
    let pairs: Vec<&Interaction> = train
        .map(|i| &job.dataset.interactions[*i as usize])
        .filter(|interaction| !interaction.is_presumed())
        .collect();
    let distinct = |of: fn(&Interaction) -> u32| pairs.iter().map(|i| of(i)).collect::<HashSet<u32>>().len() as u64;
    TrainingRecord {
        pairs: pairs.len() as u64,
        drugs: distinct(|pair| pair.drug),
        targets: distinct(|pair| pair.target),
        strippable: !recipe.model.neighbours.enabled,
        ..TrainingRecord::default()
    }
}

/// The same entities with side values of others, for a model that is to learn what a mismatch is.
#[derive(Default)]
pub(super) struct PermutedCopies {
    /// Store row of the copy of each store row: drugs, targets.
    pub of: [HashMap<u32, u32>; 2],
    /// Target of each copied target, in the order of their rows.
    pub targets: Vec<u32>,
}

impl PermutedCopies {
    /// Adds a copy of each entity of the training pairs that has side values: behind the drugs of `rows`, and behind the targets in
    /// `side`.
    pub fn add(rows: &mut DrugRows, side: &mut SideData, job: &Job<'_>) -> Self {
        let (drugs, targets) = (job.dataset.drugs.len(), job.dataset.targets.len());
        let mut permuted_copies = Self::default();
        let pairs = job.split.train.indices().iter().map(|i| rows.pairs[*i as usize]);
        let (of_drugs, of_targets, _) = distinct_batch(&pairs.collect::<Vec<_>>());
        let mut random = seeds::permuted_copies(job.seed).generator();
        let first = (drugs + rows.drugs.len()) as u32;
        rows.side.pad(first as usize);
        let further = rows.drugs.clone();
        let drug_of = |row: u32| (row as usize).checked_sub(drugs).map_or(row, |at| further[at]);
        let copied = rows.side.push_permuted_copies(&of_drugs, &mut random);
        for (number, row) in copied.into_iter().enumerate() {
            permuted_copies.of[0].insert(row, first + number as u32);
            rows.drugs.push(drug_of(row));
        }
        side.pad(targets);
        for (number, row) in side
            .push_permuted_copies(&of_targets, &mut random)
            .into_iter()
            .enumerate()
        {
            permuted_copies.of[1].insert(row, (targets + number) as u32);
            permuted_copies.targets.push(row);
        }
        permuted_copies
    }

    /// Which copy of a pair shows its drug or its target with permuted side values.
    pub fn variant(drug: bool, target: bool) -> u32 {
        u32::from(drug) + 2 * u32::from(target)
    }

    /// All copies of `pairs`, one behind the other.
    pub fn pairs(&self, pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
        if self.of.iter().all(HashMap::is_empty) {
            return pairs.to_vec();
        }
        let permuted_copy = |side: usize, row: u32, permuted: bool| match permuted {
            true => self.of[side].get(&row).copied().unwrap_or(row),
            false => row,
        };
        let copies = [(false, false), (true, false), (false, true), (true, true)];
        let copy = |(drug, target): (bool, bool)| {
            pairs
                .iter()
                .map(move |p| (permuted_copy(0, p.0, drug), permuted_copy(1, p.1, target)))
        };
        copies.into_iter().flat_map(copy).collect()
    }
}

/// Training pairs that are known to bind, for the alignment of drugs with targets.
#[derive(Default)]
pub(super) struct Positives {
    /// Entity of each store row: drugs, targets.
    entities: [Vec<u32>; 2],
    pairs: HashSet<(u32, u32)>,
    enabled: bool,
}

impl Positives {
    /// The positives of the training part; `further` are the entities of the rows behind the drugs and the targets of the data set.
    /// Without a binding label, an affinity binds that lies a standard deviation above the mean of training.
    pub fn new(job: &Job<'_>, plan: &LabelPlan, further: [&[u32]; 2]) -> Self {
        let counts = [job.dataset.drugs.len(), job.dataset.targets.len()];
        let binds = |i: &&Interaction| i.binds.unwrap_or_else(|| plan.outcome(i).is_some_and(|y| y > 1.0));
        let train = job
            .split
            .train
            .indices()
            .iter()
            .map(|i| &job.dataset.interactions[*i as usize]);
        Self {
            entities: [0, 1].map(|side| (0..counts[side] as u32).chain(further[side].iter().copied()).collect()),
            pairs: train.filter(binds).map(|i| (i.drug, i.target)).collect(),
            enabled: true,
        }
    }

    /// 1 where the drug of a row binds the target of a column, `[Bd, Bt]`; empty where nobody asks.
    pub fn matrix(&self, drugs: &[u32], targets: &[u32]) -> Vec<f32> {
        if !self.enabled {
            return Vec::new();
        }
        let drugs = drugs.iter().map(|row| self.entities[0][*row as usize]);
        let binds = |drug: u32, target: &u32| self.pairs.contains(&(drug, self.entities[1][*target as usize]));
        drugs
            .flat_map(|drug| {
                targets
                    .iter()
                    .map(move |target| f32::from(u8::from(binds(drug, target))))
            })
            .collect()
    }
}

/// The reference set of training pairs, with the side values of all entities weighted by it; `permuted_copies` come last in the stores.
pub(super) fn known_pairs(
    job: &Job<'_>,
    plan: &LabelPlan,
    config: &CurriculumConfig,
    permuted_copies: &PermutedCopies,
    drugs: &mut DrugStore,
    targets: &mut TargetStore,
) -> Reference {
    let train = job.split.train.indices();
    let interactions = || {
        let all = train.iter().map(|i| &job.dataset.interactions[*i as usize]);
        all.filter(|interaction| !interaction.is_presumed())
    };
    let outcomes: Vec<(u32, u32, f32)> = interactions()
        .filter_map(|i| Some((i.drug, i.target, plan.outcome(i)?)))
        .collect();
    let reference_set = reference_set(drugs, targets, &outcomes);
    let mismatch = MismatchModel::fit(&reference_set, config.mismatch_prior as f32, job.seed);
    let names = names(job, &reference_set);
    let neighbours = Reference {
        names,
        ..Reference::new(reference_set, mismatch)
    };
    let counts = [drugs.keys.len(), targets.keys.len()];
    let own = |side: usize| counts[side] - permuted_copies.of[side].len();
    let rates = neighbours.training_rates();
    neighbours.weigh_own(drugs, targets, &rates, [0, 1].map(own));
    neighbours
}

/// What the data set calls the entities of a reference set: the first name of each.
fn names(job: &Job<'_>, reference: &ReferenceSet) -> [Vec<String>; 2] {
    let first = |ids: &[String]| ids.first().cloned().unwrap_or_default();
    let drugs = job.dataset.drugs.iter();
    let drugs: HashMap<&str, String> = drugs.map(|d| (d.molecule.smiles.as_str(), first(&d.ids))).collect();
    let targets = job.dataset.targets.iter();
    let targets: HashMap<&str, String> = targets.map(|t| (t.protein.sequence.as_str(), first(&t.ids))).collect();
    let of = |keys: &[String], names: &HashMap<&str, String>| -> Vec<String> {
        let name = |key: &String| names.get(key.as_str()).cloned().unwrap_or_else(|| key.clone());
        keys.iter().map(name).collect()
    };
    [of(&reference.drugs.keys, &drugs), of(&reference.targets.keys, &targets)]
}

/// Neighbour features of the training pairs, in all copies of `permuted_copies`; `rows` are the drug and target rows of each interaction.
pub(super) fn training_neighbours(
    job: &Job<'_>,
    neighbours: &mut Reference,
    rows: &[(u32, u32)],
    permuted_copies: &PermutedCopies,
    stores: (&DrugStore, &TargetStore),
) -> NeighbourTable {
    let pairs: Vec<(u32, u32)> = job.split.train.indices().iter().map(|i| rows[*i as usize]).collect();
    let own = neighbours.fit(stores, &pairs);
    let all = permuted_copies.pairs(&pairs);
    match all.len() == pairs.len() {
        true => own,
        false => neighbours.table(stores, &all),
    }
}

/// What the label of each training pair is to its neighbours.
pub(super) fn outcomes(job: &Job<'_>, plan: &LabelPlan) -> Vec<Option<f32>> {
    let train = job.split.train.indices().iter();
    train
        .map(|i| plan.outcome(&job.dataset.interactions[*i as usize]))
        .collect()
}

/// SHA-256 (hex) of the side data of both sides.
pub(super) fn side_fingerprint(side: [&SideData; 2]) -> String {
    let mut hasher = Sha256::new();
    let mut profiles = |p: &Profiles| {
        hasher.update(format!("{:?}{:?}", p.columns, p.of_entity));
        p.values.iter().for_each(|v| hasher.update(v.to_bits().to_le_bytes()));
    };
    for data in side {
        profiles(&data.transcriptome);
        profiles(&data.bioassay);
        data.embeddings.iter().for_each(|e| profiles(&e.rows));
    }
    for data in side {
        hasher.update(format!("{:?}{:?}", data.texts, data.measured));
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
