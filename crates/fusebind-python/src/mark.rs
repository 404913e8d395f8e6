//! What a model is known by. Comes in: a run folder or a model file. Goes out: its file, and its mark in a stored library.

use std::path::{Path, PathBuf};

use fusebind::{
    data::store::{ModelMark, sha256},
    model::trained::Description,
};

use crate::error::Fault;

/// The model file of a run folder, or the file itself.
pub fn model_file(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join("model.safetensors"),
        false => path.to_path_buf(),
    }
}

/// What the model at `path` is known by in a stored library.
pub fn model_mark(path: &Path, description: &Description) -> Result<ModelMark, Fault> {
    Ok(ModelMark {
        sha256: sha256(&model_file(path))?,
        recipe: description.recipe.clone(),
        data_fingerprint: description.data_fingerprint.clone(),
        feature_schema: description.feature_schema,
        seed: description.seed,
    })
}
