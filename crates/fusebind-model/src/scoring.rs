//! Many pairs through a model: each entity encoded once, pairs scored in chunks of bounded memory.
//!
//! Comes in: stores of featurised entities and pairs of indices into them. Goes out: one row per pair, in order.

use burn::tensor::{Device, Tensor};
use fusebind_features::{
    batch::PairIndex,
    modality::{ModalitySet, Trust},
};

use crate::{
    evidence::{Evidence, EvidenceTable, Withheld},
    head::Output,
    input::{DrugStore, TargetStore},
    layer::kernel::on_host,
    model::{Model, Read},
};

/// Entities encoded at a time.
const ENTITIES: usize = 512;
/// Pairs scored at a time.
const PAIRS: usize = 32_768;
/// Pairs whose evidence is gathered at a time.
const GATHERED: usize = 8 * PAIRS;

/// Raw outputs of many pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Standardised affinity, `[P, U]`, empty without an affinity head.
    pub affinity: Vec<f32>,
    /// Number of affinity columns `U`.
    pub scales: usize,
    /// Binding logit, `[P]`, empty without a binding head.
    pub binding: Vec<f32>,
}

impl Scores {
    /// Adds rows of affinity columns with the binding logit behind them.
    fn extend_columns(&mut self, values: &[f32], (scales, binding): (usize, bool)) {
        self.scales = scales;
        for row in values.chunks(scales + usize::from(binding)) {
            self.affinity.extend_from_slice(&row[..scales]);
            self.binding.extend_from_slice(&row[scales..]);
        }
    }

    fn extend(&mut self, output: Output) {
        if let Some(affinity) = output.affinity {
            self.scales = affinity.dims()[1];
            self.affinity.extend(host(affinity));
        }
        if let Some(binding) = output.binding {
            self.binding.extend(host(binding));
        }
    }
}

/// What the two readers of a model say of many pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opinions {
    /// Of structure and evidence together.
    pub joint: Scores,
    /// Of evidence alone, where the model reads evidence.
    pub evidence: Option<Scores>,
}

impl Opinions {
    /// `(1 - share) evidence + share joint`, on standardised affinities and on logits.
    pub fn mixed(&self, share: f32) -> Scores {
        let Some(evidence) = &self.evidence else {
            return self.joint.clone();
        };
        let mix = |joint: &[f32], evidence: &[f32]| -> Vec<f32> {
            let pairs = joint.iter().zip(evidence);
            pairs.map(|(j, e)| share * j + (1.0 - share) * e).collect()
        };
        Scores {
            affinity: mix(&self.joint.affinity, &evidence.affinity),
            scales: self.joint.scales,
            binding: mix(&self.joint.binding, &evidence.binding),
        }
    }
}

/// Where the evidence of pairs comes from.
#[derive(Clone, Copy, Debug)]
pub enum EvidenceOf<'a> {
    /// The model reads none.
    Nothing,
    /// Gathered from a bank as pairs come.
    Bank(&'a Evidence),
    /// Gathered before, one row per pair.
    Table(&'a EvidenceTable),
}

/// What entities and pairs do without.
#[derive(Clone, Copy, Debug)]
pub enum Absence<'a> {
    /// All alike.
    Alike(Withheld),
    /// Each entity for itself: modalities that the drugs and the targets of the stores do without.
    Each([&'a [ModalitySet]; 2]),
}

impl Default for Absence<'_> {
    fn default() -> Self {
        Self::Alike(Withheld::default())
    }
}

impl Absence<'_> {
    fn of_drug(&self, drug: u32) -> ModalitySet {
        match self {
            Self::Alike(withheld) => withheld.drug,
            Self::Each([drugs, _]) => drugs[drug as usize],
        }
    }

    fn of_target(&self, target: u32) -> ModalitySet {
        match self {
            Self::Alike(withheld) => withheld.target,
            Self::Each([_, targets]) => targets[target as usize],
        }
    }

    fn of_pair(&self, (drug, target): (u32, u32)) -> Withheld {
        match self {
            Self::Alike(withheld) => *withheld,
            Self::Each(_) => Withheld {
                drug: self.of_drug(drug),
                target: self.of_target(target),
                ..Withheld::default()
            },
        }
    }
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().expect("model outputs are f32")
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
pub struct Reading {
    /// Distinct entities, ascending, and what is said of [`ENTITIES`] of them at a time.
    drugs: (Vec<u32>, Vec<Read>),
    targets: (Vec<u32>, Vec<Read>),
}

/// A model ready to score pairs.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    /// Model, without gradients.
    pub model: &'a Model,
    /// Evidence of the pairs.
    pub evidence: EvidenceOf<'a>,
    /// What entities and pairs do without.
    pub absence: Absence<'a>,
    /// Trust in the modalities of drugs and of targets.
    pub trust: [Trust; 2],
    /// Where the model lives.
    pub device: &'a Device,
}

impl Scorer<'_> {
    /// Reads every entity of `pairs` with all its modalities, for [`Scorer::score_read`].
    pub fn read(&self, (drugs, targets): (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> Reading {
        let (of_drugs, _) = distinct(pairs.iter().map(|p| p.0));
        let (of_targets, _) = distinct(pairs.iter().map(|p| p.1));
        let read_drugs = |ids: &[u32]| self.model.read_drugs(&drugs.batch(ids), self.device);
        let read_targets = |ids: &[u32]| self.model.read_targets(&targets.batch(ids), self.device);
        let said_of_drugs = of_drugs.chunks(ENTITIES).map(read_drugs).collect();
        let said_of_targets = of_targets.chunks(ENTITIES).map(read_targets).collect();
        Reading {
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
    ) -> Opinions {
        self.score_as(None, stores, pairs, progress)
    }

    /// [`Scorer::score`], of pairs of entities that have been read from the same stores: whatever they do without, no encoder runs again.
    pub fn score_read(
        &self,
        reading: &Reading,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> Opinions {
        self.score_as(Some(reading), stores, pairs, progress)
    }

    fn score_as(
        &self,
        reading: Option<&Reading>,
        (drugs, targets): (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        mut progress: impl FnMut(usize),
    ) -> Opinions {
        let mut opinions = Opinions::default();
        if pairs.is_empty() {
            return opinions;
        }
        let (drug_ids, drug_positions) = distinct(pairs.iter().map(|p| p.0));
        let (target_ids, target_positions) = distinct(pairs.iter().map(|p| p.1));
        let read = reading.map(|reading| {
            let same = reading.drugs.0 == drug_ids && reading.targets.0 == target_ids;
            assert!(same, "the entities of the pairs are those that were read");
            (&reading.drugs.1, &reading.targets.1)
        });
        let drug_states: Vec<Tensor<2>> = (drug_ids.chunks(ENTITIES).enumerate())
            .map(|(chunk, ids)| {
                let without: Vec<_> = ids.iter().map(|id| (*id, self.absence.of_drug(*id))).collect();
                let Some((read, _)) = read else {
                    let batch = drugs.batch_without(&without).trusted(self.trust[0]);
                    return self.model.encode_drugs(&batch, self.device);
                };
                let (present, trust) = drugs.presence(&without);
                let trust: Vec<Trust> = trust.into_iter().map(|own| own.and(self.trust[0])).collect();
                self.model.embed_drugs(read[chunk].clone(), (&present, &trust))
            })
            .collect();
        let target_states: Vec<Tensor<2>> = (target_ids.chunks(ENTITIES).enumerate())
            .map(|(chunk, ids)| {
                let without: Vec<_> = ids.iter().map(|id| (*id, self.absence.of_target(*id))).collect();
                let Some((_, read)) = read else {
                    let batch = targets.batch_without(&without).trusted(self.trust[1]);
                    return self.model.encode_targets(&batch, self.device);
                };
                let (present, trust) = targets.presence(&without);
                let trust: Vec<Trust> = trust.into_iter().map(|own| own.and(self.trust[1])).collect();
                self.model.embed_targets(read[chunk].clone(), (&present, &trust))
            })
            .collect();
        let (drug_states, target_states) = (Tensor::cat(drug_states, 0), Tensor::cat(target_states, 0));
        let fused = on_host(self.device).then(|| {
            let (head, shape) = self.model.fused_head();
            let sides = [
                head.project(drug_states.clone(), 0),
                head.project(target_states.clone(), 1),
            ];
            (head, sides, shape)
        });
        for gathered in (0..pairs.len()).step_by(GATHERED) {
            let last = (gathered + GATHERED).min(pairs.len());
            let fresh = match self.evidence {
                EvidenceOf::Bank(bank) => Some(bank.table((drugs, targets), &pairs[gathered..last])),
                _ => None,
            };
            let (table, first) = match (self.evidence, &fresh) {
                (EvidenceOf::Table(table), _) => (Some(table), 0),
                (_, fresh) => (fresh.as_ref(), gathered),
            };
            for start in (gathered..last).step_by(PAIRS) {
                let end = (start + PAIRS).min(last);
                let rows = table.map(|table| {
                    let trust = self.trust;
                    let row = |row: usize| {
                        let withheld = self.absence.of_pair(pairs[row]);
                        ((row - first) as u32, Withheld { trust, ..withheld })
                    };
                    table.rows(&(start..end).map(row).collect::<Vec<_>>())
                });
                let index = (&drug_positions[start..end], &target_positions[start..end]);
                match &fused {
                    Some((head, sides, shape)) => {
                        let rows = rows.as_ref().map(|rows| (rows.values.as_slice(), rows.width));
                        let columns = head.score([&sides[0], &sides[1]], index, rows);
                        opinions.joint.extend_columns(&columns.joint, *shape);
                        if !columns.evidence.is_empty() {
                            let evidence = opinions.evidence.get_or_insert_default();
                            evidence.extend_columns(&columns.evidence, *shape);
                        }
                    }
                    None => {
                        let index = PairIndex {
                            drug: index.0.to_vec(),
                            target: index.1.to_vec(),
                        };
                        let (drugs, targets) = (drug_states.clone(), target_states.clone());
                        let outputs = self.model.score(drugs, targets, index, rows.as_ref());
                        opinions.joint.extend(outputs.joint);
                        if let Some(evidence) = outputs.evidence {
                            opinions.evidence.get_or_insert_default().extend(evidence);
                        }
                    }
                }
                progress(end);
            }
        }
        opinions
    }
}
