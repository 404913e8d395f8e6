//! A validation part that is sampled like a test part.
//!
//! A published split may test on new entities and validate on known ones; what is chosen on such a validation part does not
//! suit new entities. Comes in: a [`Split`]. Goes out: the same test part, with train and validation pairs divided again.

use super::{Fractions, Part, Split, SplitBy, split};
use crate::{Error, table::Dataset};

/// Samples the validation part of `given` again from its training and validation pairs, `by` the given method, with `share` of
/// their pairs.
pub fn hold_out(dataset: &Dataset, given: &Split, by: SplitBy, share: f64, seed: u64) -> Result<Split, Error> {
    let mut kept: Vec<u32> = given.train.indices().to_vec();
    kept.extend(given.valid.indices());
    kept.sort_unstable();
    let pick = |texts: &Vec<Option<String>>| kept.iter().map(|i| texts[*i as usize].clone()).collect();
    let inner = Dataset {
        interactions: kept.iter().map(|i| dataset.interactions[*i as usize]).collect(),
        drugs: dataset.drugs.clone(),
        targets: dataset.targets.clone(),
        origins: dataset
            .origins
            .iter()
            .map(|(origin, texts)| (*origin, pick(texts)))
            .collect(),
        ..Dataset::default()
    };
    let fractions = Fractions {
        train: 1.0 - share,
        valid: share,
        test: 0.0,
    };
    let sampled = split(&inner, by, fractions, seed)?;
    let mut parts = vec![None; dataset.interactions.len()];
    for part in [Part::Train, Part::Valid] {
        for at in sampled.part(part) {
            parts[kept[*at as usize] as usize] = Some(part);
        }
    }
    given
        .test
        .indices()
        .iter()
        .for_each(|i| parts[*i as usize] = Some(Part::Test));
    let method = format!("{}, validation drawn by {}", given.method, by.name());
    Ok(Split::from_parts(dataset, &parts, method))
}
