//! A model with the pretrained encoders that the flags name.

use std::path::Path;

use fusebind::{
    features::entity::pretrained::EncoderReference,
    model::trained::TrainedModel,
    predict::{KeptIn, Model, missing_encoders, open_trained},
    train::run_dir::EMBEDDINGS,
};

use super::device::device;
use crate::{
    args::{DeviceName, EncoderArgs},
    console::Console,
};

/// How a model is opened.
#[derive(Clone, Copy, Debug)]
pub struct ModelFlags<'a> {
    /// Where to compute.
    pub device: DeviceName,
    /// Where its encoders are.
    pub encoders: &'a EncoderArgs,
    /// `--cache`.
    pub cache: Option<&'a Path>,
}

impl<'a> ModelFlags<'a> {
    /// The flags of a command.
    pub fn new(device: DeviceName, encoders: &'a EncoderArgs, cache: Option<&'a Path>) -> Self {
        Self {
            device,
            encoders,
            cache,
        }
    }
}

/// Opens a run folder or a model file for predictions.
pub fn model(path: &Path, flags: ModelFlags<'_>, console: &Console) -> anyhow::Result<Model> {
    let device = device(flags.device, console)?;
    let model = Model::open_with(path, &device, &flags.encoders.folders(kept(path, flags.cache)))?;
    say_missing(&model.missing_encoders(), console);
    Ok(model)
}

/// Opens the model file of the run folder `run` for scores.
pub fn trained(run: &Path, file: &Path, flags: ModelFlags<'_>, console: &Console) -> anyhow::Result<TrainedModel> {
    let device = device(flags.device, console)?;
    let trained = open_trained(file, &device, &flags.encoders.folders(kept(run, flags.cache)))?;
    say_missing(&missing_encoders(&trained), console);
    Ok(trained)
}

/// Where embeddings are kept: in the cache, or where training kept them in the run folder, to which nothing is added.
fn kept(run: &Path, cache: Option<&Path>) -> KeptIn {
    let of_run = run.join(EMBEDDINGS);
    match cache {
        Some(cache) => KeptIn::Cache(cache.to_path_buf()),
        None if of_run.is_dir() => KeptIn::ReadOnly(of_run),
        None => KeptIn::Memory,
    }
}

fn say_missing(missing: &[&EncoderReference], console: &Console) {
    for reference in missing {
        console.note(format_args!(
            "warning: the model was trained with embeddings of {reference}; its encoder is left out, and they count as missing"
        ));
    }
}
