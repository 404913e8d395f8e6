//! From a model file to a trained model, and back.
//!
//! Comes in: a path and a device, or what a run ends with. Goes out: [`TrainedModel`], or a file.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::reference::Reference;

use super::contents::ModelFile;
use crate::{
    Error,
    checkpoint::Archive,
    ensemble::Member,
    trained::{Description, TrainedModel},
};

impl TrainedModel {
    /// Writes weights, reference set and description to `path`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(
        weights: Archive,
        neighbours: Option<&Reference>,
        description: &Description,
        path: &Path,
    ) -> Result<(), Error> {
        let file = ModelFile {
            description: description.clone(),
            weights,
            members: Vec::new(),
            reference: neighbours.cloned(),
        };
        file.save(path)
    }

    /// Reads the model file at `path` onto `device`.
    ///
    /// # Errors
    /// Where the file cannot be read, is damaged, is of another version, or its weights are not those of its configuration.
    pub fn open(path: &Path, device: &Device) -> Result<Self, Error> {
        let (file, _) = ModelFile::open(path)?;
        // The parameters take memory one by one as their values arrive, each after its shape has been compared.
        let load = |weights: &Archive| {
            (file.description.model.uninitialised(device))
                .and_then(|model| weights.load_into(model))
                .map_err(|e| e.about(path))
        };
        let model = load(&file.weights)?;
        let members = (file.members.iter().zip(&file.description.members))
            .map(|(weights, record)| {
                let record = record.clone();
                load(weights).map(|model| Member { model, record })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            description: file.description,
            model,
            members,
            mismatch_rates: file
                .reference
                .as_ref()
                .map(Reference::training_rates)
                .unwrap_or_default(),
            neighbours: file.reference,
            encoders: Vec::new(),
            device: device.clone(),
        })
    }
}
