//! The answer for one pair.

use fusebind_model::trust::{AffinityEstimate, BindingEstimate, DomainFinding, Familiarity, PairEvidence};

use crate::inputs::Inputs;

/// What the model predicts for one pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Affinity on each of the model's scales, in the order of [`crate::Model::scales`].
    pub affinity: Vec<f64>,
    /// Standard deviation of each affinity over the members of an ensemble, on its scale; empty for a single model.
    pub affinity_spread: Vec<f64>,
    /// Standard deviation of the probability of binding over the members of an ensemble.
    pub probability_spread: Option<f64>,
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
    /// How sure the prediction is; none where the model was trained without hold-outs.
    pub certainty: Option<Certainty>,
}

/// How sure a prediction is, and what is known of its compound and its protein.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Certainty {
    /// Of each affinity, in the order of [`Prediction::affinity`].
    pub affinity: Vec<Option<AffinityEstimate>>,
    /// Of the probability of binding.
    pub binding: Option<BindingEstimate>,
    /// Whether the pair lies inside what the model knows.
    pub domain: DomainFinding,
    /// How usual the compound and the protein are among those of training.
    pub familiarity: [Familiarity; 2],
    /// Whether the probability was lowered because the compound is presumed to bind nothing.
    pub is_presumed_inert: bool,
    /// The nearest training entities and the number of their pairs.
    pub evidence: PairEvidence,
}
