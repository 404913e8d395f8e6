//! Training: epochs of batches, a choice on validation only, a state that a kill cannot harm.
//!
//! Comes in: a [`Job`]. Goes out: a run folder. Every random choice is seeded by (seed, step) or (seed, epoch), so a run that
//! is resumed from its state goes on exactly as if it had never stopped.

mod encoders;
mod epochs;
mod identity;
mod inputs;
mod job;
mod loader;
mod member;
mod members;
mod prepare;
mod presumed;
mod pretrain;
mod run;
mod structure;
mod validation;

pub use encoders::check_encoders;
pub(crate) use encoders::embedded;
pub(crate) use identity::agree_trained;
pub use job::{Job, Observer, Silent, Trained};

use crate::Error;
use member::Shared;
use prepare::Prepared;
use run::Run;

/// Runs a job to its end, on the data that it names.
pub fn train(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    job.recipe.check()?;
    let Some(side) = embedded(job, observer)? else {
        return train_with(job, observer);
    };
    let side = [&side[0], &side[1]];
    train_with(&Job { side, ..*job }, observer)
}

fn train_with(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
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
    // The folder is taken before any member is trained.
    let run = Run::start(job, &prepared, &prepared.recipe)?;
    let shared = Shared::new(job, &prepared);
    let Some(members) = members::train(&shared, &run.dir, observer)? else {
        return Ok(Trained::default());
    };
    let own = members::positions(job, 0);
    structure::train_both(&shared, job, run, &own, members, observer)
}
