//! The pair that is explained, and the one number that all its reasons are about.
//!
//! Comes in: a model, stores and a pair. Goes out: the first affinity in units of its scale, or the log-odds of binding.

use fusebind_features::schema::{DrugStore, TargetStore};
use fusebind_model::{scoring::Scores, trained::TrainedModel};

/// A pair in stores, and the model that explains it.
#[derive(Clone, Copy)]
pub(crate) struct Explained<'a> {
    pub trained: &'a TrainedModel,
    pub stores: (&'a DrugStore, &'a TargetStore),
    pub pair: (u32, u32),
}

impl Explained<'_> {
    /// Unit of explanations.
    pub(super) fn unit(&self) -> &str {
        self.trained
            .description
            .scales
            .first()
            .map_or("log-odds", |scale| &scale.name)
    }

    /// The first thing that is said of the pair in `row`, in the unit of explanations.
    pub(super) fn value(&self, scores: &Scores, row: usize) -> f64 {
        match self.trained.description.scales.first() {
            Some(scale) => f64::from(scores.affinity[row * scores.scales]) * scale.std + scale.mean,
            None => f64::from(scores.binding[row]),
        }
    }

    /// What is said of a pair of which nothing is known, in the unit of explanations.
    pub(super) fn prior(&self) -> f64 {
        let log_odds = |p: f64| (p / (1.0 - p)).ln();
        match self.trained.description.scales.first() {
            Some(scale) => scale.mean,
            None => self.trained.description.prior.map_or(0.0, log_odds),
        }
    }
}
