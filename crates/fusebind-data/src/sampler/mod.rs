//! Order of training batches: reuse of entities against shuffling.
//!
//! Comes in: (drug, target) pairs, a seed and an epoch. Goes out: batches of positions, every pair exactly once per epoch. An
//! entity is encoded once per batch, so a batch with few distinct entities is cheap; a batch of only a few entities is
//! a poor sample. [`Order`] chooses between the two, [`reuse`] counts what a choice costs. Batches are a function of (seed,
//! epoch) alone: no state passes from one epoch to the next, so a resumed run sees the very same batches.
//!
//! ```
//! use fusebind_data::sampler::{BatchSampler, Order, SamplerConfig, distinct_batch, reuse};
//! // 40 drugs against 50 targets, every pair measured.
//! let pairs: Vec<(u32, u32)> = (0..2000).map(|i| (i / 50, i % 50)).collect();
//! let epoch = |order| {
//!     BatchSampler::new(SamplerConfig { batch_pairs: 100, order, ..SamplerConfig::default() }).epoch(&pairs, 7, 0)
//! };
//! let (plain, blocks) = (reuse(&epoch(Order::Shuffled), &pairs), reuse(&epoch(Order::Blocks), &pairs));
//! assert!(blocks.drugs + blocks.targets < 0.7 * (plain.drugs + plain.targets));
//! let first: Vec<(u32, u32)> = epoch(Order::Blocks)[0].iter().map(|p| pairs[*p as usize]).collect();
//! let (drugs, _targets, index) = distinct_batch(&first);
//! assert_eq!(drugs[index.drug[0] as usize], first[0].0);
//! ```

mod config;
mod order;
mod reuse;

pub use config::{Order, SamplerConfig};
pub use reuse::{ReuseReport, distinct_batch, reuse};

use fusebind_features::random::Stream;
use rand::seq::SliceRandom;

/// Builds the batches of an epoch.
#[derive(Clone, Debug)]
pub struct BatchSampler {
    config: SamplerConfig,
}

impl BatchSampler {
    /// A sampler of `config`.
    pub fn new(config: SamplerConfig) -> Self {
        Self { config }
    }

    /// Number of batches of every epoch over `pairs` pairs, for each order: a learning-rate schedule may rely on it.
    pub fn batches(&self, pairs: usize) -> usize {
        pairs.div_ceil(self.config.batch_pairs.max(1))
    }

    /// Batches of positions into `pairs` for one epoch. Sizes differ by at most one: no tiny batch is left at the end.
    pub fn epoch(&self, pairs: &[(u32, u32)], seed: u64, epoch: u64) -> Vec<Vec<u32>> {
        // A generator per epoch: independent of all others and available without generating them.
        let mut random = Stream::new(seed).numbered(epoch);
        let count = self.batches(pairs.len());
        let start = |batch: usize| batch * pairs.len() / count.max(1);
        let block = self.config.block_batches.max(1);
        let mut positions = order::arrange(pairs, self.config.order, count.div_ceil(block), &mut random);
        for first in (0..count).step_by(block) {
            positions[start(first)..start((first + block).min(count))].shuffle(&mut random);
        }
        order::exchange(&mut positions, self.config.mixing, &mut random);
        let mut batches: Vec<Vec<u32>> = (0..count)
            .map(|batch| positions[start(batch)..start(batch + 1)].to_vec())
            .collect();
        batches.shuffle(&mut random);
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const ORDERS: [Order; 4] = [Order::Shuffled, Order::DrugBlocks, Order::TargetBlocks, Order::Blocks];

    fn pairs() -> Vec<(u32, u32)> {
        (0..5000u32).map(|i| (i * 7 % 211, i * 13 % 97)).collect()
    }

    fn sampler(order: Order) -> BatchSampler {
        BatchSampler::new(SamplerConfig {
            batch_pairs: 128,
            order,
            ..SamplerConfig::default()
        })
    }

    #[test]
    fn every_pair_once_per_epoch_and_never_twice_alike() {
        for order in ORDERS {
            let (pairs, sampler) = (pairs(), sampler(order));
            let epoch = sampler.epoch(&pairs, 1, 0);
            let mut all: Vec<u32> = epoch.iter().flatten().copied().collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..5000), "{order:?}");
            assert_eq!(epoch.len(), sampler.batches(5000));
            assert!(epoch.iter().all(|b| (125..=126).contains(&b.len())), "{order:?}");
            assert_eq!(
                epoch,
                sampler.epoch(&pairs, 1, 0),
                "{order:?} is a function of seed and epoch"
            );
            assert_ne!(epoch, sampler.epoch(&pairs, 1, 1));
            assert_ne!(epoch, sampler.epoch(&pairs, 2, 0));
        }
    }

    #[test]
    fn blocks_reuse_entities() {
        let pairs = pairs();
        let of = |order| reuse(&sampler(order).epoch(&pairs, 3, 0), &pairs);
        let plain = of(Order::Shuffled);
        assert!(of(Order::DrugBlocks).drugs < 0.5 * plain.drugs);
        assert!(of(Order::TargetBlocks).targets < 0.5 * plain.targets);
        let both = of(Order::Blocks);
        assert!(
            both.drugs < 0.8 * plain.drugs && both.targets < 0.8 * plain.targets,
            "{both:?} {plain:?}"
        );
        assert!(both.pairs_per_entity > 1.3 * plain.pairs_per_entity);
    }

    #[test]
    fn every_knob_moves_reuse() {
        let pairs = pairs();
        let drugs = |block_batches, mixing| {
            let config = SamplerConfig {
                batch_pairs: 128,
                order: Order::DrugBlocks,
                block_batches,
                mixing,
            };
            reuse(&BatchSampler::new(config).epoch(&pairs, 5, 2), &pairs).drugs
        };
        assert!(drugs(1, 0.0) < drugs(4, 0.0) && drugs(4, 0.0) < drugs(16, 0.0));
        assert!(drugs(1, 0.0) < drugs(1, 0.3) && drugs(1, 0.3) < drugs(1, 1.0));
        let plain = reuse(&sampler(Order::Shuffled).epoch(&pairs, 5, 2), &pairs).drugs;
        assert!((drugs(1, 1.0) - plain).abs() < 3.0, "full mixing is plain shuffling");
    }

    #[test]
    fn small_and_empty_inputs_are_no_special_case() {
        for order in ORDERS {
            assert!(sampler(order).epoch(&[], 0, 0).is_empty());
            assert_eq!(sampler(order).epoch(&[(3, 9)], 0, 0), [[0]]);
            let odd = sampler(order).epoch(&pairs()[..129], 0, 0);
            assert_eq!(odd.iter().map(Vec::len).sum::<usize>(), 129);
            assert!(odd.iter().all(|b| b.len() >= 64), "no tiny last batch");
        }
        assert!(SamplerConfig::default().check().is_ok());
        for wrong in [
            SamplerConfig {
                batch_pairs: 0,
                ..SamplerConfig::default()
            },
            SamplerConfig {
                mixing: f64::NAN,
                ..SamplerConfig::default()
            },
        ] {
            assert_eq!(wrong.check().unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
