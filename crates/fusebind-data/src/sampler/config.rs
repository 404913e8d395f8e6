//! What a [`BatchSampler`](super::BatchSampler) is configured by: the order of the pairs and the size of the batches.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// How pairs are ordered before they are cut into batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Plain shuffling: the best sample, the most distinct entities.
    #[default]
    Shuffled,
    /// Drugs in random order, cut into blocks; the pairs of a block are shuffled. Saves drug encodings.
    DrugBlocks,
    /// Targets in random order, cut in the same way. Saves target encodings.
    TargetBlocks,
    /// Tiles of a random group of drugs by a random group of targets: saves on both sides where most pairs are known.
    Blocks,
}

/// Configuration of a [`super::BatchSampler`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplerConfig {
    /// Most pairs in a batch.
    pub batch_pairs: usize,
    /// Order of pairs.
    pub order: Order,
    /// Batches whose pairs are shuffled together as one block; more is a better sample, fewer reuses more.
    pub block_batches: usize,
    /// Share of all pairs that are exchanged at random between batches, 0 for pure blocks to 1 for plain shuffling.
    pub mixing: f64,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self {
            batch_pairs: 1024,
            order: Order::Shuffled,
            block_batches: 4,
            mixing: 0.0,
        }
    }
}

impl SamplerConfig {
    /// Refuses settings that make no batches.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |reason: &str| Err(Error::new(ErrorKind::Config, format!("sampler: {reason}")));
        if self.batch_pairs == 0 || self.block_batches == 0 {
            return refuse("`batch_pairs` and `block_batches` must be above 0");
        }
        if !(0.0..=1.0).contains(&self.mixing) {
            return refuse("`mixing` must lie between 0 and 1");
        }
        Ok(())
    }
}
