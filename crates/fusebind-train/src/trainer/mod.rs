//! Training: epochs of batches, a choice on validation only, a state that a kill cannot harm.
//!
//! Comes in: a [`Job`]. Goes out: a run folder. Every random draw is seeded by (seed, step) or (seed, epoch), so a run that
//! is resumed from its state goes on exactly as if it had never stopped.

mod inputs;
mod loader;
mod pretrain;
mod run;
mod validation;

use std::{collections::BTreeMap, path::Path, time::Instant};

use burn::tensor::Device;
use fusebind_data::{split::Split, table::Dataset};
use fusebind_features::entity::{
    molecule::Molecule,
    side::{DrugRows, SideData},
};
use fusebind_features::{
    reference::Reference,
    schema::{DrugStore, TargetStore},
};

use crate::{
    Error, ErrorKind,
    curriculum::{self, CurriculumKind},
    labels::LabelPlan,
    recipe::Recipe,
    run_dir::EpochMetrics,
};
use inputs::{PermutedCopies, Positives, fit_inputs, known_pairs, outcomes, training_neighbours};
use loader::Loader;
use run::Run;
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
    fn drug_rows(&self) -> DatasetDrugRows {
        DatasetDrugRows::new(
            self.dataset,
            self.side[0],
            self.dataset.interactions.iter().map(|i| (i.drug, i.target)),
        )
    }
}

/// [`DrugRows`] of the drugs of a data set.
pub(crate) struct DatasetDrugRows(pub DrugRows);

impl DatasetDrugRows {
    /// DrugRows for `pairs` of drug and target.
    pub fn new(dataset: &Dataset, side: &SideData, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        Self(DrugRows::new(side, dataset.drugs.len(), &pairs.collect::<Vec<_>>()))
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
    /// Scores of that epoch on validation by name; empty without a validation part.
    pub metrics: BTreeMap<String, f64>,
    /// Seconds of training, this process only.
    pub seconds: f64,
    /// Training pairs per second, this process only.
    pub pairs_per_second: f64,
}

/// Seconds between two saved states.
const SAVE_EVERY: f64 = 20.0;

/// Runs a job to its end, on the data that it names.
pub fn train(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    let mut recipe = resolve(job)?;
    let plan = LabelPlan::fit(&job.dataset.interactions, &job.split.train, recipe.task)?;
    let mut drug_rows = job.drug_rows();
    let mut target_side = job.side[1].clone();
    let corruption = recipe.training.curriculum.corruption;
    let permuted_copies = match corruption > 0.0 && recipe.model.neighbours.enabled {
        true => PermutedCopies::add(
            &mut drug_rows.0,
            job.dataset.drugs.len(),
            &mut target_side,
            job.dataset.targets.len(),
            job,
        ),
        false => PermutedCopies::default(),
    };
    let proteins = job.dataset.targets.iter().map(|t| &t.protein);
    let proteins = proteins.chain(
        permuted_copies
            .targets
            .iter()
            .map(|t| &job.dataset.targets[*t as usize].protein),
    );
    let drugs = DrugStore::new(drug_rows.molecules(job.dataset), recipe.model.graph.substructures);
    let targets = TargetStore::new(proteins, recipe.model.sequence.composition);
    let inputs = fit_inputs(job, &recipe, &drugs, &targets);
    (recipe.model.drug, recipe.model.target) = (inputs.drug.channels(), inputs.target.channels());
    let (drug_side, mut notes) = inputs.drug.store(&drug_rows.0.side, drugs.keys.len());
    let (target_side, more) = inputs.target.store(&target_side, targets.keys.len());
    notes.extend(more);
    notes.iter().for_each(|note| observer.note(note));
    let mut drugs = drugs.scaled(&inputs.substructures).with_side(drug_side);
    let mut targets = targets.scaled(&inputs.composition).with_side(target_side);
    let scales = plan.scales.clone();
    let label_plan = plan.clone();
    let curriculum = recipe.training.curriculum.clone();
    let mut neighbours = (recipe.model.neighbours.enabled)
        .then(|| known_pairs(job, (&plan, &curriculum), &permuted_copies, (&mut drugs, &mut targets)));
    let rows = (&drug_rows.0.pairs[..], &permuted_copies);
    let shown = (neighbours.as_mut()).map(|neighbours| training_neighbours(job, neighbours, rows, (&drugs, &targets)));
    recipe.model.neighbours.inputs = neighbours.as_ref().map_or(0, Reference::inputs);
    recipe.model.neighbours.flags = neighbours.as_ref().map_or(0, Reference::flags);
    let mut run = Run::start(job, recipe, (plan, inputs))?;
    let neighbour_correlations = shown
        .as_ref()
        .map(|table| table.neighbour_correlation(&outcomes(job, &label_plan)))
        .unwrap_or_default();
    let positives = match run.recipe.training.objective.contrast > 0.0 {
        true => Positives::new(job, &label_plan, [&drug_rows.0.drugs, &permuted_copies.targets]),
        false => Positives::default(),
    };
    let curriculum = curriculum.build(&neighbour_correlations, job.seed);
    let mut loader = Loader {
        interactions: &job.dataset.interactions,
        pairs: &drug_rows.0.pairs,
        train: job.split.train.indices(),
        stores: (&drugs, &targets),
        scales: &scales,
        neighbours: shown.as_ref(),
        cold_start: &job.recipe.training.cold_start,
        permuted_copies: &permuted_copies,
        dropout: &job.recipe.modalities.dropout,
        positives: &positives,
        corruption,
        sampler: &job.recipe.training.sampler,
        seed: job.seed,
        modality_weights: Default::default(),
        progress: 0.0,
    };
    let stores = (&drugs, &targets);
    let validation = Validation::new(job, &drug_rows.0.pairs, &scales, stores, neighbours.as_ref());
    let steps_per_epoch = loader.epoch(0).len() as u64;
    let schedule = run.schedule(steps_per_epoch);
    let epochs = run.recipe.training.epochs;
    run.pretrain(job, stores, observer)?;
    observer.begin(loader.train.len(), epochs, run.progress.epoch);
    let (begun, first_epoch) = (Instant::now(), run.progress.epoch);
    let mut saved = Instant::now();
    while run.progress.epoch < epochs && !run.out_of_patience() {
        let started = Instant::now();
        loader.progress = run.progress.epoch as f64 / epochs as f64;
        loader.modality_weights = curriculum.modality_weights(loader.progress, &run.progress.curriculum);
        let train_loss = run.epoch(&loader, &schedule, observer)?;
        let average = run.averages();
        let validated = validation.score(&run.averaged(&average)?, job.device, loader.modality_weights);
        let metrics = EpochMetrics {
            epoch: run.progress.epoch,
            train_loss,
            valid: validated.logged(),
            modality_weights: match run.recipe.training.curriculum.kind {
                CurriculumKind::None => Default::default(),
                _ => curriculum::named(loader.modality_weights, &neighbour_correlations),
            },
            measured_importance: curriculum::named_importance(&run.progress.curriculum),
            learning_rate: schedule.rate(run.optimizer.steps().saturating_sub(1)),
            seconds: started.elapsed().as_secs_f64(),
        };
        run.dir.log(&metrics)?;
        run.keep(average, validated, loader.modality_weights);
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
        (&validation, neighbours.as_ref()),
        done * loader.train.len() as f64,
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
