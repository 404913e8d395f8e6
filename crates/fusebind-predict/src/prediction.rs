//! The answer for one pair.

use crate::inputs::Inputs;

/// What the model predicts for one pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Affinity on each of the model's scales, in the order of [`crate::Model::scales`].
    pub affinity: Vec<f64>,
    /// Probability of binding, with a binding head.
    pub probability: Option<f64>,
    /// Whether the probability reaches the threshold chosen on validation data.
    pub binds: Option<bool>,
    /// Modalities that were used.
    pub inputs: Inputs,
    /// Weight of each modality in the embeddings, in the order of [`crate::Model::weight_names`]; none where it is absent.
    pub weights: Vec<Option<f64>>,
    /// Probability that the value of each modality belongs to another entity, in the same order; none where it is absent.
    pub mismatch_probabilities: Vec<Option<f64>>,
}
