//! How a [`MismatchModel`] is fitted.
//!
//! Comes in: a [`ReferenceSet`] and a seed. Goes out: classifiers, calibration maps, the shares of wrong values of the reference, and what is excluded
//! (`super::mismatch` says why).

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::{
    LEAST,
    calibration_map::CalibrationMap,
    classifier::{MismatchClassifier, Queried},
    mismatch::{MismatchModel, Ratios, Stage, is_side, match_probabilities, similarities},
};
use crate::{
    neighbours::{Queries, ReferenceEntities, ReferenceSet, Similarities},
    random::Stream,
};

/// Times that the classifiers are fitted.
const ROUNDS: usize = 3;
/// Sets the permutations of calibration apart from those that the classifiers are fitted on.
const CALIBRATION: u64 = 1;

impl MismatchModel {
    /// Fits on the entities of `reference`; every value has full weight where `mismatch_prior` is 0.
    pub fn fit(reference: &ReferenceSet, mismatch_prior: f32, seed: u64) -> Self {
        let mut mismatch = Self {
            mismatch_prior,
            ..Self::default()
        };
        if mismatch_prior <= 0.0 {
            return mismatch;
        }
        for (at, side) in [&reference.drugs, &reference.targets].into_iter().enumerate() {
            let own = Queries {
                own: (0..side.keys.len() as u32).map(Some).collect(),
                counterparts: &[],
                descriptors: side.sources.iter().map(|(_, d)| d).collect(),
            };
            let similar = similarities(side, &own);
            let own = Queried {
                entities: &own,
                similar: &similar,
            };
            for round in 0..ROUNDS {
                mismatch.classifiers[at] = classifiers(side, &similar, &mismatch.excluded[at], seed);
                let sums = mismatch.calibrate(at, side, own, seed);
                if round + 1 < ROUNDS {
                    mismatch.exclude(at, &sums);
                }
            }
        }
        mismatch
    }

    /// Fits the calibration maps on the values of the reference and on the same values permuted, and estimates the mismatch rates of the
    /// reference. Returns the sums over all reference modalities of the values of the reference.
    fn calibrate(&mut self, at: usize, side: &ReferenceEntities, own: Queried<'_, '_>, seed: u64) -> Ratios {
        (self.calibration_maps[at], self.shares[at]) = Default::default();
        let permuted_from = self.permuted_from(at, side, seed);
        let (log_ratios, permuted) = (
            self.log_ratios(at, side, own, None),
            self.log_ratios(at, side, own, Some(&permuted_from)),
        );
        let (mut source_weights, mut sums) = (None, Ratios::new());
        for stage in [Stage::Structure, Stage::All] {
            sums = self.sums(at, side, &log_ratios, source_weights.as_ref());
            let wrong = self.sums(at, side, &permuted, source_weights.as_ref());
            for (source, right) in &sums {
                let excluded = self.excluded[at].get(source);
                let kept = |e: &usize| excluded.is_none_or(|excluded| !excluded[*e]);
                let moved = |e: &usize| permuted_from[source][*e] as usize != *e;
                let all = || 0..right.len();
                let right: Vec<f32> = all().filter(kept).filter_map(|e| right[e]).collect();
                let wrong: Vec<f32> = all().filter(moved).filter_map(|e| wrong[source][e]).collect();
                if right.len() >= LEAST && wrong.len() >= LEAST {
                    self.calibration_maps[at][stage as usize].insert(*source, CalibrationMap::fit(&right, &wrong));
                }
            }
            let ratios = self.ratios(at, stage, sums.clone());
            let share = |ratios: &[Option<f32>]| self.mismatch_rate(ratios.iter().copied().flatten());
            let shares = ratios.iter().map(|(source, r)| (*source, share(r))).collect();
            source_weights = Some(match_probabilities(&ratios, usize::MAX, |_, ratios| share(ratios)));
            self.shares[at][stage as usize] = shares;
        }
        sums
    }

    /// For each checked source a permutation of the entities that have a value.
    fn permuted_from(&self, at: usize, side: &ReferenceEntities, seed: u64) -> BTreeMap<usize, Vec<u32>> {
        let mut random = Stream::new(seed).apart(CALIBRATION).generator();
        let checked: BTreeSet<usize> = self.classifiers[at]
            .iter()
            .map(|classifier| classifier.sources[0])
            .collect();
        let mut swap = |source: usize| {
            let mut permuted_from: Vec<u32> = (0..side.keys.len() as u32).collect();
            let has = |e: &u32| side.sources[source].1.is_present(*e as usize);
            let having: Vec<u32> = permuted_from.iter().copied().filter(has).collect();
            let mut shuffled = having.clone();
            shuffled.shuffle(&mut random);
            having
                .iter()
                .zip(shuffled)
                .for_each(|(entity, other)| permuted_from[*entity as usize] = other);
            (source, permuted_from)
        };
        checked.into_iter().map(&mut swap).collect()
    }

    /// Excludes the values of the reference that are more likely wrong than right, of each source that may hold many wrong ones; `sums` are
    /// those of all reference modalities.
    fn exclude(&mut self, at: usize, sums: &Ratios) {
        // The sum itself: what the calibration map makes of it is bounded by the very share that is estimated.
        let is_odd = |sum: &Option<f32>| sum.is_some_and(|sum| self.mismatch_prior * (-sum).exp() > 0.5);
        let lowest = |source: &usize| {
            self.calibration_maps[at][Stage::All as usize]
                .get(source)
                .map(CalibrationMap::lowest)
        };
        let may_hold_many =
            |source: &usize| lowest(source).is_some_and(|ratio| ratio.exp() > 2.0 * self.mismatch_prior);
        let excluded = (sums.iter().filter(|(source, _)| may_hold_many(source)))
            .map(|(source, sums)| (*source, sums.iter().map(is_odd).collect()))
            .collect();
        self.excluded[at] = excluded;
    }
}

/// Classifiers of every side source, by the structure and by each other side source.
fn classifiers(
    side: &ReferenceEntities,
    similar: &[Similarities<'_>],
    excluded: &BTreeMap<usize, Vec<bool>>,
    seed: u64,
) -> Vec<MismatchClassifier> {
    let mut wanted = Vec::new();
    for (checked, (source, _)) in side.sources.iter().enumerate() {
        // The first source is a structure; further ones of the same structure would only repeat it.
        let references = (0..side.sources.len()).filter(|at| *at == 0 || is_side(side.sources[*at].0));
        wanted.extend(
            references
                .filter(|at| is_side(*source) && *at != checked)
                .map(|reference| [checked, reference]),
        );
    }
    wanted
        .into_par_iter()
        .filter_map(|sources| MismatchClassifier::fit(side, similar, sources, excluded, Stream::new(seed)))
        .collect()
}
