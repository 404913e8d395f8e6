//! What a model does not know: learned from pairs that models like it did not see.
//!
//! A run that has trained its model trains further ones of the same recipe, each without some drugs, some targets and some pairs
//! ([`crate::recipe::CalibrationConfig`]). Their errors on what they did not see are as large as those of the model will be on pairs that are new to it;
//! errors on validation pairs are not, where those resemble training. The last hold-out leaves out whole scaffolds and clusters
//! of sequences, so that strange entities are among them. Epochs are those of the model; shares of its readers are chosen
//! by how new a pair is, on all hold-outs together. The validation pairs of the model are one more hold-out. Where the data name their
//! sources, what one of them reports is left out as well, since pairs that were measured elsewhere are what a model will be used on.
//!
//! Comes in: a finished training in a run folder. Goes out: the same model file with [`Trust`]. Pairs of the test part take no part.

mod affinity;
mod binding;
mod fit;
mod held_out;
mod own_pairs;
mod pooled;
mod shares;

pub use own_pairs::{OwnPairs, recalibrate};

use fusebind_data::split::{
    EntityHoldOut, Part, Split, SplitBy, hold_out_entities, hold_out_source, sources_to_hold_out,
};
use fusebind_model::{
    model_file::ModelFile,
    prior_shift,
    trained::{Description, TrainedModel},
    trust::{DomainLimits, Trust},
};

use crate::{
    Error, ErrorKind,
    evaluate::EvaluationSet,
    recipe::{CheckpointPolicy, Recipe},
    run_dir::RunDir,
    trainer::{self, Job, Observer, Trained},
};
use held_out::HeldOutPair;
use pooled::Whose;
use shares::{Fold, Shares};

/// Shares of training entities whose nearest other one is less similar than the limits of the domain: inside, edge.
const LESS_SIMILAR: [f64; 2] = [0.25, 0.05];
/// Fewest pairs of a source that is held out, and that are left.
const LEAST_OF_SOURCE: usize = 1000;
/// Number of the hold-out that the validation pairs are.
const VALIDATION: u32 = u32::MAX;
/// Training entities that the limits are found on.
const SAMPLE: usize = 2000;

/// Trains the model of `job`, then what its recipe holds out. A run that was stopped after the first goes on with the second.
///
/// # Errors
/// As [`trainer::train`].
pub fn train(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    if job.recipe.calibration.hold_outs == 0 {
        return trainer::train(job, observer);
    }
    let Some(side) = trainer::embedded(job, observer)? else {
        return train_and_calibrate(job, observer);
    };
    let side = [&side[0], &side[1]];
    train_and_calibrate(&Job { side, ..*job }, observer)
}

fn train_and_calibrate(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    let trained = match RunDir::open(job.out) {
        Ok(dir) if job.resume && dir.is_trained() && !dir.is_finished() => trained_before(job, &dir)?,
        found => {
            // Before anything else is there: a run with this folder is not finished.
            if found.is_err() && !job.resume {
                RunDir::create(job.out)?.begin_calibration()?;
            }
            trainer::train(job, observer)?
        }
    };
    if RunDir::open(job.out)?.is_trained() {
        calibrate(job, observer)?;
    }
    Ok(trained)
}

/// What came of a training that was finished before.
fn trained_before(job: &Job<'_>, dir: &RunDir) -> Result<Trained, Error> {
    trainer::agree_trained(job, dir)?;
    let training = TrainedModel::open(&dir.model(), job.device)?.description.training;
    Ok(Trained {
        epoch: training.epoch,
        metrics: training.scores,
        seconds: 0.0,
        pairs_per_second: 0.0,
    })
}

/// Adds to the model in the folder of `job` what hold-outs say of its errors. A hold-out that is done is not trained again. `false` where it
/// was asked to stop before the end.
fn calibrate(job: &Job<'_>, observer: &mut dyn Observer) -> Result<bool, Error> {
    let dir = RunDir::open(job.out)?;
    let model = TrainedModel::open(&dir.model(), job.device)?;
    if model.description.trust.is_some() {
        // Everything is in the model: only the hold-outs were still to be removed.
        dir.calibrated()?;
        return Ok(true);
    }
    let mut folds: Vec<Fold<'_>> = validation(job, &model).into_iter().collect();
    let choices = choices(job);
    for (number, choice) in choices.iter().enumerate() {
        let (place, count) = (number + 1, choices.len());
        observer.note(&format!(
            "calibration: training without {}, {place} of {count}",
            choice.name()
        ));
        match hold_out(job, &dir, &model.description, (number as u32, choice), observer) {
            Ok(Some(fold)) => folds.push(fold),
            Ok(None) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Data => {
                observer.note(&format!("no intervals and no calibrated probabilities: {error}"));
                dir.calibrated()?;
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
    }
    let shares = shares_of(job, &model, &folds);
    let of_fold = |fold: &Fold<'_>| {
        let scores = fold.scores(&shares);
        let description = &fold.trained.description;
        held_out::pairs(
            &fold.interactions,
            description,
            &scores,
            &fold.read.evidence,
            fold.number,
        )
    };
    let pairs: Vec<HeldOutPair> = folds.iter().flat_map(of_fold).collect();
    let (mut file, _) = ModelFile::open(&dir.model())?;
    file.description.shares_by_novelty = shares;
    file.description.trust = Some(Trust {
        domain: domain(&model),
        familiar: set(job, job.split, Part::Train).familiar(&model),
        inert_shift: match job.recipe.calibration.presume_inert {
            true => prior_shift::of_inert(model.description.prior),
            false => 0.0,
        },
        sources: fit::of_sources(&pairs, &held_out_sources(&choices)),
        ..fit::fit(&pairs, &model.description, &[], Whose::HoldOuts)
    });
    file.save(&dir.model())?;
    dir.calibrated()?;
    Ok(true)
}

/// Shares by novelty, where the recipe wants hold-outs to choose some.
fn shares_of(job: &Job<'_>, model: &TrainedModel, folds: &[Fold<'_>]) -> Shares {
    let training = &job.recipe.training;
    match job.recipe.calibration.shares {
        true => shares::of_folds(
            folds,
            model.description.ensemble(),
            &training.encoder_shares,
            training.encoder_share_tolerance,
        ),
        false => Shares::new(),
    }
}

/// The validation pairs of the model itself, as one more hold-out: epoch and shares were chosen on them, but nothing was fitted.
fn validation<'a>(job: &Job<'a>, model: &TrainedModel) -> Option<Fold<'a>> {
    let has_pairs = !job.split.valid.indices().is_empty();
    has_pairs.then(|| fold(job, job.split, Part::Valid, model.clone(), VALIDATION))
}

/// The pairs of a part that `trained` did not see.
fn fold<'a>(job: &Job<'a>, split: &Split, part: Part, trained: TrainedModel, number: u32) -> Fold<'a> {
    let set = set(job, split, part);
    let indices = set.indices().iter();
    Fold {
        number,
        interactions: indices
            .map(|index| &job.dataset.interactions[*index as usize])
            .collect(),
        read: set.read(&trained),
        trained,
    }
}

fn set<'s>(job: &Job<'s>, split: &'s Split, part: Part) -> EvaluationSet<'s> {
    EvaluationSet {
        dataset: job.dataset,
        drug_side: job.side[0],
        target_side: job.side[1],
        split,
        part,
    }
}

/// Trains a model without some entities and scores the pairs that it did not see; none where it was asked to stop.
fn hold_out<'a>(
    job: &Job<'a>,
    dir: &RunDir,
    description: &Description,
    (number, choice): (u32, &Choice),
    observer: &mut dyn Observer,
) -> Result<Option<Fold<'a>>, Error> {
    let split = match choice {
        Choice::Entities(held) => hold_out_entities(job.dataset, job.split, held),
        Choice::Source(source) => hold_out_source(job.dataset, job.split, source),
    };
    let split = split.map_err(|e| Error::new(ErrorKind::Data, e.to_string()))?;
    let recipe = recipe_of(job.recipe, description);
    let out = dir.hold_out(number);
    let begun = RunDir::open(&out).is_ok();
    let part = Job {
        recipe: &recipe,
        split: &split,
        out: &out,
        resume: begun,
        stop_after: None,
        ..*job
    };
    let is_done = begun && RunDir::open(&out)?.is_finished();
    if !is_done {
        trainer::train(&part, observer)?;
    }
    let dir = RunDir::open(&out)?;
    if !dir.is_finished() {
        return Ok(None);
    }
    let trained = TrainedModel::open(&dir.model(), job.device)?;
    Ok(Some(fold(job, &split, Part::Test, trained, number)))
}

/// What a hold-out does without.
enum Choice {
    /// Drugs, targets and pairs.
    Entities(EntityHoldOut),
    /// What one source reports.
    Source(String),
}

impl Choice {
    fn name(&self) -> String {
        match self {
            Self::Entities(_) => "some drugs, targets and pairs".into(),
            Self::Source(source) => format!("what {source} reports"),
        }
    }
}

/// The sources among what is held out, each with the number of its hold-out.
fn held_out_sources(choices: &[Choice]) -> Vec<(u32, &str)> {
    let numbered = (0..).zip(choices);
    let sources = numbered.filter_map(|(number, choice)| match choice {
        Choice::Source(source) => Some((number, source.as_str())),
        Choice::Entities(_) => None,
    });
    sources.collect()
}

/// What is held out: entities, the last time those that are unlike the rest, then the largest sources.
fn choices(job: &Job<'_>) -> Vec<Choice> {
    let config = &job.recipe.calibration;
    let entities = |number: u32| {
        let is_last = number + 1 == config.hold_outs && number > 0;
        let (drugs, targets) = match is_last {
            true => (SplitBy::Scaffold, SplitBy::SequenceCluster),
            false => (SplitBy::UnseenDrug, SplitBy::UnseenTarget),
        };
        Choice::Entities(EntityHoldOut {
            drugs,
            targets,
            entities: config.entities,
            pairs: config.pairs,
            seed: job.seed.wrapping_mul(1000).wrapping_add(u64::from(number) * 10),
        })
    };
    let sources = sources_to_hold_out(job.dataset, job.split, LEAST_OF_SOURCE);
    let several = if sources.len() > 1 { config.sources } else { 0 };
    let sources = sources.into_iter().take(several).map(Choice::Source);
    (0..config.hold_outs).map(entities).chain(sources).collect()
}

/// The recipe of a hold-out: that of the run, with everything set that validation chose.
fn recipe_of(recipe: &Recipe, description: &Description) -> Recipe {
    let mut recipe = recipe.clone();
    recipe.calibration.hold_outs = 0;
    recipe.training.epochs = description.training.epoch.max(1);
    recipe.training.checkpoint = CheckpointPolicy::Last;
    recipe.training.patience = 0;
    recipe.training.encoder_share = description.encoder_share;
    if let Some(structure) = &description.structure_model {
        recipe.training.structure_encoder_share = structure.encoder_share;
    }
    recipe.training.structure_only_shares = vec![description.structure_only_share];
    recipe
}

/// Limits of the domain: how similar training entities are to each other.
fn domain(model: &TrainedModel) -> DomainLimits {
    let mut limits = DomainLimits::default();
    let Some(reference) = &model.neighbours else {
        return limits;
    };
    for (side, entities) in [&reference.set.drugs, &reference.set.targets].into_iter().enumerate() {
        let mut similarities = entities.nearest_others(SAMPLE);
        similarities.sort_by(f32::total_cmp);
        let at = |share: f64| {
            let place = (share * similarities.len() as f64) as usize;
            similarities.get(place).copied().unwrap_or_default()
        };
        limits.inside[side] = at(LESS_SIMILAR[0]);
        limits.edge[side] = at(LESS_SIMILAR[1]);
    }
    limits
}
