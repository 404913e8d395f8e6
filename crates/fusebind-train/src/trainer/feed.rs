//! Batches of one epoch, packed by a second thread while the model works on the one before.
//!
//! Comes in: training indices and featurised stores. Goes out: [`Batch`]es in the sampler's order.

use std::sync::mpsc::sync_channel;

use fusebind_data::{
    sampler::{BatchSampler, SamplerConfig, distinct_batch},
    table::Interaction,
};
use fusebind_features::{
    batch::PairIndex,
    modality::{Modality, ModalitySet, Trust},
};
use fusebind_model::{
    bundle::OutputScale,
    evidence::{EvidenceTable, Withheld},
    input::{DrugInput, DrugStore, Rows, SideStore, TargetInput, TargetStore},
};

use crate::{
    Error,
    objective::Labels,
    recipe::{ModalitiesConfig, NoveltyConfig},
};

/// Packed batches that may wait for the model.
const AHEAD: usize = 2;

/// One batch: distinct drugs, distinct targets, index pairs and their labels.
pub(super) struct Batch {
    pub drugs: DrugInput,
    pub targets: TargetInput,
    pub pairs: PairIndex,
    pub evidence: Option<Rows>,
    pub labels: Labels,
}

/// What batches are made of.
pub(super) struct Feed<'a> {
    pub interactions: &'a [Interaction],
    /// Drug row and target row of each interaction.
    pub pairs: &'a [(u32, u32)],
    pub train: &'a [u32],
    pub stores: (&'a DrugStore, &'a TargetStore),
    pub scales: &'a [OutputScale],
    /// Evidence by position in the training part.
    pub evidence: Option<&'a EvidenceTable>,
    pub novelty: &'a NoveltyConfig,
    pub modalities: &'a ModalitiesConfig,
    pub sampler: &'a SamplerConfig,
    pub seed: u64,
    /// Trust in the modalities of drugs and of targets in the epoch at hand.
    pub trust: [Trust; 2],
}

impl Feed<'_> {
    fn pair(&self, position: u32) -> (u32, u32) {
        self.pairs[self.train[position as usize] as usize]
    }

    /// The batches of `epoch` as positions in the training part.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<u32>> {
        let pairs: Vec<(u32, u32)> = (0..self.train.len() as u32).map(|p| self.pair(p)).collect();
        BatchSampler::new(self.sampler.clone()).epoch(&pairs, self.seed, epoch)
    }

    /// What the evidence of a training pair must do without in this epoch.
    fn withheld(&self, epoch: u64, position: u32) -> Withheld {
        let draw =
            |salt: u64| unit(self.seed ^ epoch.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ (u64::from(position) << 2 | salt));
        Withheld {
            drug_labels: draw(1) < self.novelty.drug,
            target_labels: draw(2) < self.novelty.target,
            ..Withheld::default()
        }
    }

    /// The modalities that an entity does without in a batch: each side modality by a coin of its own, or, for some entities,
    /// any subset of all, structure and all included. A side without side modalities has nothing to do without.
    fn dropped(&self, counter: u64, entity: u32, store: &SideStore, structure: Modality) -> ModalitySet {
        if store.is_empty() {
            return ModalitySet::default();
        }
        let draw = |salt: u64| unit(counter ^ (u64::from(entity) << 8 | 16 | salt));
        let side = store.present(entity);
        let (rate, extra) = match draw(15) < self.modalities.structure_dropout {
            true => (0.5, Some(structure)),
            false => (self.modalities.side_dropout, None),
        };
        side.iter().chain(extra).filter(|m| draw(*m as u64) < rate).collect()
    }

    fn pack(&self, epoch: u64, positions: &[u32]) -> Batch {
        let pairs: Vec<(u32, u32)> = positions.iter().map(|&p| self.pair(p)).collect();
        let (drugs, targets, index) = distinct_batch(&pairs);
        let counter = self.seed ^ epoch.wrapping_mul(0xA076_1D64_78BD_642F) ^ (u64::from(positions[0]) << 40);
        let drugs: Vec<(u32, ModalitySet)> = (drugs.iter())
            .map(|&d| (d, self.dropped(counter, d, &self.stores.0.side, Modality::Graph)))
            .collect();
        let targets: Vec<(u32, ModalitySet)> = (targets.iter())
            .map(|&t| (t, self.dropped(!counter, t, &self.stores.1.side, Modality::Sequence)))
            .collect();
        let interactions = positions
            .iter()
            .map(|&p| &self.interactions[self.train[p as usize] as usize]);
        Batch {
            evidence: self.evidence.map(|table| {
                let row = |(at, &position): (usize, &u32)| {
                    let withheld = Withheld {
                        drug: drugs[index.drug[at] as usize].1,
                        target: targets[index.target[at] as usize].1,
                        trust: self.trust,
                        ..self.withheld(epoch, position)
                    };
                    (position, withheld)
                };
                table.rows(&positions.iter().enumerate().map(row).collect::<Vec<_>>())
            }),
            drugs: self.stores.0.batch_without(&drugs).trusted(self.trust[0]),
            targets: self.stores.1.batch_without(&targets).trusted(self.trust[1]),
            pairs: index,
            labels: Labels::of(interactions, self.scales),
        }
    }

    /// Hands every batch to `consume`, in order, packing ahead of it.
    pub fn run(
        &self,
        epoch: u64,
        batches: &[Vec<u32>],
        mut consume: impl FnMut(Batch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                for positions in batches {
                    // The consumer hung up: it met an error and nothing more is wanted.
                    if sender.send(self.pack(epoch, positions)).is_err() {
                        return;
                    }
                }
            });
            receiver.into_iter().try_for_each(&mut consume)
        })
    }
}

/// A number in [0, 1) from a counter (SplitMix64, Steele et al. 2014, doi 10.1145/2660193.2660195).
fn unit(counter: u64) -> f64 {
    let mut z = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
