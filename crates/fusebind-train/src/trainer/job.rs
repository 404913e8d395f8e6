//! What is to be trained, who hears of it, and what came of it.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::Device;
use fusebind_data::{split::Split, table::Dataset};
use fusebind_features::entity::side::SideData;
use fusebind_pretrained::EmbedProgress;

use crate::{recipe::Recipe, run_dir::EpochMetrics};

/// Hears how a run goes.
pub trait Observer {
    /// Training begins or goes on: pairs per epoch, epochs in all, epochs already done.
    fn begin(&mut self, _pairs: usize, _epochs: u64, _done: u64) {}
    /// Something that the user should know.
    fn note(&mut self, _note: &str) {}
    /// A pretrained encoder embeds the entities: which one, and how far it has come.
    fn embedding(&mut self, _encoder: &str, _progress: EmbedProgress) {}
    /// `pairs` of the current epoch are done.
    fn pairs(&mut self, _pairs: usize) {}
    /// An epoch is done.
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
    /// Whether to stop after this epoch, with a state to go on from.
    fn is_stopping(&self) -> bool {
        false
    }
}

/// An observer that does not care.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// One training run.
pub struct Job<'a> {
    /// Recipe.
    pub recipe: &'a Recipe,
    /// Data set.
    pub dataset: &'a Dataset,
    /// Side data of its drugs and of its targets.
    pub side: [&'a SideData; 2],
    /// Split over it.
    pub split: &'a Split,
    /// Seed.
    pub seed: u64,
    /// Device, without gradients.
    pub device: &'a Device,
    /// Run folder.
    pub out: &'a Path,
    /// Folder that keeps what pretrained encoders compute, for other runs too; the run folder without it.
    pub cache: Option<&'a Path>,
    /// Whether to go on with the run in `out`.
    pub resume: bool,
    /// Stop after this many epochs as a kill would, leaving the state behind; for tests of resuming.
    pub stop_after: Option<u64>,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trained {
    /// Epoch whose weights were kept.
    pub epoch: u64,
    /// Scores of that epoch on validation by name; empty without a validation part.
    pub metrics: BTreeMap<String, f64>,
    /// Seconds of training, this process only.
    pub seconds: f64,
    /// Training pairs per second, this process only.
    pub pairs_per_second: f64,
}
