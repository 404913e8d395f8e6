//! The structure model: a model of graph and sequence alone beside one that reads side modalities as well.
//!
//! Modality dropout makes one model stand missing modalities, but read without any it need not be as good as a model that never had some
//! (docs/experiments/across-sources.md). A user without side tables should get what a model trained without them says, hence a second model on
//! the same pairs, labels and neighbour features, of which those that compare side values are masked.
//!
//! Comes in: [`Shared`] and a job. Goes out: the finished run of both. The run of the structure model lies below that of the model it belongs
//! to; where that was stopped, it goes on.

use super::{
    job::{Job, Observer, Trained},
    member::Shared,
    run::{Run, TrainedMember, TrainedStructure},
    validation::Reads,
};
use crate::{Error, curriculum::CurriculumKind, recipe::Recipe, run_dir::RunDir};

/// What became of the structure model of a run.
enum Structure {
    /// The recipe wants none, or there are no side modalities.
    None,
    /// It was asked to stop before its end.
    Stopped,
    /// It is there.
    Trained(TrainedStructure),
}

/// The recipe of the structure model beside a model of `recipe`: what concerns side modalities is off.
fn recipe_of(recipe: &Recipe) -> Recipe {
    let mut own = recipe.clone();
    own.model = recipe.model.structure_only();
    own.training.structure_model = false;
    own.training.encoder_share = recipe.training.structure_encoder_share;
    own.training.structure_only_shares = vec![0.0];
    // Where one side alone can be described, no pair lacks what others have.
    let (drug, target) = (recipe.model.drug.modalities(), recipe.model.target.modalities());
    if drug.is_empty() || target.is_empty() {
        own.training.one_sided_structure_share = 0.0;
    }
    own.training.pretraining = 0;
    own.training.curriculum.kind = CurriculumKind::None;
    own.training.curriculum.corruption = 0.0;
    own
}

/// Trains the structure model of `run`, where its recipe wants one, then `run` itself, which is that of `job`, on the training pairs at
/// `positions`, and ends it.
pub(super) fn train_both(
    shared: &Shared<'_>,
    job: &Job<'_>,
    run: Run,
    positions: &[u32],
    members: Vec<TrainedMember>,
    observer: &mut dyn Observer,
) -> Result<Trained, Error> {
    let structure = match train(shared, job, &run.dir, positions, observer)? {
        Structure::None => None,
        Structure::Stopped => return Ok(Trained::default()),
        Structure::Trained(found) => Some(found),
    };
    let said = match &structure {
        Some(found) => {
            let model = run.structure_of(&found.weights)?;
            Some((shared.validation).said(&model, found.record, job.device))
        }
        None => None,
    };
    let (run, pace) = shared.train(job, run, Reads::Everything(said.as_ref()), positions, observer)?;
    let reference = shared.prepared.reference.as_ref();
    run.end(job, &shared.validation, reference, (structure, members), pace)
}

/// Trains the structure model of `job`, whose run lies in `dir`, on the training pairs at `positions`.
fn train(
    shared: &Shared<'_>,
    job: &Job<'_>,
    dir: &RunDir,
    positions: &[u32],
    observer: &mut dyn Observer,
) -> Result<Structure, Error> {
    let recipe = &shared.prepared.recipe;
    if !recipe.training.structure_model || !recipe.model.has_side() {
        return Ok(Structure::None);
    }
    let out = dir.structure();
    let begun = RunDir::open(&out).is_ok();
    let job = Job {
        out: &out,
        resume: begun,
        stop_after: None,
        ..*job
    };
    if !begun {
        observer.note("structure model: graph and sequence alone");
    }
    let run = Run::start(&job, shared.prepared, &recipe_of(recipe))?;
    let (run, _) = shared.train(&job, run, Reads::Structure, positions, observer)?;
    // What is saved is what a later process finds: it trains nothing again.
    run.save()?;
    Ok(run.structure().map_or(Structure::Stopped, Structure::Trained))
}
