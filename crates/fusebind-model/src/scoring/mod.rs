//! Many pairs through a model: each entity encoded once, pairs scored in chunks of bounded memory.
//!
//! A model can be asked of a pair more than once. Its two readers are mixed, and what they say from everything that is known of the
//! two entities is mixed with what they say from graph and sequence alone:
//!
//! ```text
//! y(A) = m joint(A) + (1 - m) evidence(A)        A: modalities that are shown, m: `Blend::mix`
//! prediction = s y(structure) + (1 - s) y(all)   s: `Blend::structure`; 0 for a pair without its graph or its sequence
//! ```
//!
//! Modality dropout trains one model for every subset of the modalities; this is the mean of two members of that ensemble (as
//! dropout is averaged at test, Gal & Ghahramani 2016, arXiv:1506.02142). It costs no second encoder pass. Where side modalities say
//! little, their noise shrinks with `s`, and so does the harm of a wrong one; where they say much, validation chooses `s = 0`.
//!
//! Comes in: stores of featurised entities and pairs of indices into them. Goes out: one row per pair, in order.

mod opinion;

use burn::tensor::{Device, Tensor};
use fusebind_features::{
    batch::PairIndex,
    modality::{Modality, ModalitySet, Trust},
};

use crate::{
    evidence::{Evidence, EvidenceTable, Withheld},
    input::{DrugStore, TargetStore},
    layer::kernel::on_host,
    model::{Model, Read},
};

pub use opinion::{Blend, Opinions, Scores};

/// Entities encoded at a time.
const ENTITIES: usize = 512;
/// Pairs scored at a time.
const PAIRS: usize = 32_768;
/// Pairs whose evidence is gathered at a time.
const GATHERED: usize = 8 * PAIRS;

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

/// From what a model speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum View {
    /// From everything that it is shown.
    Everything,
    /// From the graph and the sequence alone.
    Structure,
}

impl View {
    /// What an entity does without that is to do without `withheld`.
    fn without(self, withheld: ModalitySet) -> ModalitySet {
        match self {
            Self::Everything => withheld,
            Self::Structure => withheld.union(structure().complement()),
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
        let [opinions] = self.opinions(None, stores, pairs, [View::Everything], progress);
        opinions
    }

    /// [`Scorer::score`], of pairs of entities that have been read from the same stores: whatever they do without, no encoder runs again.
    pub fn score_read(
        &self,
        reading: &Reading,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> Opinions {
        let [opinions] = self.opinions(Some(reading), stores, pairs, [View::Everything], progress);
        opinions
    }

    /// [`Scorer::score_read`], and what is said of the same pairs from structure alone.
    pub fn score_both(
        &self,
        reading: &Reading,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
    ) -> [Opinions; 2] {
        self.opinions(
            Some(reading),
            stores,
            pairs,
            [View::Everything, View::Structure],
            |_| {},
        )
    }

    /// What a model that blends its opinions so predicts of `pairs`, whose entities may have been read before from the same stores.
    pub fn predict(
        &self,
        reading: Option<&Reading>,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        blend: Blend,
        progress: impl FnMut(usize),
    ) -> Scores {
        if blend.structure == 0.0 {
            let [opinions] = self.opinions(reading, stores, pairs, [View::Everything], progress);
            return opinions.mixed(blend.mix);
        }
        let views = [View::Everything, View::Structure];
        let both = self.opinions(reading, stores, pairs, views, progress);
        self.blended(&both, pairs, blend)
    }

    /// The prediction that [`Scorer::score_both`] makes of `pairs`; what is said from structure alone is not looked at where it has no
    /// share.
    pub fn blended(&self, [everything, structure]: &[Opinions; 2], pairs: &[(u32, u32)], blend: Blend) -> Scores {
        let everything = everything.mixed(blend.mix);
        if blend.structure == 0.0 {
            return everything;
        }
        let mut scores = structure.mixed(blend.mix).mixed(&everything, blend.structure);
        let lacks_structure = |row: &usize| {
            let without = self.absence.of_pair(pairs[*row]);
            without.drug.contains(Modality::Graph) || without.target.contains(Modality::Sequence)
        };
        scores.replace(&everything, (0..pairs.len()).filter(lacks_structure));
        scores
    }

    fn opinions<const V: usize>(
        &self,
        reading: Option<&Reading>,
        (drugs, targets): (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        views: [View; V],
        mut progress: impl FnMut(usize),
    ) -> [Opinions; V] {
        let mut opinions: [Opinions; V] = std::array::from_fn(|_| Opinions::default());
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
        let states = |chunks: Vec<[Tensor<2>; V]>| -> [Tensor<2>; V] {
            std::array::from_fn(|view| Tensor::cat(chunks.iter().map(|chunk| chunk[view].clone()).collect(), 0))
        };
        let drug_states = (drug_ids.chunks(ENTITIES).enumerate())
            .map(|(chunk, ids)| {
                let without = |view: View| -> Vec<(u32, ModalitySet)> {
                    let of = |id: &u32| (*id, view.without(self.absence.of_drug(*id)));
                    ids.iter().map(of).collect()
                };
                let read = match read {
                    Some((read, _)) => read[chunk].clone(),
                    None => (self.model).read_drugs(&drugs.batch_without(&without(View::Everything)), self.device),
                };
                views.map(|view| {
                    let (present, trust) = drugs.presence(&without(view));
                    let trust: Vec<Trust> = trust.into_iter().map(|own| own.and(self.trust[0])).collect();
                    self.model.embed_drugs(read.clone(), (&present, &trust))
                })
            })
            .collect();
        let target_states = (target_ids.chunks(ENTITIES).enumerate())
            .map(|(chunk, ids)| {
                let without = |view: View| -> Vec<(u32, ModalitySet)> {
                    let of = |id: &u32| (*id, view.without(self.absence.of_target(*id)));
                    ids.iter().map(of).collect()
                };
                let read = match read {
                    Some((_, read)) => read[chunk].clone(),
                    None => (self.model).read_targets(&targets.batch_without(&without(View::Everything)), self.device),
                };
                views.map(|view| {
                    let (present, trust) = targets.presence(&without(view));
                    let trust: Vec<Trust> = trust.into_iter().map(|own| own.and(self.trust[1])).collect();
                    self.model.embed_targets(read.clone(), (&present, &trust))
                })
            })
            .collect();
        let (drug_states, target_states) = (states(drug_states), states(target_states));
        let fused = on_host(self.device).then(|| {
            let (head, shape) = self.model.fused_head();
            let sides = std::array::from_fn::<_, V, _>(|view| {
                [
                    head.project(drug_states[view].clone(), 0),
                    head.project(target_states[view].clone(), 1),
                ]
            });
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
                let index = (&drug_positions[start..end], &target_positions[start..end]);
                for (at, (view, opinions)) in views.into_iter().zip(&mut opinions).enumerate() {
                    let rows = table.map(|table| {
                        let row = |row: usize| {
                            let withheld = self.absence.of_pair(pairs[row]);
                            let withheld = Withheld {
                                trust: self.trust,
                                drug: view.without(withheld.drug),
                                target: view.without(withheld.target),
                                ..withheld
                            };
                            ((row - first) as u32, withheld)
                        };
                        table.rows(&(start..end).map(row).collect::<Vec<_>>())
                    });
                    match &fused {
                        Some((head, sides, shape)) => {
                            let rows = rows.as_ref().map(|rows| (rows.values.as_slice(), rows.width));
                            let [drugs, targets] = &sides[at];
                            let columns = head.score([drugs, targets], index, rows);
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
                            let (drugs, targets) = (drug_states[at].clone(), target_states[at].clone());
                            let outputs = self.model.score(drugs, targets, index, rows.as_ref());
                            opinions.joint.extend(outputs.joint);
                            if let Some(evidence) = outputs.evidence {
                                opinions.evidence.get_or_insert_default().extend(evidence);
                            }
                        }
                    }
                }
                progress(end);
            }
        }
        opinions
    }
}
