//! How a recipe perturbs training data on purpose, for experiments. The perturbation itself is `experiment::perturbation`.

use fusebind_features::modality::Modality;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// How training data is perturbed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PerturbationConfig {
    /// Share of the side values of entities that are removed.
    pub missing: f64,
    /// Share of the training labels that are flipped; an affinity becomes that of another such pair.
    pub flipped: f64,
    /// Modalities whose values are permuted among the entities that have them.
    pub shuffled: Vec<Modality>,
}

impl PerturbationConfig {
    /// Whether nothing is perturbed.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses shares outside 0 to 1 and modalities that cannot be shuffled.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::Recipe, message));
        if ![self.missing, self.flipped].iter().all(|s| (0.0..=1.0).contains(s)) {
            return wrong("perturbation: `missing` and `flipped` must lie in [0, 1]");
        }
        if self
            .shuffled
            .iter()
            .any(|m| matches!(m, Modality::Graph | Modality::Sequence))
        {
            return wrong("perturbation: only `text`, `transcriptome` and `bioassay` can be `shuffled`");
        }
        Ok(())
    }
}
