//! A model file and the pretrained encoders that it was trained with.
//!
//! Comes in: a model file, and where encoders may be. Goes out: a [`TrainedModel`] that embeds what it predicts as it was embedded in training.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::entity::pretrained::EncoderReference;
use fusebind_model::{Error, ErrorKind, trained::TrainedModel};
use fusebind_pretrained::EncoderFolders;

/// Reads the model file at `path` onto `device`, with its encoders.
///
/// # Errors
/// Where the file cannot be used, and where an encoder is not there or is another one.
pub fn open_trained(path: &Path, device: &Device, encoders: &EncoderFolders) -> Result<TrainedModel, Error> {
    let mut trained = TrainedModel::open(path, device)?;
    let found = encoders.open(&trained.description.encoders());
    trained.encoders = found.map_err(|error| Error::new(ErrorKind::Encoder, error.to_string()))?;
    Ok(trained)
}

/// The encoders that `trained` was trained with and that are not at hand.
pub fn missing_encoders(trained: &TrainedModel) -> Vec<&EncoderReference> {
    let is_there = |wanted: &EncoderReference| trained.encoders.iter().any(|own| own.reference().is_same(wanted));
    let mut all = trained.description.encoders();
    all.retain(|reference| !is_there(reference));
    all
}
