//! From a model file to a trained model, and back.
//!
//! Comes in: a path and a device, or what a run ends with. Goes out: [`TrainedModel`], or a file.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::reference::Reference;

use super::{contents::ModelFile, members::apart_from_structure};
use crate::{
    Error,
    checkpoint::Archive,
    config::ModelConfig,
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
        let config = &file.description.model;
        let load = |config: &ModelConfig, weights: &Archive| {
            (config.uninitialised(device))
                .and_then(|model| weights.load_into(model))
                .map_err(|e| e.about(path))
        };
        let has_structure = file.description.structure_model.is_some();
        let both = |weights: Archive| {
            let [own, structure] = match has_structure {
                true => apart_from_structure(weights),
                false => [weights, Archive::default()],
            };
            let structure = has_structure.then(|| load(&config.structure_only(), &structure));
            Ok::<_, Error>((load(config, &own)?, structure.transpose()?))
        };
        let (model, structure) = both(file.weights)?;
        let members = (file.members.into_iter().zip(&file.description.members))
            .map(|(weights, record)| {
                let (model, structure) = both(weights)?;
                Ok(Member {
                    model,
                    structure,
                    record: record.clone(),
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            description: file.description,
            model,
            structure,
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
