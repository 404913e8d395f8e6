//! What a model is known by in a stored library.

use std::path::Path;

use fusebind::{
    data::store::{ModelMark, sha256},
    model::trained::Description,
};

/// The model at `path`, a run folder or a model file.
pub fn model_mark(path: &Path, description: &Description) -> anyhow::Result<ModelMark> {
    let file = match path.is_dir() {
        true => path.join("model.safetensors"),
        false => path.to_path_buf(),
    };
    Ok(ModelMark {
        sha256: sha256(&file)?,
        recipe: description.recipe.clone(),
        data_fingerprint: description.data_fingerprint.clone(),
        feature_schema: description.feature_schema,
        seed: description.seed,
    })
}
