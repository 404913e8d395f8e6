//! Training: epochs of batches, a choice on validation only, a state that a kill cannot harm.
//!
//! Comes in: a [`Job`]. Goes out: a run folder. Every random choice is seeded by (seed, step) or (seed, epoch), so a run that
//! is resumed from its state goes on exactly as if it had never stopped.

mod epochs;
mod inputs;
mod job;
mod loader;
mod prepare;
mod presumed;
mod pretrain;
mod run;
mod validation;

pub use job::{Job, Observer, Silent, Trained};
pub(crate) use run::agree_trained;

use std::time::Instant;

use crate::Error;
use epochs::Epochs;
use inputs::{Positives, outcomes};
use loader::Loader;
use prepare::Prepared;
use run::{Pace, Run};
use validation::Validation;

/// Runs a job to its end, on the data that it names.
pub fn train(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    job.recipe.check()?;
    match presumed::with_negatives(job, observer) {
        Some((dataset, split)) => {
            let (dataset, split) = (&dataset, &split);
            train_on(&Job { dataset, split, ..*job }, observer)
        }
        None => train_on(job, observer),
    }
}

fn train_on(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    let prepared = Prepared::new(job, observer)?;
    let training = &prepared.recipe.training;
    let stores = (&prepared.drugs, &prepared.targets);
    let pairs = &prepared.drug_rows.pairs;
    let mut run = Run::start(job, &prepared)?;
    let neighbour_correlations = (prepared.neighbours.as_ref())
        .map(|table| table.neighbour_correlation(&outcomes(job, &prepared.plan)))
        .unwrap_or_default();
    let further = [&prepared.drug_rows.drugs[..], &prepared.permuted_copies.targets];
    let positives = match training.objective.contrast > 0.0 {
        true => Positives::new(job, &prepared.plan, further),
        false => Positives::default(),
    };
    let loader = Loader {
        interactions: &job.dataset.interactions,
        pairs,
        train: job.split.train.indices(),
        stores,
        scales: &prepared.plan.scales,
        neighbours: prepared.neighbours.as_ref(),
        cold_start: &training.cold_start,
        permuted_copies: &prepared.permuted_copies,
        dropout: &prepared.recipe.modalities.dropout,
        positives: &positives,
        corruption: training.curriculum.corruption,
        sampler: &training.sampler,
        seed: job.seed,
        modality_weights: Default::default(),
        progress: 0.0,
    };
    let validation = Validation::new(job, pairs, &prepared.plan.scales, stores, prepared.reference.as_ref());
    let schedule = run.schedule(loader.epoch(0).len() as u64);
    run.pretrain(job, &prepared.drugs, &prepared.targets, observer)?;
    let (train_pairs, first_epoch) = (loader.train.len(), run.progress.epoch);
    observer.begin(train_pairs, training.epochs, first_epoch);
    let begun = Instant::now();
    let mut epochs = Epochs {
        job,
        run,
        loader,
        validation,
        curriculum: training.curriculum.build(&neighbour_correlations, job.seed),
        neighbour_correlations,
        schedule,
    };
    epochs.finish(observer)?;
    let pace = Pace {
        pairs: (epochs.run.progress.epoch - first_epoch) as f64 * train_pairs as f64,
        seconds: begun.elapsed().as_secs_f64(),
    };
    epochs
        .run
        .end(job, &epochs.validation, prepared.reference.as_ref(), pace)
}
