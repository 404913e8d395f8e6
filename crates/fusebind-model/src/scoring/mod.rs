//! Many pairs through a model: each entity encoded once, pairs scored in chunks of bounded memory.
//!
//! A model can be asked of a pair more than once. Its two readers are mixed, and what they say from everything that is known of the
//! two entities is mixed with what they say from graph and sequence alone:
//!
//! ```text
//! y(A) = m joint(A) + (1 - m) evidence(A)        A: modalities that are shown, m: `EnsembleWeights::encoder_share`
//! prediction = s y(structure) + (1 - s) y(all)   s: `EnsembleWeights::structure`; 0 for a pair without its graph or its sequence
//! ```
//!
//! Modality dropout trains one model for every subset of the modalities; this is the mean of two members of that ensemble (as
//! dropout is averaged at test, Gal & Ghahramani 2016, arXiv:1506.02142). It costs no second encoder pass. Where side modalities say
//! little, their noise shrinks with `s`, and so does the harm of a wrong one; where they say much, validation chooses `s = 0`.
//!
//! Comes in: stores of featurised entities and pairs of indices into them. Goes out: one row per pair, in order.

mod raw_output;

use burn::tensor::{Device, Tensor};
use fusebind_features::{
    batch::PairIndex,
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::{Mask, NeighbourTable},
    reference::Reference,
    schema::{DrugStore, TargetStore},
};

use crate::{
    layer::kernel::on_host,
    model::{ModalityEmbeddings, Model},
};

pub use raw_output::{EnsembleWeights, RawOutputs, Scores};

/// Entities encoded at a time.
const ENTITIES: usize = 512;
/// Pairs scored at a time.
const PAIRS: usize = 32_768;
/// Pairs whose evidence is gathered at a time.
const GATHERED: usize = 8 * PAIRS;

/// Where the evidence of pairs comes from.
#[derive(Clone, Copy, Debug)]
pub enum NeighbourSource<'a> {
    /// The model reads none.
    Nothing,
    /// Gathered from a bank as pairs come.
    ReferenceSet(&'a Reference),
    /// Gathered before, one row per pair.
    Table(&'a NeighbourTable),
}

/// What entities and pairs do without.
#[derive(Clone, Copy, Debug)]
pub enum MissingModalities<'a> {
    /// All alike.
    Alike(Mask),
    /// Each entity for itself: modalities that the drugs and the targets of the stores do without.
    Each([&'a [ModalitySet]; 2]),
}

impl Default for MissingModalities<'_> {
    fn default() -> Self {
        Self::Alike(Mask::default())
    }
}

impl MissingModalities<'_> {
    fn of_drug(&self, drug: u32) -> ModalitySet {
        match self {
            Self::Alike(mask) => mask.drug,
            Self::Each([drugs, _]) => drugs[drug as usize],
        }
    }

    fn of_target(&self, target: u32) -> ModalitySet {
        match self {
            Self::Alike(mask) => mask.target,
            Self::Each([_, targets]) => targets[target as usize],
        }
    }

    fn of_pair(&self, (drug, target): (u32, u32)) -> Mask {
        match self {
            Self::Alike(mask) => *mask,
            Self::Each(_) => Mask {
                drug: self.of_drug(drug),
                target: self.of_target(target),
                ..Mask::default()
            },
        }
    }
}

/// From what a model speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum InputSubset {
    /// From everything that it is shown.
    Everything,
    /// From the graph and the sequence alone.
    Structure,
}

impl InputSubset {
    /// What an entity does without that is to do without `mask`.
    fn without(self, mask: ModalitySet) -> ModalitySet {
        match self {
            Self::Everything => mask,
            Self::Structure => mask.union(structure().complement()),
        }
    }
}

/// The modalities that every pair has.
fn structure() -> ModalitySet {
    [Modality::Graph, Modality::Sequence].into_iter().collect()
}

/// Distinct values of `ids`, ascending, and the position of each id among them.
fn distinct(ids: impl Iterator<Item = u32> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut entities: Vec<u32> = ids.clone().collect();
    entities.sort_unstable();
    entities.dedup();
    let positions = ids.map(|id| entities.partition_point(|e| *e < id) as u32).collect();
    (entities, positions)
}

/// What the encoders of a model say of every entity of some pairs: read once, fused and scored under as many absences as are asked for.
#[derive(Clone, Debug)]
pub struct EntityEmbeddings {
    /// Distinct entities, ascending, and what is said of [`ENTITIES`] of them at a time.
    drugs: (Vec<u32>, Vec<ModalityEmbeddings>),
    targets: (Vec<u32>, Vec<ModalityEmbeddings>),
}

/// A model ready to score pairs.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    /// Model, without gradients.
    pub model: &'a Model,
    /// Reference of the pairs.
    pub neighbours: NeighbourSource<'a>,
    /// What entities and pairs do without.
    pub absence: MissingModalities<'a>,
    /// ModalityWeights in the modalities of drugs and of targets.
    pub modality_weights: [ModalityWeights; 2],
    /// Where the model lives.
    pub device: &'a Device,
}

impl Scorer<'_> {
    /// Reads every entity of `pairs` with all its modalities, for [`Scorer::score_read`].
    pub fn read(&self, (drugs, targets): (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> EntityEmbeddings {
        let (of_drugs, _) = distinct(pairs.iter().map(|p| p.0));
        let (of_targets, _) = distinct(pairs.iter().map(|p| p.1));
        let read_drugs = |ids: &[u32]| self.model.read_drugs(&drugs.batch(ids), self.device);
        let read_targets = |ids: &[u32]| self.model.read_targets(&targets.batch(ids), self.device);
        let said_of_drugs = of_drugs.chunks(ENTITIES).map(read_drugs).collect();
        let said_of_targets = of_targets.chunks(ENTITIES).map(read_targets).collect();
        EntityEmbeddings {
            drugs: (of_drugs, said_of_drugs),
            targets: (of_targets, said_of_targets),
        }
    }

    /// Scores `pairs` of (drug, target) indices. `progress` hears the number of pairs done.
    pub fn score(
        &self,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> RawOutputs {
        let [raw_outputs] = self.raw_outputs(None, stores, pairs, [InputSubset::Everything], progress);
        raw_outputs
    }

    /// [`Scorer::score`], of pairs of entities that have been read from the same stores: whatever they do without, no encoder runs again.
    pub fn score_read(
        &self,
        reading: &EntityEmbeddings,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> RawOutputs {
        let [raw_outputs] = self.raw_outputs(Some(reading), stores, pairs, [InputSubset::Everything], progress);
        raw_outputs
    }

    /// [`Scorer::score_read`], and what is said of the same pairs from structure alone.
    pub fn score_both(
        &self,
        reading: &EntityEmbeddings,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
    ) -> [RawOutputs; 2] {
        self.raw_outputs(
            Some(reading),
            stores,
            pairs,
            [InputSubset::Everything, InputSubset::Structure],
            |_| {},
        )
    }

    /// What a model that blends its opinions so predicts of `pairs`, whose entities may have been read before from the same stores.
    pub fn predict(
        &self,
        reading: Option<&EntityEmbeddings>,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        ensemble: EnsembleWeights,
        progress: impl FnMut(usize),
    ) -> Scores {
        if ensemble.structure_only_share == 0.0 {
            let [raw_outputs] = self.raw_outputs(reading, stores, pairs, [InputSubset::Everything], progress);
            return raw_outputs.mixed(ensemble.encoder_share);
        }
        let subsets = [InputSubset::Everything, InputSubset::Structure];
        let both = self.raw_outputs(reading, stores, pairs, subsets, progress);
        self.combined(&both, pairs, ensemble)
    }

    /// The prediction that [`Scorer::score_both`] makes of `pairs`; what is said from structure alone is not looked at where it has no
    /// share.
    pub fn combined(
        &self,
        [everything, structure]: &[RawOutputs; 2],
        pairs: &[(u32, u32)],
        ensemble: EnsembleWeights,
    ) -> Scores {
        let everything = everything.mixed(ensemble.encoder_share);
        if ensemble.structure_only_share == 0.0 {
            return everything;
        }
        let mut scores = structure
            .mixed(ensemble.encoder_share)
            .mixed(&everything, ensemble.structure_only_share);
        let lacks_structure = |row: &usize| {
            let without = self.absence.of_pair(pairs[*row]);
            without.drug.contains(Modality::Graph) || without.target.contains(Modality::Sequence)
        };
        scores.replace(&everything, (0..pairs.len()).filter(lacks_structure));
        scores
    }

    fn raw_outputs<const V: usize>(
        &self,
        reading: Option<&EntityEmbeddings>,
        (drugs, targets): (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        subsets: [InputSubset; V],
        mut progress: impl FnMut(usize),
    ) -> [RawOutputs; V] {
        let mut raw_outputs: [RawOutputs; V] = std::array::from_fn(|_| RawOutputs::default());
        if pairs.is_empty() {
            return raw_outputs;
        }
        let (drug_ids, drug_positions) = distinct(pairs.iter().map(|p| p.0));
        let (target_ids, target_positions) = distinct(pairs.iter().map(|p| p.1));
        let read = reading.map(|reading| {
            let same = reading.drugs.0 == drug_ids && reading.targets.0 == target_ids;
            assert!(same, "the entities of the pairs are those that were read");
            (&reading.drugs.1, &reading.targets.1)
        });
        let states = |chunks: Vec<[Tensor<2>; V]>| -> [Tensor<2>; V] {
            std::array::from_fn(|subset| Tensor::cat(chunks.iter().map(|chunk| chunk[subset].clone()).collect(), 0))
        };
        let drug_states = (drug_ids.chunks(ENTITIES).enumerate())
            .map(|(chunk, ids)| {
                let without = |subset: InputSubset| -> Vec<(u32, ModalitySet)> {
                    let of = |id: &u32| (*id, subset.without(self.absence.of_drug(*id)));
                    ids.iter().map(of).collect()
                };
                let read = match read {
                    Some((read, _)) => read[chunk].clone(),
                    None => {
                        (self.model).read_drugs(&drugs.batch_without(&without(InputSubset::Everything)), self.device)
                    }
                };
                subsets.map(|subset| {
                    let (present, modality_weights) = drugs.presence(&without(subset));
                    let modality_weights: Vec<ModalityWeights> = modality_weights
                        .into_iter()
                        .map(|own| own.and(self.modality_weights[0]))
                        .collect();
                    self.model.embed_drugs(read.clone(), (&present, &modality_weights))
                })
            })
            .collect();
        let target_states = (target_ids.chunks(ENTITIES).enumerate())
            .map(|(chunk, ids)| {
                let without = |subset: InputSubset| -> Vec<(u32, ModalitySet)> {
                    let of = |id: &u32| (*id, subset.without(self.absence.of_target(*id)));
                    ids.iter().map(of).collect()
                };
                let read = match read {
                    Some((_, read)) => read[chunk].clone(),
                    None => (self.model)
                        .read_targets(&targets.batch_without(&without(InputSubset::Everything)), self.device),
                };
                subsets.map(|subset| {
                    let (present, modality_weights) = targets.presence(&without(subset));
                    let modality_weights: Vec<ModalityWeights> = modality_weights
                        .into_iter()
                        .map(|own| own.and(self.modality_weights[1]))
                        .collect();
                    self.model.embed_targets(read.clone(), (&present, &modality_weights))
                })
            })
            .collect();
        let (drug_states, target_states) = (states(drug_states), states(target_states));
        let fused = on_host(self.device).then(|| {
            let (head, shape) = self.model.fused_head();
            let sides = std::array::from_fn::<_, V, _>(|subset| {
                [
                    head.project(drug_states[subset].clone(), 0),
                    head.project(target_states[subset].clone(), 1),
                ]
            });
            (head, sides, shape)
        });
        for gathered in (0..pairs.len()).step_by(GATHERED) {
            let last = (gathered + GATHERED).min(pairs.len());
            let fresh = match self.neighbours {
                NeighbourSource::ReferenceSet(reference_set) => {
                    Some(reference_set.table((drugs, targets), &pairs[gathered..last]))
                }
                _ => None,
            };
            let (table, first) = match (self.neighbours, &fresh) {
                (NeighbourSource::Table(table), _) => (Some(table), 0),
                (_, fresh) => (fresh.as_ref(), gathered),
            };
            for start in (gathered..last).step_by(PAIRS) {
                let end = (start + PAIRS).min(last);
                let index = (&drug_positions[start..end], &target_positions[start..end]);
                for (at, (subset, raw_outputs)) in subsets.into_iter().zip(&mut raw_outputs).enumerate() {
                    let rows = table.map(|table| {
                        let row = |row: usize| {
                            let mask = self.absence.of_pair(pairs[row]);
                            let mask = Mask {
                                modality_weights: self.modality_weights,
                                drug: subset.without(mask.drug),
                                target: subset.without(mask.target),
                                ..mask
                            };
                            ((row - first) as u32, mask)
                        };
                        table.rows(&(start..end).map(row).collect::<Vec<_>>())
                    });
                    match &fused {
                        Some((head, sides, shape)) => {
                            let rows = rows.as_ref().map(|rows| (rows.values.as_slice(), rows.width));
                            let [drugs, targets] = &sides[at];
                            let columns = head.score([drugs, targets], index, rows);
                            raw_outputs.joint.extend_columns(&columns.joint, *shape);
                            if !columns.neighbours.is_empty() {
                                let neighbours = raw_outputs.neighbours.get_or_insert_default();
                                neighbours.extend_columns(&columns.neighbours, *shape);
                            }
                        }
                        None => {
                            let index = PairIndex {
                                drug: index.0.to_vec(),
                                target: index.1.to_vec(),
                            };
                            let (drugs, targets) = (drug_states[at].clone(), target_states[at].clone());
                            let outputs = self.model.score(drugs, targets, index, rows.as_ref());
                            raw_outputs.joint.extend(outputs.joint);
                            if let Some(neighbours) = outputs.neighbours {
                                raw_outputs.neighbours.get_or_insert_default().extend(neighbours);
                            }
                        }
                    }
                }
                progress(end);
            }
        }
        raw_outputs
    }
}
