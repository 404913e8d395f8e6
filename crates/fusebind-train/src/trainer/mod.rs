//! Training: epochs of batches, a choice on validation only, a state that a kill cannot harm.
//!
//! Comes in: a [`Job`]. Goes out: a run folder. Every random draw is seeded by (seed, step) or (seed, epoch), so a run that
//! is resumed from its state goes on exactly as if it had never stopped.

mod feed;
mod inputs;
mod pretrain;
mod validation;

use std::{path::Path, time::Instant};

use burn::{module::Module, optim::GradientsParams, tensor::Device};
use fusebind_data::{split::Split, table::Dataset};
use fusebind_features::{
    entity::{
        molecule::Molecule,
        side::{SideData, Views},
    },
    modality::Trust,
};
use fusebind_model::{
    bundle::{Bundle, Description, FEATURE_SCHEMA},
    checkpoint::Archive,
    evidence::Evidence,
    input::{DrugStore, InputScales, TargetStore},
    model::Model,
};

use crate::{
    Error, ErrorKind,
    curriculum::{self, CurriculumKind, Ledger},
    labels::LabelPlan,
    objective::Objective,
    optimizer::{adamw::AdamW, schedule::Schedule},
    recipe::{Recipe, Select},
    run_dir::{EpochMetrics, Progress, RunDir, RunInfo},
};
use feed::Feed;
use inputs::{Positives, Twins, fit_inputs, known_pairs, outcomes, shown_evidence, side_fingerprint};
use validation::Validation;
pub(crate) use validation::{affinity_column, binding_column};

/// Hears how a run goes.
pub trait Observer {
    /// Training begins or goes on: pairs per epoch, epochs in all, epochs already done.
    fn begin(&mut self, _pairs: usize, _epochs: u64, _done: u64) {}
    /// Something that the user should know.
    fn note(&mut self, _note: &str) {}
    /// `pairs` of the current epoch are done.
    fn pairs(&mut self, _pairs: usize) {}
    /// An epoch is done.
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
}

/// An observer that does not care.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// One training run.
pub struct Job<'a> {
    /// Recipe.
    pub recipe: &'a Recipe,
    /// Data set.
    pub dataset: &'a Dataset,
    /// Side data of its drugs and of its targets.
    pub side: [&'a SideData; 2],
    /// Split over it.
    pub split: &'a Split,
    /// Seed.
    pub seed: u64,
    /// Device, without gradients.
    pub device: &'a Device,
    /// Run folder.
    pub out: &'a Path,
    /// Whether to go on with the run in `out`.
    pub resume: bool,
    /// Stop after this many epochs as a kill would, leaving the state behind; for tests of resuming.
    pub stop_after: Option<u64>,
}

impl Job<'_> {
    /// The drugs as each pair of the data set may see them.
    fn views(&self) -> DrugViews {
        DrugViews::new(
            self.dataset,
            self.side[0],
            self.dataset.interactions.iter().map(|i| (i.drug, i.target)),
        )
    }
}

/// [`Views`] of the drugs of a data set.
pub(crate) struct DrugViews(pub Views);

impl DrugViews {
    /// Views for `pairs` of drug and target.
    pub fn new(dataset: &Dataset, side: &SideData, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        Self(Views::new(side, dataset.drugs.len(), &pairs.collect::<Vec<_>>()))
    }

    /// The molecule of each row.
    pub fn molecules<'d>(&self, dataset: &'d Dataset) -> impl Iterator<Item = &'d Molecule> {
        let further = self.0.drugs.iter().map(|d| &dataset.drugs[*d as usize].molecule);
        dataset
            .drugs
            .iter()
            .map(|d| &d.molecule)
            .chain(further.collect::<Vec<_>>())
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Epoch whose weights were kept.
    pub epoch: u64,
    /// Scores of that epoch on validation.
    pub metrics: EpochMetrics,
    /// Seconds of training, this process only.
    pub seconds: f64,
    /// Training pairs per second, this process only.
    pub pairs_per_second: f64,
}

/// Seconds between two saved states.
const SAVE_EVERY: f64 = 20.0;

/// Runs a job to its end.
pub fn train(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    if job.recipe.stress.is_none() {
        return train_on(job, observer);
    }
    job.recipe.check()?;
    let (dataset, side) = job.recipe.stress.damage(job);
    let damaged = Job {
        dataset: &dataset,
        side: [&side[0], &side[1]],
        ..*job
    };
    train_on(&damaged, observer)
}

/// Runs a job on the data that it names.
fn train_on(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    let mut recipe = resolve(job)?;
    let plan = LabelPlan::fit(&job.dataset.interactions, &job.split.train, recipe.task)?;
    let mut views = job.views();
    let mut target_side = job.side[1].clone();
    let corruption = recipe.training.curriculum.corruption;
    let twins = match corruption > 0.0 && recipe.model.evidence.enabled {
        true => Twins::add(&mut views.0, job.dataset.drugs.len(), &mut target_side, job.dataset.targets.len(), job),
        false => Twins::default(),
    };
    let proteins = job.dataset.targets.iter().map(|t| &t.protein);
    let proteins = proteins.chain(twins.targets.iter().map(|t| &job.dataset.targets[*t as usize].protein));
    let drugs = DrugStore::new(views.molecules(job.dataset), &recipe.model.graph);
    let targets = TargetStore::new(proteins, &recipe.model.sequence);
    let inputs = fit_inputs(job, &recipe, &drugs, &targets);
    (recipe.model.drug, recipe.model.target) = (inputs.drug.channels(), inputs.target.channels());
    let (drug_side, mut notes) = inputs.drug.store(&views.0.side, drugs.keys.len());
    let (target_side, more) = inputs.target.store(&target_side, targets.keys.len());
    notes.extend(more);
    notes.iter().for_each(|note| observer.note(note));
    let mut drugs = drugs.scaled(&inputs.substructures).with_side(drug_side);
    let mut targets = targets.scaled(&inputs.composition).with_side(target_side);
    let scales = plan.scales.clone();
    let plan_of_skill = plan.clone();
    let curriculum = recipe.training.curriculum.clone();
    let mut evidence =
        (recipe.model.evidence.enabled).then(|| known_pairs(job, (&plan, &curriculum), &mut drugs, &mut targets));
    let rows = (&views.0.pairs[..], &twins);
    let shown = (evidence.as_mut()).map(|evidence| shown_evidence(job, evidence, rows, (&drugs, &targets)));
    recipe.model.evidence.inputs = evidence.as_ref().map_or(0, Evidence::inputs);
    recipe.model.evidence.flags = evidence.as_ref().map_or(0, Evidence::flags);
    let mut run = Run::start(job, recipe, (plan, inputs))?;
    let skills = shown
        .as_ref()
        .map(|table| table.skill(&outcomes(job, &plan_of_skill)))
        .unwrap_or_default();
    let positives = match run.recipe.training.objective.contrast > 0.0 {
        true => Positives::new(job, &plan_of_skill, [&views.0.drugs, &twins.targets]),
        false => Positives::default(),
    };
    let curriculum = curriculum.build(&skills, job.seed);
    let mut feed = Feed {
        interactions: &job.dataset.interactions,
        pairs: &views.0.pairs,
        train: job.split.train.indices(),
        stores: (&drugs, &targets),
        scales: &scales,
        evidence: shown.as_ref(),
        novelty: &job.recipe.training.novelty,
        twins: &twins,
        dropout: &job.recipe.modalities.dropout,
        positives: &positives,
        corruption,
        sampler: &job.recipe.training.sampler,
        seed: job.seed,
        trust: Default::default(),
        progress: 0.0,
    };
    let stores = (&drugs, &targets);
    let validation = Validation::new(job, &views.0.pairs, &scales, stores, evidence.as_ref());
    let steps_per_epoch = feed.epoch(0).len() as u64;
    let schedule = run.schedule(steps_per_epoch);
    let epochs = run.recipe.training.epochs;
    run.pretrain(job, stores, observer)?;
    observer.begin(feed.train.len(), epochs, run.progress.epoch);
    let (begun, first_epoch) = (Instant::now(), run.progress.epoch);
    let mut saved = Instant::now();
    while run.progress.epoch < epochs && !run.out_of_patience() {
        let started = Instant::now();
        feed.progress = run.progress.epoch as f64 / epochs as f64;
        feed.trust = curriculum.trust(feed.progress, &run.progress.curriculum);
        let train_loss = run.epoch(&feed, &schedule, observer)?;
        let average = run.averages();
        let metrics = EpochMetrics {
            epoch: run.progress.epoch,
            train_loss,
            valid: validation.score(&run.averaged(&average)?, job.device, feed.trust),
            trust: match run.recipe.training.curriculum.kind {
                CurriculumKind::None => Default::default(),
                _ => curriculum::named(feed.trust, &skills),
            },
            worth: curriculum::named_worth(&run.progress.curriculum),
            learning_rate: schedule.rate(run.optimizer.steps().saturating_sub(1)),
            seconds: started.elapsed().as_secs_f64(),
        };
        run.dir.log(&metrics)?;
        run.keep(average, &metrics, feed.trust)?;
        observer.epoch(&metrics);
        let stopping = job.stop_after == Some(run.progress.epoch);
        if stopping || saved.elapsed().as_secs_f64() > SAVE_EVERY {
            run.save()?;
            saved = Instant::now();
        }
        if stopping {
            break;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let done = (run.progress.epoch - first_epoch) as f64;
    run.end(
        job,
        (&validation, evidence.as_ref()),
        done * feed.train.len() as f64,
        seconds,
    )
}

/// The recipe with everything filled in that the data decides.
fn resolve(job: &Job<'_>) -> Result<Recipe, Error> {
    let mut recipe = job.recipe.clone();
    recipe.check()?;
    if job.split.train.indices().is_empty() {
        return Err(Error::new(ErrorKind::Data, "the split has no training pairs").hint("choose another --split"));
    }
    let plan = LabelPlan::fit(&job.dataset.interactions, &job.split.train, recipe.task)?;
    recipe.model.heads.affinities = plan.scales.len();
    recipe.model.heads.binding = plan.binding;
    Ok(recipe)
}

/// Everything that changes while a run trains.
struct Run {
    dir: RunDir,
    recipe: Recipe,
    description: Description,
    device: Device,
    model: Model,
    optimizer: AdamW,
    objective: Objective,
    progress: Progress,
    best: Option<Archive>,
    seed: u64,
}

impl Run {
    fn start(job: &Job<'_>, recipe: Recipe, (plan, inputs): (LabelPlan, InputScales)) -> Result<Self, Error> {
        let info = RunInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: job.seed,
            data_fingerprint: job.dataset.fingerprint.clone(),
            side_fingerprint: side_fingerprint(job.side),
            split_hash: job.split.hash.clone(),
            pairs: [
                job.split.train.indices().len(),
                job.split.valid.indices().len(),
                job.split.test.indices().len(),
            ],
        };
        let device = job.device.clone().autodiff();
        device.seed(job.seed);
        let model = recipe.model.init(&device)?;
        let optimizer = AdamW::new(recipe.training.optimizer.clone());
        let description = Description {
            version: info.version.clone(),
            feature_schema: FEATURE_SCHEMA,
            model: recipe.model.clone(),
            inputs,
            scales: plan.scales,
            mix: recipe.training.mix,
            trust: Default::default(),
            prior: plan.prior,
            threshold: None,
            recipe: recipe.name.clone(),
            data_fingerprint: info.data_fingerprint.clone(),
            split_hash: info.split_hash.clone(),
            seed: job.seed,
        };
        let objective = Objective::new(recipe.training.objective.clone());
        let dir = if job.resume {
            RunDir::open(job.out)?
        } else {
            RunDir::create(job.out)?
        };
        let progress = Progress::default();
        let mut run = Self {
            dir,
            recipe,
            description,
            device,
            model,
            optimizer,
            objective,
            progress,
            best: None,
            seed: job.seed,
        };
        if job.resume {
            run.agree(&info)?;
            run.restore()?;
        } else {
            run.dir.begin(&run.recipe, &info)?;
        }
        Ok(run)
    }

    /// A resumed run must be the same run.
    fn agree(&self, info: &RunInfo) -> Result<(), Error> {
        let other = |what: &str| {
            Err(Error::new(
                ErrorKind::Run,
                format!("cannot be resumed: {what} differs from the run's"),
            )
            .about(self.dir.root())
            .hint("resume with the data, split, seed and recipe that the run was started with"))
        };
        let known = self.dir.info()?;
        match () {
            () if known.version != info.version => other("the version of fusebind"),
            () if known.seed != info.seed => other("the seed"),
            () if known.data_fingerprint != info.data_fingerprint => other("the data set"),
            () if known.side_fingerprint != info.side_fingerprint => other("the side data"),
            () if known.split_hash != info.split_hash => other("the split"),
            () if self.dir.recipe()? != self.recipe => other("the recipe"),
            () => Ok(()),
        }
    }

    fn restore(&mut self) -> Result<(), Error> {
        let Some((parts, progress)) = self.dir.load_state()? else {
            return self.dir.rewind(0);
        };
        self.model = parts.part("model").load_into(self.model.clone())?;
        self.optimizer = AdamW::restore(self.recipe.training.optimizer.clone(), &parts.part("optimizer"))?;
        self.best = Some(parts.part("best")).filter(|best| !best.arrays.is_empty());
        self.progress = progress;
        self.dir.rewind(self.progress.epoch)
    }

    fn schedule(&self, steps_per_epoch: u64) -> Schedule {
        let training = &self.recipe.training;
        let steps = steps_per_epoch * training.epochs;
        let warmup = (steps as f64 * training.warmup).round() as u64;
        Schedule {
            peak: training.learning_rate,
            warmup,
            steps,
            floor: training.floor,
        }
    }

    fn out_of_patience(&self) -> bool {
        let patience = self.recipe.training.patience;
        match self.progress.best {
            Some((_, epoch)) if patience > 0 => self.progress.epoch >= epoch + patience,
            _ => false,
        }
    }

    /// One pass over the training pairs; the mean loss.
    fn epoch(&mut self, feed: &Feed<'_>, schedule: &Schedule, observer: &mut dyn Observer) -> Result<f64, Error> {
        let batches = feed.epoch(self.progress.epoch);
        let (mut total, mut seen) = (0.0f64, 0usize);
        let mut ledger = Ledger::default();
        feed.run(self.progress.epoch, &batches, |batch| {
            let step = self.optimizer.steps();
            // Dropout draws from the device's generator: seeding it by step makes a resumed run draw the same.
            self.device
                .seed(self.seed ^ (step + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let count = batch.pairs.len();
            let entities = (&batch.drugs, &batch.targets);
            let outputs = self
                .model
                .forward(entities, batch.pairs, batch.evidence.as_ref(), &self.device);
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
                let reader = outputs.evidence.as_ref().unwrap_or(&outputs.joint);
                let losses = self.objective.losses(reader, &batch.labels);
                losses.into_iter().zip(&batch.shown).for_each(|(loss, shown)| ledger.add(loss, *shown));
            }
            let grads = GradientsParams::from_grads(loss.backward(), &self.model);
            self.model = self.optimizer.step(self.model.clone(), grads, schedule.rate(step));
            total += value * count as f64;
            seen += count;
            observer.pairs(seen);
            Ok(())
        })?;
        self.progress.epoch += 1;
        ledger.fold(&mut self.progress.curriculum.worth);
        self.progress.curriculum.epochs += 1;
        Ok(total / seen.max(1) as f64)
    }

    /// Averaged weights; a parameter that no gradient has reached yet is as it began.
    fn averages(&self) -> Archive {
        let mut all = Archive::of(&self.model);
        all.arrays.extend(self.optimizer.averages().arrays);
        all
    }

    fn averaged(&self, average: &Archive) -> Result<Model, Error> {
        Ok(average.load_into(self.model.valid())?)
    }

    /// Keeps the averaged weights if this epoch is the one to end with so far.
    fn keep(&mut self, average: Archive, metrics: &EpochMetrics, trust: [Trust; 2]) -> Result<(), Error> {
        let score = validation::selection_score(&metrics.valid);
        let better = match (self.recipe.training.select, score, self.progress.best) {
            (Select::Last, ..) | (_, None, _) | (_, Some(_), None) => true,
            (Select::Best, Some(score), Some((best, _))) => score > best,
        };
        if better {
            self.best = Some(average);
            self.progress.trust = trust;
            self.progress.best = Some((score.unwrap_or(0.0), metrics.epoch));
        }
        Ok(())
    }

    fn save(&self) -> Result<(), Error> {
        let best = self.best.clone().unwrap_or_default();
        let parts = [
            ("model", &Archive::of(&self.model)),
            ("optimizer", &self.optimizer.save()),
            ("best", &best),
        ];
        self.dir.save_state(&parts, &self.progress)
    }

    /// Writes the model and clears the state, unless the run was stopped before its end.
    fn end(
        mut self,
        job: &Job<'_>,
        (validation, evidence): (&Validation<'_>, Option<&Evidence>),
        pairs: f64,
        seconds: f64,
    ) -> Result<Trained, Error> {
        let (_, epoch) = self.progress.best.unwrap_or_default();
        let metrics = self
            .dir
            .epochs()?
            .into_iter()
            .find(|m| m.epoch == epoch)
            .ok_or_else(|| {
                Error::new(ErrorKind::Run, format!("epoch {epoch} is missing in metrics.jsonl")).about(self.dir.root())
            })?;
        let finished = self.progress.epoch >= self.recipe.training.epochs || self.out_of_patience();
        if finished {
            let best = self.best.take().unwrap_or_default();
            self.description.trust = self.progress.trust;
            if let Some(mix) = metrics.valid.get("mix") {
                self.description.mix = *mix as f32;
            }
            if self.description.model.heads.binding {
                let model = self.averaged(&best)?;
                self.description.threshold = validation.threshold(&model, job.device, &self.description);
            }
            Bundle::save(best, evidence, &self.description, &self.dir.model())?;
            self.dir.finish()?;
        }
        Ok(Trained {
            epoch,
            metrics,
            seconds,
            pairs_per_second: pairs / seconds.max(1e-9),
        })
    }
}
