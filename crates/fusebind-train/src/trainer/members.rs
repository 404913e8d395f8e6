//! The further members of an ensemble: each in a folder of its own below the run, until the model file holds all of them.
//!
//! A member has another seed, for its weights, batches and dropout, and leaves another tenth of the training pairs out of its loss.
//! Features, neighbour features and the reference set, which holds all training pairs, are those of the run. Comes in: [`Shared`].
//! Goes out: a [`TrainedMember`] for each, trained once: a run that was stopped goes on with the member that it was stopped in.

use fusebind_model::{ensemble::MemberRecord, model_file::ModelFile};

use super::{
    job::{Job, Observer},
    member::Shared,
    run::{Run, TrainedMember},
    structure,
};
use crate::{Error, run_dir::RunDir, seeds};

/// Parts of the training pairs of which each member leaves one out.
const PARTS: u64 = 10;

/// Positions in the training part of the pairs that member `number` learns from: all of them where there is only one.
pub(super) fn positions(job: &Job<'_>, number: u64) -> Vec<u32> {
    let all = 0..job.split.train.indices().len() as u32;
    if job.recipe.training.ensemble < 2 {
        return all.collect();
    }
    let part = |position: u32| (seeds::left_out(job.seed, position).unit() * PARTS as f64) as u64;
    all.filter(|position| part(*position) != number % PARTS).collect()
}

/// Trains the further members of the run in `dir`; none where it was asked to stop before the end.
pub(super) fn train(
    shared: &Shared<'_>,
    dir: &RunDir,
    observer: &mut dyn Observer,
) -> Result<Option<Vec<TrainedMember>>, Error> {
    let count = shared.job.recipe.training.ensemble;
    let mut members = Vec::new();
    for number in 1..count {
        let out = dir.member(number);
        let begun = RunDir::open(&out).is_ok();
        if !begun || !RunDir::open(&out)?.is_trained() {
            observer.note(&format!("ensemble: member {} of {count}", number + 1));
            let job = Job {
                seed: seeds::member(shared.job.seed, number),
                out: &out,
                resume: begun,
                stop_after: None,
                ..*shared.job
            };
            let run = Run::start(&job, shared.prepared, &shared.prepared.recipe)?;
            let own = positions(shared.job, number);
            structure::train_both(shared, &job, run, &own, Vec::new(), observer)?;
        }
        let dir = RunDir::open(&out)?;
        if !dir.is_trained() {
            return Ok(None);
        }
        let (file, _) = ModelFile::open(&dir.model())?;
        members.push(TrainedMember {
            record: MemberRecord {
                seed: file.description.seed,
                epoch: file.description.training.epoch,
                encoder_share: file.description.encoder_share,
                structure_only_share: file.description.structure_only_share,
                structure_model: file.description.structure_model,
                modality_weights: file.description.modality_weights,
            },
            weights: file.weights,
        });
    }
    if count > 1 {
        observer.note(&format!("ensemble: member 1 of {count}"));
    }
    Ok(Some(members))
}
