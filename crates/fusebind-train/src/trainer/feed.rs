//! Batches of one epoch, packed by a second thread while the model works on the one before.
//!
//! Comes in: training indices and featurised stores. Goes out: [`Batch`]es in the sampler's order.

use std::sync::mpsc::sync_channel;

use fusebind_data::{
    sampler::{BatchSampler, SamplerConfig, distinct_batch},
    table::Interaction,
};
use fusebind_features::batch::PairIndex;
use fusebind_model::{
    bundle::OutputScale,
    input::{DrugInput, DrugStore, TargetInput, TargetStore},
};

use crate::{Error, objective::Labels};

/// Packed batches that may wait for the model.
const AHEAD: usize = 2;

/// One batch: distinct drugs, distinct targets, index pairs and their labels.
pub(super) struct Batch {
    pub drugs: DrugInput,
    pub targets: TargetInput,
    pub pairs: PairIndex,
    pub labels: Labels,
}

/// What batches are made of.
pub(super) struct Feed<'a> {
    pub interactions: &'a [Interaction],
    pub train: &'a [u32],
    pub stores: (&'a DrugStore, &'a TargetStore),
    pub scales: &'a [OutputScale],
    pub sampler: &'a SamplerConfig,
    pub seed: u64,
}

impl Feed<'_> {
    fn pair(&self, position: u32) -> (u32, u32) {
        let interaction = &self.interactions[self.train[position as usize] as usize];
        (interaction.drug, interaction.target)
    }

    /// The batches of `epoch` as positions in the training part.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<u32>> {
        let pairs: Vec<(u32, u32)> = (0..self.train.len() as u32).map(|p| self.pair(p)).collect();
        BatchSampler::new(self.sampler.clone()).epoch(&pairs, self.seed, epoch)
    }

    fn pack(&self, positions: &[u32]) -> Batch {
        let pairs: Vec<(u32, u32)> = positions.iter().map(|&p| self.pair(p)).collect();
        let (drugs, targets, index) = distinct_batch(&pairs);
        let interactions = positions
            .iter()
            .map(|&p| &self.interactions[self.train[p as usize] as usize]);
        Batch {
            drugs: self.stores.0.batch(&drugs),
            targets: self.stores.1.batch(&targets),
            pairs: index,
            labels: Labels::of(interactions, self.scales),
        }
    }

    /// Hands every batch to `consume`, in order, packing ahead of it.
    pub fn run(&self, batches: &[Vec<u32>], mut consume: impl FnMut(Batch) -> Result<(), Error>) -> Result<(), Error> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                for positions in batches {
                    // The consumer hung up: it met an error and nothing more is wanted.
                    if sender.send(self.pack(positions)).is_err() {
                        return;
                    }
                }
            });
            receiver.into_iter().try_for_each(&mut consume)
        })
    }
}
