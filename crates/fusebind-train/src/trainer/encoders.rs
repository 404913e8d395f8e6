//! The frozen encoders of a recipe: what they make of the entities of a data set, once, before anything is trained.
//!
//! Comes in: a [`Job`] whose recipe names encoders. Goes out: its side data with their embeddings, which enter a model as those of a side table
//! do. They are kept by content and by the SHA-256 of the encoder, in the cache or in the run folder, so that a run that goes on and a second
//! run compute nothing again.

use std::path::PathBuf;

use fusebind_features::{
    entity::{
        embedded::{embed, inputs},
        pretrained::{EmbedInputs, EncoderReference, PretrainedConfig},
        side::SideData,
    },
    modality::Modality,
};
use fusebind_pretrained::FrozenEncoder;

use super::job::{Job, Observer};
use crate::{Error, ErrorKind, recipe::Recipe, run_dir};

/// The tables of encoders whose modality is read.
fn tables(recipe: &Recipe) -> impl Iterator<Item = (Modality, &PretrainedConfig)> {
    let read = &recipe.modalities.read;
    recipe
        .model
        .pretrained()
        .filter(|(modality, _)| read.contains(modality))
}

/// Sides (0 drugs, 1 targets) whose entities have what an encoder of `modality` reads.
fn sides(modality: Modality) -> &'static [usize] {
    match modality {
        Modality::Graph => &[0],
        Modality::Sequence => &[1],
        _ => &[0, 1],
    }
}

/// Opens every encoder that `recipe` names, and says what a model would refer to.
///
/// # Errors
/// Where a folder holds no encoder that can do what the recipe asks.
pub fn check_encoders(recipe: &Recipe) -> Result<Vec<EncoderReference>, Error> {
    let all = recipe.model.pretrained();
    all.map(|(modality, table)| Ok(open(modality, table)?.reference().clone()))
        .collect()
}

fn open(modality: Modality, table: &PretrainedConfig) -> Result<FrozenEncoder, Error> {
    FrozenEncoder::open(modality, table).map_err(|error| refused(modality, ErrorKind::Recipe, &error))
}

/// The side data of `job` with the embeddings that its recipe asks for; none where there is nothing to add.
///
/// # Errors
/// Where an encoder cannot be opened or does not know most of what it is given, where the cache cannot be used, and where the observer
/// stops before the end.
pub(crate) fn embedded(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Option<[SideData; 2]>, Error> {
    let has = |side: usize, modality: Modality| {
        let mut known = job.side[side].embeddings.iter();
        known.any(|e| e.modality == modality && e.encoder.is_some())
    };
    // Where a run holds pairs out, its hold-outs get what the run itself was given.
    let due: Vec<_> = tables(job.recipe)
        .filter(|(modality, _)| !sides(*modality).iter().any(|side| has(*side, *modality)))
        .collect();
    if due.is_empty() {
        return Ok(None);
    }
    let folder = job
        .cache
        .map_or_else(|| job.out.join(run_dir::EMBEDDINGS), PathBuf::from);
    let smiles: Vec<&str> = job.dataset.drugs.iter().map(|d| d.molecule.smiles.as_str()).collect();
    let sequences: Vec<&str> = (job.dataset.targets.iter())
        .map(|t| t.protein.sequence.as_str())
        .collect();
    let structures = [smiles, sequences];
    let mut side = job.side.map(SideData::clone);
    for (modality, table) in due {
        let encoder = open(modality, table)?
            .cached(&folder)
            .map_err(|error| refused(modality, ErrorKind::Data, &error))?;
        let of_side = |side: &usize| inputs(modality, &structures[*side], job.side[*side]).concat();
        let all: Vec<&str> = sides(modality).iter().flat_map(of_side).collect();
        let name = encoder.reference().to_string();
        let mut progress = |so_far| {
            observer.embedding(&name, so_far);
            !observer.is_stopping()
        };
        let end = encoder
            .prepare(&all, &mut progress)
            .map_err(|error| refused(modality, ErrorKind::Data, &error))?;
        if end.done < end.all {
            let message = format!(
                "stopped when {} of {} inputs were embedded; none of them is lost",
                end.done, end.all
            );
            return Err(Error::new(ErrorKind::Run, message).hint("give the same command again to go on"));
        }
        for at in sides(modality) {
            let embeddings = embed(&encoder, &structures[*at], job.side[*at]);
            if !embeddings.rows.values.is_empty() {
                side[*at].embeddings.push(embeddings);
            }
        }
    }
    Ok(Some(side))
}

/// The error with the table of the recipe that it concerns.
fn refused(modality: Modality, kind: ErrorKind, error: &fusebind_pretrained::Error) -> Error {
    Error::new(kind, format!("[model.{modality}.pretrained]: {error}")).hint(error.remedy())
}
