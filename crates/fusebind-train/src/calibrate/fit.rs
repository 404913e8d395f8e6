//! From held-out pairs to [`Trust`].
//!
//! Comes in: pairs of several hold-outs. Goes out: expected errors, calibration maps ([`super::binding`]) and quantiles. What a quantile is taken of
//! comes from a fit to the other hold-outs (cross-conformal, Vovk 2015, doi 10.1007/s10472-013-9368-4), the fit that is kept is one to all of them.

use std::collections::BTreeMap;

use fusebind_eval::{classification, conformal::GroupedScores, error_scale::ErrorScale, regression};
use fusebind_features::novelty::Novelty;
use fusebind_model::{
    trained::Description,
    trust::{
        AFFINITY_CHANNELS, AffinityTrust, DomainLimits, ErrorLimits, IntervalLevel, SourceScores, Trust, groups::group,
    },
};

use super::{
    binding::binding,
    held_out::{HeldOutAffinity, HeldOutPair},
    pooled::{FEWEST, LEVELS, by_others, quantiles},
};

/// How strongly expected errors are drawn to one for all, in pairs for each pair that they are fitted on: a fit to all pairs is drawn as strongly as
/// one to a part of them, whose scores its quantiles are of.
const ERROR_RIDGE: f64 = 0.005;

/// What `pairs` say of the models that did not see them; the limits of the domain are left open. `offsets` are added to the affinities, by
/// scale.
pub(super) fn fit(pairs: &[HeldOutPair], description: &Description, offsets: &[f64]) -> Trust {
    let near = [0, 1].map(|side| middle_similarity(pairs, side));
    let scales = description.scales.len();
    let mut counts = BTreeMap::new();
    pairs
        .iter()
        .for_each(|pair| *counts.entry(pair.evidence.novelty()).or_insert(0) += 1);
    Trust {
        affinity: (0..scales)
            .map(|column| affinity(pairs, column, near, offsets.get(column).copied().unwrap_or_default()))
            .collect(),
        binding: binding(pairs, near),
        near,
        domain: DomainLimits::default(),
        familiar: [None, None],
        inert_shift: 0.0,
        pairs: counts,
        expected: expected(pairs),
        sources: BTreeMap::new(),
    }
}

/// The median of what predictions on each scale lack; 0 for a scale with too few pairs.
pub(super) fn offsets(pairs: &[HeldOutPair], scales: usize) -> Vec<f64> {
    let of = |column: usize| {
        let lacks = pairs
            .iter()
            .filter_map(|pair| *pair.affinity.get(column)?)
            .filter(HeldOutAffinity::is_exact)
            .map(|a| a.truth - a.predicted);
        let mut lacks: Vec<f64> = lacks.collect();
        lacks.sort_by(f64::total_cmp);
        match lacks.len() {
            n if n < FEWEST => 0.0,
            n => (lacks[n / 2] + lacks[(n - 1) / 2]) / 2.0,
        }
    };
    (0..scales).map(of).collect()
}

/// The median similarity of new drugs (`side` 0) or new targets (1).
fn middle_similarity(pairs: &[HeldOutPair], side: usize) -> f32 {
    let entities = pairs
        .iter()
        .map(|pair| [pair.evidence.drug, pair.evidence.target][side]);
    let mut found: Vec<f32> = entities.filter(|e| !e.is_known).map(|e| e.similarity()).collect();
    found.sort_by(f32::total_cmp);
    found.get(found.len() / 2).copied().unwrap_or_default()
}

/// A held-out pair of one scale.
struct Error {
    fold: u32,
    /// Whether the error is known, and not only the least that it can be.
    is_exact: bool,
    group: usize,
    row: [f64; AFFINITY_CHANNELS],
    error: f64,
}

fn affinity(pairs: &[HeldOutPair], column: usize, near: [f32; 2], offset: f64) -> Option<AffinityTrust> {
    let error = |pair: &HeldOutPair| {
        let of: HeldOutAffinity = (*pair.affinity.get(column)?)?;
        Some(Error {
            fold: pair.fold,
            is_exact: of.is_exact(),
            group: group(&pair.evidence, near),
            row: pair.evidence.affinity_channels(of.output),
            error: of.error(offset),
        })
    };
    let errors: Vec<Error> = pairs.iter().filter_map(error).collect();
    let fit = |wanted: &dyn Fn(&Error) -> bool| {
        let exact = || errors.iter().filter(|e| e.is_exact && wanted(e));
        let rows: Vec<f64> = exact().flat_map(|e| e.row).collect();
        let of: Vec<f64> = exact().map(|e| e.error).collect();
        let enough = of.len() >= FEWEST;
        enough
            .then(|| ErrorScale::fit(&rows, AFFINITY_CHANNELS, &of, ERROR_RIDGE * of.len() as f64).ok())
            .flatten()
    };
    let whole = fit(&|_| true)?;
    let normalised = |scale: &ErrorScale, e: &Error| e.error / scale.at(&e.row);
    let scores = by_others(&errors, &whole, |e| e.fold, fit, normalised);
    let of = |wanted: &dyn Fn(&Error) -> bool| -> (Vec<f64>, Vec<usize>) {
        let wanted = errors.iter().zip(&scores).filter(|(e, _)| wanted(e));
        wanted.map(|(e, score)| (*score, e.group)).unzip()
    };
    // The promise is kept for values alone, and for values and bounds together, of which it is that the interval agrees with them.
    let [exact, all] = [of(&|e| e.is_exact), of(&|_| true)];
    // Pairs count and not hold-outs: of known pairs the model's own validation pairs are the best guide, and they are many.
    let by_pair = |(scores, groups): &(Vec<f64>, Vec<usize>), level: f64| {
        let hold_outs = None;
        let grouped = GroupedScores {
            scores,
            groups,
            hold_outs,
        };
        quantiles(grouped, level)
    };
    let level = |level: &f64| IntervalLevel {
        level: *level,
        quantiles: (by_pair(&exact, *level).into_iter())
            .zip(by_pair(&all, *level))
            .map(|(exact, all)| Some(exact?.max(all?)))
            .collect(),
    };
    Some(AffinityTrust {
        offset,
        error_limits: ErrorLimits::of(errors.iter().map(|e| whole.at(&e.row)).collect()),
        error: whole,
        levels: LEVELS.iter().map(level).collect(),
    })
}

/// Scores of the held-out pairs by novelty.
fn expected(pairs: &[HeldOutPair]) -> BTreeMap<Novelty, BTreeMap<String, f64>> {
    let of = |novelty: Novelty| {
        (
            novelty,
            scores(pairs.iter().filter(|pair| pair.evidence.novelty() == novelty)),
        )
    };
    let all = Novelty::ALL.into_iter().map(of);
    all.filter(|(_, scores)| !scores.is_empty()).collect()
}

/// Scores of the held-out pairs of each source that a model was trained without; `sources` are the numbers of these hold-outs and what was
/// held out.
pub(super) fn of_sources(pairs: &[HeldOutPair], sources: &[(u32, &str)]) -> BTreeMap<String, SourceScores> {
    let of = |&(fold, source): &(u32, &str)| {
        let own = || pairs.iter().filter(|pair| pair.fold == fold);
        let found = SourceScores {
            pairs: own().count() as u64,
            scores: scores(own()),
        };
        (source.to_string(), found)
    };
    sources.iter().map(of).collect()
}

/// Scores of held-out pairs by name, of the affinity that the model has most of and of binding; those that are defined.
fn scores<'a>(pairs: impl Iterator<Item = &'a HeldOutPair> + Clone) -> BTreeMap<String, f64> {
    let affinities = (pairs.clone())
        .filter_map(|pair| *pair.affinity.first()?)
        .filter(HeldOutAffinity::is_exact)
        .map(|a| (a.truth, a.predicted));
    let (truth, predicted): (Vec<f64>, Vec<f64>) = affinities.unzip();
    let (binds, logits): (Vec<bool>, Vec<f64>) =
        pairs.filter_map(|pair| pair.binding).map(|(b, o)| (b, o.value)).unzip();
    let scores = [
        ("mse", regression::mse(&truth, &predicted)),
        ("ci", regression::concordance_index(&truth, &predicted)),
        ("auroc", classification::auroc(&binds, &logits)),
        ("auprc", classification::auprc(&binds, &logits)),
    ];
    let defined = scores
        .into_iter()
        .filter_map(|(name, score)| Some((name.to_string(), score.ok()?)));
    defined.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use fusebind_data::table::Censoring;
    use fusebind_features::neighbours::EntityEvidence;
    use fusebind_model::trust::{Output, PairEvidence};

    use super::*;

    /// Pairs of two hold-outs: errors of new drugs are three times as large, and their logits are worth half.
    fn pairs(n: usize, offset: f64) -> Vec<HeldOutPair> {
        let pair = |i: usize| {
            let u = ((i as f64 + offset) * 0.618_033_988_749_895).fract();
            let v = ((i as f64 + offset) * 0.754_877_666_246_693).fract();
            let is_known = i.is_multiple_of(2);
            let entity = |is_known: bool| EntityEvidence {
                is_known,
                nearest: Some((0, if is_known { 1.0 } else { 0.4 })),
                partners: 5,
                mean: 0.0,
                spread: 1.0,
            };
            let logit = 6.0 * u - 3.0;
            let z = if is_known { logit } else { 0.5 * logit };
            let output = |value| Output {
                value,
                prior_shift: 0.0,
                disagreement: 0.1,
            };
            HeldOutPair {
                fold: (i / 2 % 2) as u32,
                evidence: PairEvidence {
                    drug: entity(is_known),
                    target: entity(true),
                },
                affinity: vec![Some(HeldOutAffinity {
                    truth: 5.0,
                    censoring: Censoring::Exact,
                    predicted: 5.0 + if is_known { v } else { 3.0 * v },
                    output: output(0.0),
                })],
                binding: Some((v < 1.0 / (1.0 + (-z).exp()), output(logit))),
            }
        };
        (0..n).map(pair).collect()
    }

    #[test]
    fn intervals_and_probabilities_hold_for_known_and_for_new_drugs() {
        let near = [0.4, 0.0];
        let train = pairs(4000, 0.0);
        let (errors, labels) = (affinity(&train, 0, near, 0.0).unwrap(), binding(&train, near).unwrap());
        for is_known in [true, false] {
            let test: Vec<HeldOutPair> = pairs(4000, 0.37)
                .into_iter()
                .filter(|p| p.evidence.drug.is_known == is_known)
                .collect();
            let level = &errors.levels[1];
            let covered = test.iter().filter(|pair| {
                let of = pair.affinity[0].unwrap();
                let width = errors.error.at(&pair.evidence.affinity_channels(of.output));
                (of.truth - of.predicted).abs() <= level.quantiles[group(&pair.evidence, near)].unwrap() * width
            });
            let coverage = covered.count() as f64 / test.len() as f64;
            assert!((coverage - 0.9).abs() < 0.02, "{is_known} {coverage}");
            let (truth, p): (Vec<bool>, Vec<f64>) = test
                .iter()
                .map(|pair| {
                    let (binds, output) = pair.binding.unwrap();
                    (
                        binds,
                        labels.map.apply(&pair.evidence.binding_channels(output), output.value),
                    )
                })
                .unzip();
            let ece = fusebind_eval::calibration::expected_calibration_error(&truth, &p, 10).unwrap();
            assert!(ece < 0.03, "{is_known} {ece}");
        }
    }

    #[test]
    fn bounds_that_predictions_contradict_widen_intervals_and_others_change_nothing() {
        let near = [0.4, 0.0];
        let exact = pairs(2000, 0.0);
        let with = |censoring: Censoring| {
            let bound = |mut pair: HeldOutPair| {
                // Predictions lie above 5: they contradict `at most 5`.
                pair.affinity[0].as_mut().unwrap().censoring = censoring;
                pair
            };
            let bounds = pairs(2000, 0.5).into_iter().map(bound);
            let all: Vec<HeldOutPair> = exact.iter().cloned().chain(bounds).collect();
            affinity(&all, 0, near, 0.0).unwrap()
        };
        let (alone, agreed, contradicted) = (
            affinity(&exact, 0, near, 0.0).unwrap(),
            with(Censoring::AtLeast),
            with(Censoring::AtMost),
        );
        assert_eq!(agreed.error, alone.error, "expected errors are those of values");
        for (level, own) in agreed.levels.iter().zip(&alone.levels) {
            assert_eq!(level.quantiles, own.quantiles);
        }
        let pairs = contradicted.levels.iter().zip(&alone.levels);
        for (wide, own) in pairs {
            let all = wide.quantiles.iter().zip(&own.quantiles);
            assert!(all.into_iter().all(|(wide, own)| wide >= own));
        }
    }

    #[test]
    fn too_few_pairs_promise_nothing() {
        assert!(affinity(&pairs(40, 0.0), 0, [0.5; 2], 0.0).is_none());
        let few = affinity(&pairs(60, 0.0), 0, [0.5; 2], 0.0).unwrap();
        assert!(
            few.levels
                .iter()
                .all(|level| level.quantiles.iter().all(Option::is_some)),
            "60 pairs prove 95 %"
        );
        assert_eq!(
            expected(&pairs(100, 0.0)).keys().copied().collect::<Vec<_>>(),
            [Novelty::Known, Novelty::NewDrug]
        );
    }
}
