//! One trained and scored variant of an ablation, as `OUT/scored/VARIANT-SEED.json` keeps it: `ablate` writes it, the report reads it.

use fusebind::train::{
    experiment::{ablation::ScoredRun, robustness::Robustness},
    run_dir::EpochMetrics,
};
use serde::{Deserialize, Serialize};

/// One trained and scored variant.
#[derive(Debug, Serialize, Deserialize)]
pub struct VariantRun {
    /// Labels and predictions.
    pub scored: ScoredRun,
    /// Scores.
    pub robustness: Robustness,
    /// Log of the training.
    pub epochs: Vec<EpochMetrics>,
}
