//! A trained model as one file: weights, configuration, feature schema and output scaling.
//!
//! Comes in: the file that training wrote. Goes out: a [`Bundle`] that featurises and predicts exactly as in training.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::entity::{molecule::Molecule, protein::Protein};
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    checkpoint::Archive,
    input::{DrugStore, InputScales, TargetStore},
    model::{Model, ModelConfig},
};

/// Version of the featurisation; a checkpoint of another version is refused.
pub const FEATURE_SCHEMA: u32 = 1;

/// How one affinity column is brought back to its scale: `value = standardised * deviation + mean`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputScale {
    /// Name of the scale, for instance `pKd`.
    pub name: String,
    /// Mean of the training labels.
    pub mean: f64,
    /// Standard deviation of the training labels.
    pub deviation: f64,
}

/// What belongs to the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Version of fusebind that wrote the file.
    pub version: String,
    /// Version of the featurisation.
    pub feature_schema: u32,
    /// Configuration of the model.
    pub model: ModelConfig,
    /// Scales of the inputs, fitted on training entities.
    pub inputs: InputScales,
    /// Affinity columns in their order.
    pub scales: Vec<OutputScale>,
    /// Probability above which a pair is said to bind, chosen on validation data.
    pub threshold: Option<f64>,
    /// Name of the recipe.
    pub recipe: String,
    /// Fingerprint of the data trained on.
    pub data_fingerprint: String,
    /// Hash of the split trained on.
    pub split_hash: String,
    /// Seed of the run.
    pub seed: u64,
}

/// A trained model with everything that prediction needs.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What belongs to the weights.
    pub description: Description,
    /// The model on its device, without gradients.
    pub model: Model,
    /// Where the model lives.
    pub device: Device,
}

impl Description {
    /// Featurises drugs as this model reads them.
    pub fn drugs<'a>(&self, molecules: impl Iterator<Item = &'a Molecule>) -> DrugStore {
        DrugStore::new(molecules, &self.model.graph).scaled(&self.inputs.substructures)
    }

    /// Featurises targets as this model reads them.
    pub fn targets<'a>(&self, proteins: impl Iterator<Item = &'a Protein>) -> TargetStore {
        TargetStore::new(proteins, &self.model.sequence).scaled(&self.inputs.composition)
    }
}

impl Bundle {
    /// Writes weights and description to `path`.
    pub fn save(weights: Archive, description: &Description, path: &Path) -> Result<(), Error> {
        let mut archive = weights;
        let text = serde_json::to_string(description)
            .map_err(|e| Error::new(ErrorKind::Checkpoint, format!("the description cannot be written: {e}")))?;
        archive.metadata.insert("description".into(), text);
        archive.save(path)
    }

    /// Reads a bundle onto `device`.
    pub fn open(path: &Path, device: &Device) -> Result<Self, Error> {
        let mut archive = Archive::open(path)?;
        let refuse = |reason: String| Error::new(ErrorKind::Checkpoint, reason).about(path);
        let text = archive
            .metadata
            .remove("description")
            .ok_or_else(|| refuse("holds no fusebind model: name a file that `fusebind train` wrote".into()))?;
        let description: Description = serde_json::from_str(&text).map_err(|e| {
            refuse(format!(
                "was written by another version of fusebind ({e}): train again with this one"
            ))
        })?;
        if description.feature_schema != FEATURE_SCHEMA {
            return Err(refuse(format!(
                "uses feature schema {}, this version has {FEATURE_SCHEMA}: train again or use the version that wrote it",
                description.feature_schema
            )));
        }
        let model = description
            .model
            .init(device)
            .and_then(|m| archive.load_into(m))
            .map_err(|e| e.about(path))?;
        Ok(Self {
            description,
            model,
            device: device.clone(),
        })
    }
}
