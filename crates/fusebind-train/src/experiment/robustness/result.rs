//! What a sweep found, as it is printed and written to files.

use fusebind_data::split::Part;
use serde::{Deserialize, Serialize};

use crate::{evaluate::TableFinding, experiment::ablation::ScoredRun};

/// One scored measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// `missing`, `subset` or `noise`.
    pub variant: String,
    /// Pattern, subset or kind of noise.
    pub name: String,
    /// Missing rate.
    pub rate: f64,
    /// Number of the repetition.
    pub draw: u64,
    /// Area under the ROC curve, or concordance index.
    pub score: f64,
    /// Expected calibration error, or mean squared error.
    pub error: f64,
}

/// An added modality that lowered the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Modalities before.
    pub subset: String,
    /// What was added.
    pub added: String,
    /// Score lost.
    pub loss: f64,
}

/// How much of a side table looked wrong while something was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What was wrong: a kind of [`Noise`](crate::experiment::noise::Noise), or `nothing`.
    pub noise: String,
    /// What was found.
    #[serde(flatten)]
    pub finding: TableFinding,
}

/// Everything that was swept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Robustness {
    /// Part that was scored.
    pub part: Part,
    /// Labelled pairs.
    pub n: usize,
    /// `auroc` or `ci`.
    pub metric: String,
    /// Score with everything there is.
    pub full: f64,
    /// Score with graph and sequence alone.
    pub structure_only: f64,
    /// Area under the missing-rate curves over that of the full score.
    pub area_ratio: f64,
    /// Mean, standard deviation and worst of the subsets' scores.
    pub subsets: Spread,
    /// Where a true modality hurts, the worst first.
    pub violations: Vec<Violation>,
    /// How much of each side table looked wrong while nothing was, and of those that a kind of noise perturbed.
    pub tables: Vec<Found>,
    /// All measurements.
    pub measurements: Vec<Measurement>,
    /// Labels and predictions under the conditions that ablations compare.
    #[serde(skip)]
    pub scored: ScoredRun,
}

/// Spread of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Lowest.
    pub worst: f64,
}
