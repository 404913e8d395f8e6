//! Parts that are sampled like a test part: for validation, and for what is learned about a model's own errors.
//!
//! A published split may test on new entities and validate on known ones; what is chosen on such a validation part does not
//! suit new entities. Comes in: a [`Split`]. Goes out: the same test part, with train and validation pairs divided again; or a split of
//! these pairs alone, whose test part holds pairs of every novelty.

use std::collections::BTreeMap;

use super::{Fractions, Part, Split, SplitBy, SplitConfig, split};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Origin},
};

/// Samples the validation part of `given` again from its training and validation pairs, `by` the given method, with `share` of
/// their pairs.
pub fn hold_out(dataset: &Dataset, given: &Split, by: SplitBy, share: f64, seed: u64) -> Result<Split, Error> {
    let (kept, inner) = without_test(dataset, given);
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

/// The training and validation pairs of `given`: their indices, and a data set of them alone.
fn without_test(dataset: &Dataset, given: &Split) -> (Vec<u32>, Dataset) {
    let mut kept: Vec<u32> = given.train.indices().to_vec();
    kept.extend(given.valid.indices());
    kept.sort_unstable();
    let pick = |texts: &Vec<Option<String>>| kept.iter().map(|i| texts[*i as usize].clone()).collect();
    let inner = Dataset {
        interactions: kept.iter().map(|i| dataset.interactions[*i as usize]).collect(),
        drugs: dataset.drugs.clone(),
        targets: dataset.targets.clone(),
        standardise: dataset.standardise,
        origins: dataset
            .origins
            .iter()
            .map(|(origin, texts)| (*origin, pick(texts)))
            .collect(),
        ..Dataset::default()
    };
    (kept, inner)
}

/// Which groups [`hold_out_entities`] holds out, and how many pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntityHoldOut {
    /// Groups of drugs, for instance [`SplitBy::UnseenDrug`] or [`SplitBy::Scaffold`].
    pub drugs: SplitBy,
    /// Groups of targets, for instance [`SplitBy::UnseenTarget`] or [`SplitBy::SequenceCluster`].
    pub targets: SplitBy,
    /// Share of the pairs whose drug is held out, and of those whose target is.
    pub entities: f64,
    /// Share of the other pairs that are held out too.
    pub pairs: f64,
    /// Seed.
    pub seed: u64,
}

/// A split of the training and validation pairs of `given`: drugs, targets and pairs are held out at once, so that its test part holds known
/// pairs and pairs whose drug, whose target, or both are new. A side with too few groups loses none.
///
/// # Errors
/// Where no pair can be held out, or none is left to train.
pub fn hold_out_entities(dataset: &Dataset, given: &Split, held: &EntityHoldOut) -> Result<Split, Error> {
    let (kept, inner) = without_test(dataset, given);
    let divide = |by: SplitBy, share: f64, seed: u64| -> Result<Vec<bool>, Error> {
        let fractions = Fractions {
            train: 1.0 - share,
            valid: 0.0,
            test: share,
        };
        let mut is_held = vec![false; inner.interactions.len()];
        match split(&inner, by, fractions, seed) {
            Ok(found) => found.test.indices().iter().for_each(|at| is_held[*at as usize] = true),
            Err(error) if error.kind() == ErrorKind::Infeasible => {}
            Err(error) => return Err(error),
        }
        Ok(is_held)
    };
    let sides = [
        divide(held.drugs, held.entities, held.seed)?,
        divide(held.targets, held.entities, held.seed.wrapping_add(1))?,
        divide(SplitBy::Random, held.pairs, held.seed.wrapping_add(2))?,
    ];
    let mut parts = vec![None; dataset.interactions.len()];
    for (at, index) in kept.iter().enumerate() {
        let is_held = sides.iter().any(|side| side[at]);
        parts[*index as usize] = Some(if is_held { Part::Test } else { Part::Train });
    }
    for part in [Part::Train, Part::Test] {
        if !parts.contains(&Some(part)) {
            return Err(Error::new(
                ErrorKind::Infeasible,
                format!("no pairs are left to {} when entities are held out", part.name()),
            )
            .hint("the data set is too small; set `calibration.hold_outs = 0` in the recipe"));
        }
    }
    let method = format!(
        "held out by {} and {}, seed {}",
        held.drugs.name(),
        held.targets.name(),
        held.seed
    );
    Ok(Split::from_parts(dataset, &parts, method))
}

/// The sources of the training and validation pairs of `given` that report at least `least` of them, and leave as many to the others; in the
/// order of their names. Fewer than two is none.
pub fn sources_to_hold_out(dataset: &Dataset, given: &Split, least: usize) -> Vec<String> {
    let Some(texts) = dataset.origins.get(&Origin::Source) else {
        return Vec::new();
    };
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    let kept = given.train.indices().iter().chain(given.valid.indices());
    kept.filter_map(|at| texts[*at as usize].as_ref())
        .for_each(|text| *counts.entry(text).or_default() += 1);
    let all: usize = counts.values().sum();
    let enough = |count: usize| count >= least && all - count >= least;
    counts
        .into_iter()
        .filter(|(_, count)| enough(*count))
        .map(|(text, _)| text.clone())
        .collect()
}

/// A split of the training and validation pairs of `given` whose test part is what one source reports and no other does.
///
/// # Errors
/// Where no pair has that source, or none is left to train.
pub fn hold_out_source(dataset: &Dataset, given: &Split, source: &str) -> Result<Split, Error> {
    let (kept, inner) = without_test(dataset, given);
    let config = SplitConfig {
        by: SplitBy::Source,
        fractions: Fractions {
            train: 1.0,
            valid: 0.0,
            test: 0.0,
        },
        test_sources: vec![source.to_string()],
        ..SplitConfig::default()
    };
    let sampled = config.split(&inner)?;
    let mut parts = vec![None; dataset.interactions.len()];
    for part in [Part::Train, Part::Test] {
        for at in sampled.part(part) {
            parts[kept[*at as usize] as usize] = Some(part);
        }
    }
    Ok(Split::from_parts(
        dataset,
        &parts,
        format!("held out what {source} reports"),
    ))
}
