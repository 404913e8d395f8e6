//! Order of training batches: reuse of entities against shuffling.
//!
//! Comes in: (drug, target) pairs, a seed and an epoch. Goes out: batches of positions, every pair exactly once. An entity is
//! encoded once per batch, so a batch with few distinct entities is cheap; a batch drawn from a few entities only is a
//! poor sample. [`Order`] chooses between the two. Batches depend on (seed, epoch) alone, so a resumed run sees the same.

use fusebind_features::batch::PairIndex;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How pairs are ordered before they are cut into batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Plain shuffling: the best sample, the most distinct entities.
    #[default]
    Shuffled,
    /// Drugs in random blocks; a block's pairs are shuffled and its batches mixed with those of all other blocks.
    DrugBlocks,
    /// Targets in random blocks, likewise.
    TargetBlocks,
}

/// Configuration of a [`BatchSampler`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplerConfig {
    /// Pairs per batch.
    pub batch_pairs: usize,
    /// Order of pairs.
    pub order: Order,
    /// Batches that a block of entities should fill; more is a better sample, fewer reuses more.
    pub block_batches: usize,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self { batch_pairs: 1024, order: Order::Shuffled, block_batches: 4 }
    }
}

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

    /// Batches of positions into `pairs` for one epoch; sizes differ by at most one within a block.
    pub fn epoch(&self, pairs: &[(u32, u32)], seed: u64, epoch: u64) -> Vec<Vec<u32>> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(epoch);
        let positions: Vec<u32> = (0..pairs.len() as u32).collect();
        let blocks = match self.config.order {
            Order::Shuffled => vec![positions],
            Order::DrugBlocks => self.blocks(positions, |p| pairs[p as usize].0, &mut random),
            Order::TargetBlocks => self.blocks(positions, |p| pairs[p as usize].1, &mut random),
        };
        let mut batches: Vec<Vec<u32>> = Vec::new();
        for mut block in blocks {
            block.shuffle(&mut random);
            batches.extend(cut(&block, self.config.batch_pairs.max(1)));
        }
        batches.shuffle(&mut random);
        batches
    }

    /// Entities in random order, cut so that each block fills about `block_batches` batches.
    fn blocks(&self, mut positions: Vec<u32>, entity: impl Fn(u32) -> u32, random: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
        let mut entities: Vec<u32> = positions.iter().map(|p| entity(*p)).collect();
        entities.sort_unstable();
        entities.dedup();
        let mut rank: Vec<u32> = (0..entities.len() as u32).collect();
        rank.shuffle(random);
        positions.sort_by_cached_key(|p| rank[entities.partition_point(|e| *e < entity(*p))]);
        let wanted = self.config.batch_pairs.max(1) * self.config.block_batches.max(1);
        let mut blocks: Vec<Vec<u32>> = Vec::new();
        for group in positions.chunk_by(|a, b| entity(*a) == entity(*b)) {
            match blocks.last_mut() {
                Some(block) if block.len() + group.len() / 2 < wanted => block.extend_from_slice(group),
                _ => blocks.push(group.to_vec()),
            }
        }
        blocks
    }
}

/// Cuts `block` into the number of batches nearest to its length over `size`, as even as can be.
fn cut(block: &[u32], size: usize) -> impl Iterator<Item = Vec<u32>> {
    let count = (block.len() as f64 / size as f64).round().max(1.0) as usize;
    (0..count).map(move |i| block[i * block.len() / count..(i + 1) * block.len() / count].to_vec())
}

/// What a batch order costs: mean distinct entities per batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReuseReport {
    /// Mean distinct drugs per batch.
    pub drugs: f64,
    /// Mean distinct targets per batch.
    pub targets: f64,
    /// Mean pairs per batch.
    pub pairs: f64,
}

/// Counts distinct entities per batch.
pub fn reuse(batches: &[Vec<u32>], pairs: &[(u32, u32)]) -> ReuseReport {
    let mut totals = (0usize, 0usize, 0usize);
    for batch in batches {
        let batch: Vec<(u32, u32)> = batch.iter().map(|p| pairs[*p as usize]).collect();
        let (drugs, targets, _) = distinct_batch(&batch);
        totals = (totals.0 + drugs.len(), totals.1 + targets.len(), totals.2 + batch.len());
    }
    let mean = |total: usize| total as f64 / batches.len().max(1) as f64;
    ReuseReport { drugs: mean(totals.0), targets: mean(totals.1), pairs: mean(totals.2) }
}

/// Distinct drugs and targets of `pairs`, ascending, and the pairs as positions among them.
pub fn distinct_batch(pairs: &[(u32, u32)]) -> (Vec<u32>, Vec<u32>, PairIndex) {
    let side = |of: fn(&(u32, u32)) -> u32| {
        let mut entities: Vec<u32> = pairs.iter().map(of).collect();
        entities.sort_unstable();
        entities.dedup();
        let positions: Vec<u32> =
            pairs.iter().map(|p| entities.partition_point(|e| *e < of(p)) as u32).collect();
        (entities, positions)
    };
    let ((drugs, drug), (targets, target)) = (side(|p| p.0), side(|p| p.1));
    (drugs, targets, PairIndex { drug, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> Vec<(u32, u32)> {
        (0..5000u32).map(|i| (i * 7 % 211, i * 13 % 97)).collect()
    }

    fn sampler(order: Order) -> BatchSampler {
        BatchSampler::new(SamplerConfig { batch_pairs: 128, order, block_batches: 4 })
    }

    #[test]
    fn every_pair_once_per_epoch_and_never_twice_alike() {
        for order in [Order::Shuffled, Order::DrugBlocks, Order::TargetBlocks] {
            let (pairs, sampler) = (pairs(), sampler(order));
            let epoch = sampler.epoch(&pairs, 1, 0);
            let mut all: Vec<u32> = epoch.iter().flatten().copied().collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..5000), "{order:?}");
            assert!(epoch.iter().all(|b| (64..=192).contains(&b.len())), "{order:?}");
            assert_eq!(epoch, sampler.epoch(&pairs, 1, 0), "{order:?} is a function of seed and epoch");
            assert_ne!(epoch, sampler.epoch(&pairs, 1, 1));
            assert_ne!(epoch, sampler.epoch(&pairs, 2, 0));
        }
    }

    #[test]
    fn blocks_reuse_entities() {
        let pairs = pairs();
        let of = |order| reuse(&sampler(order).epoch(&pairs, 3, 0), &pairs);
        assert!(of(Order::DrugBlocks).drugs < 0.5 * of(Order::Shuffled).drugs);
        assert!(of(Order::TargetBlocks).targets < 0.5 * of(Order::Shuffled).targets);
    }

    #[test]
    fn a_batch_names_each_entity_once() {
        let (drugs, targets, index) = distinct_batch(&[(9, 2), (4, 2), (9, 7)]);
        assert_eq!((drugs, targets), (vec![4, 9], vec![2, 7]));
        assert_eq!(index, PairIndex { drug: vec![1, 0, 1], target: vec![0, 0, 1] });
    }
}
