//! The loop over epochs: training, validation, what is kept, and the state that a kill cannot harm.
//!
//! Comes in: a run with everything that its epochs read. Goes out: the same run after its last epoch.

use std::time::Instant;

use super::{
    job::{Job, Observer},
    loader::Loader,
    run::Run,
    validation::{Reads, Validation},
};
use crate::{
    Error,
    curriculum::{self, Curriculum, CurriculumKind, NeighbourCorrelations},
    optimizer::schedule::Schedule,
    run_dir::EpochMetrics,
};

/// Seconds between two saved states.
const SAVE_EVERY: f64 = 20.0;

/// A run and what its epochs read.
pub(super) struct Epochs<'a> {
    pub job: &'a Job<'a>,
    pub run: Run,
    pub loader: Loader<'a>,
    pub validation: &'a Validation<'a>,
    pub reads: Reads<'a>,
    pub curriculum: Box<dyn Curriculum>,
    pub neighbour_correlations: &'a NeighbourCorrelations,
    pub schedule: Schedule,
}

impl Epochs<'_> {
    /// Goes on to the last epoch, the end of patience, or the stop that the job asks for.
    pub fn finish(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let epochs = self.run.recipe.training.epochs;
        let mut saved = Instant::now();
        while self.run.progress.epoch < epochs && !self.run.out_of_patience() {
            self.next(observer)?;
            let stopping = self.job.stop_after == Some(self.run.progress.epoch) || observer.is_stopping();
            if stopping || saved.elapsed().as_secs_f64() > SAVE_EVERY {
                self.run.save()?;
                saved = Instant::now();
            }
            if stopping {
                break;
            }
        }
        Ok(())
    }

    /// Trains and validates one epoch.
    fn next(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let started = Instant::now();
        let (run, loader) = (&mut self.run, &mut self.loader);
        loader.progress = run.progress.epoch as f64 / run.recipe.training.epochs as f64;
        loader.modality_weights = (self.curriculum).modality_weights(loader.progress, &run.progress.curriculum);
        let train_loss = run.epoch(loader, &self.schedule, observer)?;
        let average = run.averages();
        let model = run.averaged(&average)?;
        let validated = (self.validation).score(&model, self.reads, self.job.device, loader.modality_weights);
        let mut metrics = EpochMetrics {
            epoch: run.progress.epoch,
            train_loss,
            valid: validated.logged(),
            modality_weights: match run.recipe.training.curriculum.kind {
                CurriculumKind::None => Default::default(),
                _ => curriculum::named(loader.modality_weights, self.neighbour_correlations),
            },
            measured_importance: curriculum::named_importance(&run.progress.curriculum),
            learning_rate: self.schedule.rate(run.optimizer.steps().saturating_sub(1)),
            seconds: started.elapsed().as_secs_f64(),
        };
        // JSON has no other numbers: a state with one could not be read again.
        for scores in [&mut metrics.valid, &mut metrics.measured_importance] {
            scores.retain(|_, score| score.is_finite());
        }
        run.dir.log(&metrics)?;
        run.progress.epochs.push(metrics.clone());
        run.keep(average, validated, loader.modality_weights);
        observer.epoch(&metrics);
        Ok(())
    }
}
