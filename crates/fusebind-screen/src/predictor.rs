//! Predictions for pairs of molecules and proteins from a trained model.
//!
//! Comes in: a model file, molecules, proteins and index pairs. Goes out: one [`Prediction`] per pair, in order. Each
//! distinct entity is featurised and encoded once.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::entity::{molecule::Molecule, protein::Protein};
use fusebind_model::{
    Error,
    bundle::{Bundle, Description},
    evidence::Withheld,
    scoring::Scores,
};

/// Name of the modalities this model reads, in the order they are reported.
const INPUTS: &str = "graph,sequence";

/// What the model says of one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Affinity on each of the model's scales, in the order of [`Predictor::scales`].
    pub affinity: Vec<f64>,
    /// Probability of binding, with a binding head.
    pub probability: Option<f64>,
    /// Whether the probability reaches the threshold chosen on validation data.
    pub binds: Option<bool>,
}

/// A loaded model.
#[derive(Clone, Debug)]
pub struct Predictor {
    bundle: Bundle,
}

impl Predictor {
    /// Loads a run folder or a model file onto `device`.
    pub fn open(path: &Path, device: &Device) -> Result<Self, Error> {
        let file = if path.is_dir() {
            path.join("model.safetensors")
        } else {
            path.to_path_buf()
        };
        Ok(Self {
            bundle: Bundle::open(&file, device)?,
        })
    }

    /// What belongs to the weights.
    pub fn description(&self) -> &Description {
        &self.bundle.description
    }

    /// Names of the affinity scales, in the order of [`Prediction::affinity`].
    pub fn scales(&self) -> impl Iterator<Item = &str> {
        self.bundle.description.scales.iter().map(|s| s.name.as_str())
    }

    /// Modalities that every prediction used, comma-separated.
    pub fn inputs(&self) -> &'static str {
        INPUTS
    }

    /// Predicts `pairs` of indices into `drugs` and `targets`. `progress` hears the number of pairs done.
    pub fn predict(
        &self,
        drugs: &[&Molecule],
        targets: &[&Protein],
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> Vec<Prediction> {
        let drugs = self.bundle.description.drugs(drugs.iter().copied());
        let targets = self.bundle.description.targets(targets.iter().copied());
        let scores = self
            .bundle
            .score((&drugs, &targets), pairs, Withheld::default(), progress);
        (0..pairs.len()).map(|row| self.prediction(&scores, row)).collect()
    }

    fn prediction(&self, scores: &Scores, row: usize) -> Prediction {
        let description = &self.bundle.description;
        let affinity = description
            .scales
            .iter()
            .enumerate()
            .map(|(column, scale)| {
                f64::from(scores.affinity[row * scores.scales + column]) * scale.deviation + scale.mean
            })
            .collect();
        let probability = scores
            .binding
            .get(row)
            .map(|logit| 1.0 / (1.0 + f64::from(-logit).exp()));
        let binds = probability
            .zip(description.threshold)
            .map(|(p, threshold)| p >= threshold);
        Prediction {
            affinity,
            probability,
            binds,
        }
    }
}
