//! What an evaluation finds, ready to be printed.

use std::collections::BTreeMap;

use fusebind_data::split::{OverlapAudit, Part};
use fusebind_eval::resample::Interval;
use fusebind_features::quality::TableQuality;
use serde::{Deserialize, Serialize};

use super::{calibration::CalibrationScores, within_entity::WithinScores};

/// Metrics by name.
pub type Metrics = BTreeMap<String, f64>;

/// Scores of a model on one part of a split.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Part that was scored.
    pub part: Part,
    /// Labelled pairs scored.
    pub n: usize,
    /// What the labels are of, such as `pIC50`, where the model predicts something else and only its order is scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_rank: Option<String>,
    /// Scores of the model.
    pub metrics: Metrics,
    /// 95 % bootstrap interval of the main scores.
    pub intervals: BTreeMap<String, Interval>,
    /// What the bootstrap samples: `pairs`, or the new `drugs`, `targets` or `drugs and targets` with all their pairs.
    pub resampled: &'static str,
    /// Scores of each baseline.
    pub baselines: BTreeMap<String, Metrics>,
    /// How well the compounds of one target are ranked, as a mean over targets.
    pub within_target: WithinScores,
    /// How well the targets of one drug are ranked, as a mean over drugs.
    pub within_drug: WithinScores,
    /// A sentence for each baseline that does better than the model.
    pub better_baselines: Vec<String>,
    /// Whether intervals, sets and probabilities fitted on the validation part hold; of the test part alone.
    pub calibration: Option<CalibrationScores>,
    /// Shares of the pairs whose entities occur in training.
    pub leakage: OverlapAudit,
    /// Side data that the model could not use, and why there is no interval.
    pub notes: Vec<String>,
    /// How much of each side table looks wrong.
    pub tables: Vec<TableFinding>,
}

/// How much of what a side table says of its entities looks wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableFinding {
    /// `drug` or `target`.
    pub entity: String,
    /// What was found.
    #[serde(flatten)]
    pub quality: TableQuality,
}

impl TableFinding {
    /// Findings on the tables of drugs, then on those of targets.
    pub fn all([drugs, targets]: &[Vec<TableQuality>; 2]) -> impl Iterator<Item = Self> {
        let of = |entity: &'static str| {
            move |quality: &TableQuality| Self {
                entity: entity.into(),
                quality: *quality,
            }
        };
        drugs.iter().map(of("drug")).chain(targets.iter().map(of("target")))
    }
}

/// Predictions for one pair.
#[derive(Clone, Debug)]
pub struct PairPrediction {
    /// Index into the data set's interactions.
    pub interaction: u32,
    /// Predicted affinity on each scale of the model.
    pub affinity: Vec<f64>,
    /// Probability of binding, with a binding head.
    pub probability: Option<f64>,
}
