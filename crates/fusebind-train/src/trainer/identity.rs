//! What makes a run the run that it is: its data, split, seed and recipe, and what its model file says of them.
//!
//! Comes in: a [`Job`] and what was fitted before. Goes out: records of it, and a refusal where a run is to be resumed that is another.

use std::collections::BTreeMap;

use fusebind_model::trained::{Description, FEATURE_SCHEMA};

use super::{
    inputs::{side_fingerprint, training_record},
    job::Job,
    prepare::Prepared,
};
use crate::{
    Error, ErrorKind,
    recipe::Recipe,
    run_dir::{RunDir, RunInfo},
};

/// Training pairs that are measured.
fn measured(job: &Job<'_>) -> usize {
    let train = job.split.train.indices().iter();
    train
        .filter(|i| !job.dataset.interactions[**i as usize].is_presumed())
        .count()
}

/// What a run must have in common with the one that it goes on with.
pub(super) fn info(job: &Job<'_>) -> RunInfo {
    RunInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        seed: job.seed,
        data_fingerprint: job.dataset.fingerprint.clone(),
        side_fingerprint: side_fingerprint(job.side),
        split_hash: job.split.hash.clone(),
        pairs: [
            measured(job),
            job.split.valid.indices().len(),
            job.split.test.indices().len(),
        ],
    }
}

/// A resumed run must be the same run.
pub(super) fn agree(dir: &RunDir, info: &RunInfo, recipe: &Recipe) -> Result<(), Error> {
    let other = |what: &str| {
        Err(Error::new(
            ErrorKind::Run,
            format!("cannot be resumed: {what} differs from the run's"),
        )
        .about(dir.root())
        .hint("resume with the data, split, seed and recipe that the run was started with"))
    };
    let known = dir.info()?;
    match () {
        () if known.version != info.version => other("the version of fusebind"),
        () if known.seed != info.seed => other("the seed"),
        () if known.data_fingerprint != info.data_fingerprint => other("the data set"),
        () if known.side_fingerprint != info.side_fingerprint => other("the side data"),
        () if known.split_hash != info.split_hash => other("the split"),
        () => match dir.recipe()?.first_difference(recipe)? {
            Some(setting) => other(&format!("`{setting}` of the recipe")),
            None => Ok(()),
        },
    }
}

/// Refuses to go on with a trained run that is not that of `job`, before anything is featurised.
pub(crate) fn agree_trained(job: &Job<'_>, dir: &RunDir) -> Result<(), Error> {
    let mut recipe = job.recipe.clone();
    // What the data decided stands in the recipe of the run; the data are compared by their fingerprints.
    let decided = dir.recipe()?.model;
    recipe.model.heads = decided.heads;
    (recipe.model.drug, recipe.model.target) = (decided.drug, decided.target);
    recipe.model.neighbours.inputs = decided.neighbours.inputs;
    recipe.model.neighbours.flags = decided.neighbours.flags;
    agree(dir, &info(job), &recipe)
}

/// What the model file says of the model; validation may still change the ensemble weights.
pub(super) fn description(job: &Job<'_>, prepared: &Prepared, info: &RunInfo) -> Description {
    let Prepared {
        recipe, plan, inputs, ..
    } = prepared;
    Description {
        version: info.version.clone(),
        feature_schema: FEATURE_SCHEMA,
        model: recipe.model.clone().without_folders(),
        inputs: inputs.clone(),
        scales: plan.scales.clone(),
        encoder_share: recipe.training.encoder_share,
        // A model of structures alone has no other prediction to give a share to.
        structure_only_share: (recipe.model.has_side())
            .then(|| recipe.training.structure_only_shares.first().copied())
            .flatten()
            .unwrap_or_default(),
        shares_by_novelty: BTreeMap::new(),
        structure_model: None,
        modality_weights: Default::default(),
        members: Vec::new(),
        prior: plan.prior,
        threshold: None,
        trust: None,
        recipe: recipe.name.clone(),
        standardise: job.dataset.standardise,
        data_fingerprint: info.data_fingerprint.clone(),
        split_hash: info.split_hash.clone(),
        seed: job.seed,
        training: training_record(job, recipe),
    }
}
