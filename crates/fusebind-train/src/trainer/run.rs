//! What changes while a run trains: weights, optimizer, progress; one epoch, and the end.
//!
//! Comes in: a [`Job`] and what was fitted before. Goes out: epochs of batches, a state to resume from, the model file.

use std::fs::File;

use burn::{module::Module, optim::GradientsParams, tensor::Device};
use fusebind_features::{modality::ModalityWeights, reference::Reference};
use fusebind_model::{
    checkpoint::Archive,
    device::seed,
    ensemble::{MemberRecord, StructureRecord},
    model::Model,
    model_file::{ModelFile, apart_from_structure, with_structure},
    trained::Description,
};

use super::{
    identity::{agree, description, info},
    job::{Job, Observer, Trained},
    loader::Loader,
    prepare::Prepared,
    validation::{self, Validated, Validation},
};
use crate::{
    Error, ErrorKind,
    curriculum::{CurriculumKind, ImportanceAccumulator},
    objective::Objective,
    optimizer::{adamw::AdamW, schedule::Schedule},
    recipe::{CheckpointPolicy, Recipe},
    run_dir::{Progress, RunDir, Selection, StateParts},
    seeds,
};

/// Why there is a model.
const HELD: &str = "only the optimizer takes the model, and it gives it back";

/// A further member of an ensemble at the end of its training.
pub(super) struct TrainedMember {
    pub weights: Archive,
    pub record: MemberRecord,
}

/// A structure model at the end of its training.
pub(super) struct TrainedStructure {
    pub weights: Archive,
    pub record: StructureRecord,
}

/// How much was trained, and in which time.
pub(super) struct Pace {
    /// Training pairs, counted once for each epoch.
    pub pairs: f64,
    pub seconds: f64,
}

/// Everything that changes while a run trains.
pub(super) struct Run {
    pub(super) dir: RunDir,
    pub(super) recipe: Recipe,
    pub(super) description: Description,
    pub(super) device: Device,
    /// `None` only while the optimizer holds it.
    model: Option<Model>,
    pub(super) optimizer: AdamW,
    pub(super) objective: Objective,
    pub(super) progress: Progress,
    pub(super) best: Option<Archive>,
    pub(super) seed: u64,
    /// Keeps other processes out of the folder.
    _lock: File,
}

impl Run {
    /// Begins the run of `job` with `recipe`, whose gaps the data have filled, or goes on with it.
    pub(super) fn start(job: &Job<'_>, prepared: &Prepared, recipe: &Recipe) -> Result<Self, Error> {
        let recipe = recipe.clone();
        let info = info(job);
        let device = job.device.clone().autodiff();
        let model = recipe.model.init(&device, job.seed)?;
        let dir = if job.resume {
            RunDir::open(job.out)?
        } else {
            RunDir::create(job.out)?
        };
        if job.resume && dir.is_trained() {
            // A kill can have left them.
            dir.remove_members()?;
            return Err(Error::new(ErrorKind::Run, "this run is finished")
                .about(dir.root())
                .hint("use its model, or train in another folder"));
        }
        let lock = dir.lock()?;
        let mut run = Self {
            dir,
            description: description(job, prepared, &info),
            device,
            model: Some(model),
            optimizer: AdamW::new(recipe.training.optimizer.clone()),
            objective: Objective::new(recipe.training.objective.clone()),
            progress: Progress::default(),
            best: None,
            seed: job.seed,
            recipe,
            _lock: lock,
        };
        if job.resume {
            agree(&run.dir, &info, &run.recipe)?;
            run.restore()?;
        } else {
            run.dir.begin(&run.recipe, &info)?;
        }
        Ok(run)
    }

    fn restore(&mut self) -> Result<(), Error> {
        let Some((parts, progress)) = self.dir.load_state()? else {
            return self.dir.rewind(&[]);
        };
        self.model = Some(parts.model.load_into(self.model().clone())?);
        self.optimizer = AdamW::restore(self.recipe.training.optimizer.clone(), &parts.optimizer)?;
        self.best = Some(parts.best).filter(|best| !best.arrays.is_empty());
        self.progress = progress;
        self.dir.rewind(&self.progress.epochs)
    }

    pub(super) fn schedule(&self, steps_per_epoch: u64) -> Schedule {
        let training = &self.recipe.training;
        let steps = steps_per_epoch * training.epochs;
        let warmup = (steps as f64 * training.warmup).round() as u64;
        Schedule {
            peak: training.learning_rate,
            warmup,
            steps,
            final_share: training.final_rate,
        }
    }

    pub(super) fn out_of_patience(&self) -> bool {
        let patience = self.recipe.training.patience;
        match &self.progress.selection {
            Some(kept) if patience > 0 => self.progress.epoch >= kept.epoch + patience,
            _ => false,
        }
    }

    /// One pass over the training pairs; the mean loss.
    pub(super) fn epoch(
        &mut self,
        loader: &Loader<'_>,
        schedule: &Schedule,
        observer: &mut dyn Observer,
    ) -> Result<f64, Error> {
        let batches = loader.epoch(self.progress.epoch);
        let (mut total, mut seen) = (0.0f64, 0usize);
        let mut accumulator = ImportanceAccumulator::default();
        loader.run(self.progress.epoch, &batches, |batch| {
            let step = self.optimizer.steps();
            // Seeding by step makes a resumed run drop the same values.
            seed(&self.device, seeds::step(self.seed, step).seed());
            let count = batch.pairs.len();
            let entities = (&batch.drugs, &batch.targets);
            let outputs = self
                .model()
                .forward(entities, batch.pairs, batch.neighbours.as_ref(), &self.device);
            let loss = self.objective.loss(&outputs, &batch.labels, &self.device);
            let loss = self.objective.aligned(loss, &outputs, batch.binding);
            let value = f64::from(loss.clone().into_scalar::<f32>());
            if !value.is_finite() {
                return Err(
                    Error::new(ErrorKind::Diverged, format!("the loss is {value} at step {step}"))
                        .hint("lower `learning_rate` in the recipe"),
                );
            }
            if self.recipe.training.curriculum.kind != CurriculumKind::None {
                let output = outputs.neighbours.as_ref().unwrap_or(&outputs.joint);
                let losses = self.objective.losses(output, &batch.labels);
                losses
                    .into_iter()
                    .zip(&batch.shown)
                    .for_each(|(loss, shown)| accumulator.add(loss, *shown));
            }
            let grads = GradientsParams::from_grads(loss.backward(), self.model());
            self.model = (self.model.take()).map(|model| self.optimizer.step(model, grads, schedule.rate(step)));
            total += value * count as f64;
            seen += count;
            observer.pairs(seen);
            Ok(())
        })?;
        self.progress.epoch += 1;
        accumulator.fold(&mut self.progress.curriculum.measured_importance);
        self.progress.curriculum.epochs += 1;
        Ok(total / seen.max(1) as f64)
    }

    /// The model as it is.
    pub(super) fn model(&self) -> &Model {
        self.model.as_ref().expect(HELD)
    }

    /// Gives the model away and takes back what becomes of it, so that its weights have one owner and are updated in place.
    pub(super) fn update(&mut self, with: impl FnOnce(Model) -> Model) {
        self.model = self.model.take().map(with);
    }

    /// Averaged weights; a parameter that no gradient has reached yet is as it began.
    pub(super) fn averages(&self) -> Archive {
        let mut all = Archive::of(self.model());
        all.arrays.extend(self.optimizer.averages().arrays);
        all
    }

    pub(super) fn averaged(&self, average: &Archive) -> Result<Model, Error> {
        Ok(average.load_into(self.model().valid())?)
    }

    /// A model and its structure model, where it has one.
    fn both(&self, weights: &Archive) -> Result<(Model, Option<Model>), Error> {
        if self.description.structure_model.is_none() {
            return Ok((self.averaged(weights)?, None));
        }
        let [own, structure] = apart_from_structure(weights.clone());
        Ok((self.averaged(&own)?, Some(self.structure_of(&structure)?)))
    }

    /// The structure model of these weights, beside the model of this run.
    pub(super) fn structure_of(&self, weights: &Archive) -> Result<Model, Error> {
        let fresh = self.recipe.model.structure_only().init(&self.device, self.seed)?;
        Ok(weights.load_into(fresh.valid())?)
    }

    /// Keeps the averaged weights if this epoch is the one to end with so far.
    pub(super) fn keep(&mut self, average: Archive, validated: Validated, modality_weights: [ModalityWeights; 2]) {
        let score = validation::selection_score(&validated.metrics);
        let best = self.progress.selection.as_ref().and_then(|kept| kept.score);
        let better = match (self.recipe.training.checkpoint, score, best) {
            (CheckpointPolicy::Last, ..) | (_, None, _) | (_, Some(_), None) => true,
            (CheckpointPolicy::Best, Some(score), Some(best)) => score > best,
        };
        if better {
            self.best = Some(average);
            self.progress.selection = Some(Selection {
                epoch: self.progress.epoch,
                score,
                encoder_share: validated.encoder_share,
                structure_only_share: validated.structure_only_share,
                metrics: validated.metrics,
                modality_weights,
            });
        }
    }

    pub(super) fn save(&self) -> Result<(), Error> {
        let parts = StateParts {
            model: Archive::of(self.model()),
            optimizer: self.optimizer.save(),
            best: self.best.clone().unwrap_or_default(),
        };
        self.dir.save_state(parts, &self.progress)
    }

    fn is_finished(&self) -> bool {
        self.progress.epoch >= self.recipe.training.epochs || self.out_of_patience()
    }

    /// What the run of a structure model ends with, unless it was stopped before its end.
    pub(super) fn structure(mut self) -> Option<TrainedStructure> {
        let kept = self.progress.selection.take().filter(|_| self.is_finished())?;
        Some(TrainedStructure {
            weights: self.best.take()?,
            record: StructureRecord {
                epoch: kept.epoch,
                encoder_share: kept.ensemble(self.description.ensemble()).encoder_share,
                one_sided_share: self.recipe.training.one_sided_structure_share,
            },
        })
    }

    /// Writes the model, with its structure model where it has one, and clears the state, unless the run was stopped before its end.
    pub(super) fn end(
        mut self,
        job: &Job<'_>,
        validation: &Validation<'_>,
        reference: Option<&Reference>,
        (structure, members): (Option<TrainedStructure>, Vec<TrainedMember>),
        pace: Pace,
    ) -> Result<Trained, Error> {
        let Some(mut kept) = self.progress.selection.clone() else {
            return Err(Error::new(ErrorKind::Run, "has no finished epoch").about(self.dir.root()));
        };
        if self.is_finished() {
            let best = self.best.take().unwrap_or_default();
            let ensemble = kept.ensemble(self.description.ensemble());
            self.description.modality_weights = kept.modality_weights;
            self.description.encoder_share = ensemble.encoder_share;
            self.description.structure_only_share = ensemble.structure_only_share;
            self.description.training.epoch = kept.epoch;
            let best = match structure {
                Some(structure) => {
                    self.description.structure_model = Some(structure.record);
                    with_structure(best, structure.weights)
                }
                None => best,
            };
            let mut models = vec![self.both(&best)?];
            for member in &members {
                models.push(self.both(&member.weights)?);
            }
            let (weights, records): (_, Vec<_>) = members.into_iter().map(|one| (one.weights, one.record)).unzip();
            self.description.members = records;
            let whole = validation.whole(&models, job.device, &self.description);
            self.description.threshold = whole.threshold;
            if models.len() > 1 {
                kept.metrics = whole.metrics;
            }
            self.description.training.scores = kept.metrics.clone();
            let file = ModelFile {
                description: self.description.clone(),
                weights: best,
                members: weights,
                reference: reference.cloned(),
            };
            file.save(&self.dir.model())?;
            self.dir.remove_members()?;
            self.dir.finish()?;
        }
        Ok(Trained {
            epoch: kept.epoch,
            metrics: kept.metrics,
            seconds: pace.seconds,
            pairs_per_second: pace.pairs / pace.seconds.max(1e-9),
        })
    }
}
