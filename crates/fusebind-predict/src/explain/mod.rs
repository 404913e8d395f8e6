//! Reasons for a prediction: the training pairs, the modalities, and the atoms and residues that it rests on.
//!
//! Comes in: a model, entities and a pair of them. Goes out: an [`Explanation`]. All reasons are in one unit: that of the first affinity, or
//! log-odds of binding where there is none, so that they can be compared and added.
//!
//! - [`shapley`]: what each modality, and what the training pairs of each side, add to the prior; they add up to the prediction exactly.
//! - [`neighbours`]: what the prediction would be without one training pair.
//! - [`parts`]: what it would be without one atom, or without a window of residues, with what they do not explain.

mod neighbours;
mod parts;
mod shapley;

pub use neighbours::NeighbourReason;
pub use parts::{PartReason, PartReasons};
pub use shapley::{Share, Shares};

use fusebind_features::schema::{DrugStore, TargetStore};
use fusebind_model::{
    scoring::Scores,
    trained::{Description, TrainedModel},
};
use serde::Serialize;

/// Why a model predicts what it predicts for one pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// Unit of everything here: a scale such as `pKd`, or `log-odds`.
    pub unit: String,
    /// The prediction in that unit.
    pub prediction: f64,
    /// What modalities and known pairs add to the prior.
    pub modalities: Shares,
    /// Training pairs, the one with the largest effect first.
    pub neighbours: Vec<NeighbourReason>,
    /// Effect of each atom, in the order of the canonical SMILES; none where its substructures cannot be told apart, as with isotopes.
    pub atoms: Option<PartReasons>,
    /// Effect of each window of residues.
    pub residues: PartReasons,
}

/// A pair in stores, and the model that explains it.
#[derive(Clone, Copy)]
pub(crate) struct Explained<'a> {
    pub trained: &'a TrainedModel,
    pub stores: (&'a DrugStore, &'a TargetStore),
    pub pair: (u32, u32),
}

impl Explained<'_> {
    /// Everything; `without_pair` is the same model, whose reference set may be changed.
    pub fn explain(self, without_pair: &mut TrainedModel, switched_off: fusebind_features::neighbours::Mask) -> Explanation {
        let modalities = shapley::shares(self, switched_off);
        Explanation {
            unit: unit(&self.trained.description).to_string(),
            prediction: modalities.prediction,
            neighbours: neighbours::reasons(self, without_pair, switched_off),
            atoms: parts::atoms(self, switched_off),
            residues: parts::residues(self, switched_off),
            modalities,
        }
    }
}

/// Unit of explanations.
fn unit(description: &Description) -> &str {
    description.scales.first().map_or("log-odds", |scale| &scale.name)
}

/// The first thing that is said of the pair in `row`, in the unit of explanations.
fn value(description: &Description, scores: &Scores, row: usize) -> f64 {
    match description.scales.first() {
        Some(scale) => f64::from(scores.affinity[row * scores.scales]) * scale.std + scale.mean,
        None => f64::from(scores.binding[row]),
    }
}

/// What is said of a pair of which nothing is known, in the unit of explanations.
fn prior(description: &Description) -> f64 {
    let log_odds = |p: f64| (p / (1.0 - p)).ln();
    match description.scales.first() {
        Some(scale) => scale.mean,
        None => description.prior.map_or(0.0, log_odds),
    }
}
