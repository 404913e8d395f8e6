//! What a run ends with so far: the kept epoch, how its outputs are combined, and its scores.
//!
//! Comes in: the scores of an epoch on validation. Goes out: [`Selection`], which is part of the saved state and steers the model file.

use std::collections::BTreeMap;

use fusebind_features::modality::ModalityWeights;
use fusebind_model::scoring::EnsembleWeights;
use serde::{Deserialize, Serialize};

/// The epoch that a run ends with so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Epoch, counted from 1.
    pub epoch: u64,
    /// What it was chosen by (larger is better); `None` without a validation part.
    pub score: Option<f64>,
    /// Share of the encoders in the prediction, where validation pairs chose one.
    pub encoder_share: Option<f32>,
    /// Share of graph and sequence alone in the prediction, where validation pairs chose one.
    pub structure_only_share: Option<f32>,
    /// Scores on validation by name; empty without a validation part.
    pub metrics: BTreeMap<String, f64>,
    /// Weights of the modalities of drugs and of targets in that epoch.
    pub modality_weights: [ModalityWeights; 2],
}

impl Selection {
    /// The ensemble weights to predict with; `default` stands for what validation pairs did not choose.
    pub fn ensemble(&self, default: EnsembleWeights) -> EnsembleWeights {
        EnsembleWeights {
            encoder_share: self.encoder_share.unwrap_or(default.encoder_share),
            structure_only_share: self.structure_only_share.unwrap_or(default.structure_only_share),
            ..default
        }
    }
}
