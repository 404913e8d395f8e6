//! One model of a run: its epochs, on what all members of an ensemble share.
//!
//! Comes in: [`Shared`], a run at its beginning or at a saved state, and the training pairs that it learns from. Goes out: the same run
//! after its last epoch.

use std::time::Instant;

use super::{
    epochs::Epochs,
    inputs::{Positives, outcomes},
    job::{Job, Observer},
    loader::Loader,
    prepare::Prepared,
    run::{Pace, Run},
    validation::{Reads, Validation},
};
use crate::{Error, curriculum::NeighbourCorrelations};

/// What all members of a run read: features, neighbour features, the validation part.
pub(super) struct Shared<'a> {
    pub job: &'a Job<'a>,
    pub prepared: &'a Prepared,
    pub validation: Validation<'a>,
    positives: Positives,
    neighbour_correlations: NeighbourCorrelations,
}

impl<'a> Shared<'a> {
    pub fn new(job: &'a Job<'a>, prepared: &'a Prepared) -> Self {
        let further = [&prepared.drug_rows.drugs[..], &prepared.permuted_copies.targets];
        let stores = (&prepared.drugs, &prepared.targets);
        Self {
            job,
            prepared,
            validation: Validation::new(
                job,
                &prepared.drug_rows.pairs,
                &prepared.plan.scales,
                stores,
                prepared.reference.as_ref(),
            ),
            positives: match prepared.recipe.training.objective.contrast > 0.0 {
                true => Positives::new(job, &prepared.plan, further),
                false => Positives::default(),
            },
            neighbour_correlations: (prepared.neighbours.as_ref())
                .map(|table| table.neighbour_correlation(&outcomes(job, &prepared.plan)))
                .unwrap_or_default(),
        }
    }

    /// Trains `run`, which is that of `job`, on the training pairs at `positions`, until its end or until it is asked to stop.
    pub fn train(
        &self,
        job: &Job<'_>,
        mut run: Run,
        reads: Reads<'_>,
        positions: &[u32],
        observer: &mut dyn Observer,
    ) -> Result<(Run, Pace), Error> {
        let prepared = self.prepared;
        let recipe = run.recipe.clone();
        let training = &recipe.training;
        let loader = Loader {
            interactions: &job.dataset.interactions,
            pairs: &prepared.drug_rows.pairs,
            train: job.split.train.indices(),
            positions,
            stores: (&prepared.drugs, &prepared.targets),
            scales: &prepared.plan.scales,
            neighbours: prepared.neighbours.as_ref(),
            cold_start: &training.cold_start,
            permuted_copies: &prepared.permuted_copies,
            dropout: &recipe.modalities.dropout,
            structure_only: matches!(reads, Reads::Structure),
            positives: &self.positives,
            compares: training.objective.ranking > 0.0,
            corruption: training.curriculum.corruption,
            sampler: &training.sampler,
            seed: job.seed,
            modality_weights: Default::default(),
            progress: 0.0,
        };
        let schedule = run.schedule(loader.epoch(0).len() as u64);
        run.pretrain(job, &prepared.drugs, &prepared.targets, observer)?;
        let first_epoch = run.progress.epoch;
        observer.begin(positions.len(), training.epochs, first_epoch);
        let begun = Instant::now();
        let mut epochs = Epochs {
            job,
            run,
            loader,
            validation: &self.validation,
            reads,
            curriculum: training.curriculum.build(&self.neighbour_correlations, job.seed),
            neighbour_correlations: &self.neighbour_correlations,
            schedule,
        };
        epochs.finish(observer)?;
        let pace = Pace {
            pairs: (epochs.run.progress.epoch - first_epoch) as f64 * positions.len() as f64,
            seconds: begun.elapsed().as_secs_f64(),
        };
        Ok((epochs.run, pace))
    }
}
