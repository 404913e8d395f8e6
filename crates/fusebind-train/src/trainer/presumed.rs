//! Presumed negatives: unknown pairs that train as if they did not bind.
//!
//! Public binding sets report what binds far more often than what does not, and for popular compounds and targets above all. A
//! model learns from them that what is popular binds. Degree-matched negatives contain each drug and each target as often as the known
//! binders do, so that popularity says nothing ([`fusebind_data::negative`]). They train, and enter neither the reference set nor
//! any other part. Comes in: a [`Job`]. Goes out: its data set and split with such pairs behind the others.

use fusebind_data::{
    negative::{Draw, NegativeConfig, sample_negatives},
    split::Split,
    table::{Dataset, Interaction},
};

use super::job::{Job, Observer};
use crate::Error;

/// The data set and the split of `job` with presumed negatives; `None` where its recipe or its data want none.
///
/// Only pairs of the training and the validation part are spared, so that no test label decides which pairs are presumed.
///
/// # Errors
/// Where there are too few unknown pairs.
pub(super) fn with_negatives(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Option<(Dataset, Split)>, Error> {
    let ratio = job.recipe.training.presumed_negatives;
    let interaction = |at: &u32| &job.dataset.interactions[*at as usize];
    let pair = |i: &Interaction| (i.drug, i.target);
    let train = job.split.train.indices().iter().map(interaction);
    let positives: Vec<(u32, u32)> = train.clone().filter(|i| i.binds == Some(true)).map(pair).collect();
    if ratio <= 0.0 || positives.is_empty() {
        return Ok(None);
    }
    let valid = job.split.valid.indices().iter().map(interaction);
    let spared: Vec<(u32, u32)> = train.chain(valid).map(pair).collect();
    let entities = (job.dataset.drugs.len() as u32, job.dataset.targets.len() as u32);
    let config = |draw| NegativeConfig {
        draw,
        ratio,
        seed: job.seed,
    };
    // A dense table may have no unknown pairs left that match every degree.
    let sampled = sample_negatives(&positives, &spared, entities, &config(Draw::DegreeMatched))
        .or_else(|_| sample_negatives(&positives, &spared, entities, &config(Draw::Random)));
    let Ok(sampled) = sampled else {
        observer.note("too few pairs are unknown: no negatives are presumed");
        return Ok(None);
    };
    observer.note(&format!("{} unknown pairs train as presumed negatives", sampled.len()));
    let mut dataset = job.dataset.clone();
    let first = dataset.interactions.len() as u32;
    dataset
        .interactions
        .extend(sampled.into_iter().map(|(drug, target)| Interaction {
            drug,
            target,
            affinity: None,
            binds: Some(false),
            row: 0,
        }));
    let split = job
        .split
        .clone()
        .with_training(first..dataset.interactions.len() as u32);
    Ok(Some((dataset, split)))
}
