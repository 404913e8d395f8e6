//! From held-out pairs with a label of binding to [`BindingTrust`]: the calibration map and the quantiles of class sets.
//!
//! Comes in: pairs of several hold-outs, or the labelled pairs of a user. Goes out: a map that is fitted to all of them, with every hold-out
//! counting the same among pairs that are as new, and quantiles of what maps say that were fitted to the other hold-outs, which count the same as
//! well.

use std::collections::BTreeMap;

use fusebind_eval::{
    calibrated_logit::{CalibratedLogit, LabelledLogits, MapChannels},
    conformal::{GroupedScores, alike},
    ridge::Ridge,
};
use fusebind_features::novelty::Novelty;
use fusebind_model::trust::{
    BEND_CHANNELS, BINDING_CHANNELS, BindingTrust, ErrorLimits, SLOPE_CHANNELS, SetLevel, groups::group,
};

use super::{
    held_out::HeldOutPair,
    pooled::{FEWEST, FEWEST_OTHERS, LEAST, LEVELS, Whose, by_others, mean_of_folds, quantiles},
};

/// How strongly calibration maps are drawn to the one that changes nothing, in pairs.
const RIDGE: f64 = 20.0;
/// How strongly those of a user's pairs may be drawn to it, or to that of the model, besides (docs/experiments/own-pairs.md).
const OWN_RIDGE: f64 = 5.0;

/// How a map is fitted.
#[derive(Clone, Copy)]
struct Kind<'a> {
    /// Channels that its bends depend on.
    bend: &'a [usize],
    ridge: Ridge<'a, CalibratedLogit>,
}

impl<'a> Kind<'a> {
    /// The kinds that compete for a user's pairs: those of hold-outs, and further ones that few pairs may do better with.
    fn of_user(before: Option<&'a CalibratedLogit>) -> Vec<Self> {
        let mut kinds = Self::of_hold_outs().to_vec();
        let weak = Ridge::to_zero(OWN_RIDGE);
        kinds.push(Self { bend: &[], ridge: weak });
        if let Some(map) = before {
            let bend: &[usize] = if map.bend.is_empty() { &[] } else { &BEND_CHANNELS };
            let toward = Some(map);
            kinds.extend([RIDGE, OWN_RIDGE].map(|strength| Self {
                bend,
                ridge: Ridge { strength, toward },
            }));
        }
        kinds
    }

    /// Straight or bent: ends of their own help some models and harm others.
    fn of_hold_outs() -> [Self; 2] {
        let ridge = Ridge::to_zero(RIDGE);
        [&[][..], &BEND_CHANNELS].map(|bend| Self { bend, ridge })
    }
}

/// A held-out pair with a label of binding.
struct Labelled {
    fold: u32,
    novelty: Novelty,
    group: usize,
    row: [f64; BINDING_CHANNELS],
    logit: f64,
    binds: bool,
}

/// What `pairs` say of probabilities of binding; none where too few have a label, or all the same.
pub(super) fn binding(
    pairs: &[HeldOutPair],
    near: [f32; 2],
    whose: Whose<'_, CalibratedLogit>,
) -> Option<BindingTrust> {
    let label = |pair: &HeldOutPair| {
        let (binds, output) = pair.binding?;
        Some(Labelled {
            fold: pair.fold,
            novelty: pair.evidence.novelty(),
            group: group(&pair.evidence, near),
            row: pair.evidence.binding_channels(output),
            logit: output.value,
            binds,
        })
    };
    let labelled: Vec<Labelled> = pairs.iter().filter_map(label).collect();
    let kinds = match whose {
        Whose::HoldOuts => Kind::of_hold_outs().to_vec(),
        Whose::User(before) => Kind::of_user(before),
    };
    let fits = kinds.into_iter().filter_map(|kind| Fitted::to(&labelled, kind));
    // The hold-outs say which; the first where they cannot.
    let Fitted { map, probabilities, .. } = fits.min_by(|one, other| one.loss.total_cmp(&other.loss))?;
    let class = |binds: bool, level: f64| {
        let of = labelled.iter().zip(&probabilities).filter(|(l, _)| l.binds == binds);
        let strange = |(l, p): (&Labelled, &f64)| (if binds { 1.0 - p } else { *p }, l.group, l.fold);
        let (scores, groups, hold_outs): (Vec<f64>, Vec<usize>, Vec<u32>) = of.map(strange).collect();
        let grouped = GroupedScores {
            scores: &scores,
            groups: &groups,
            hold_outs: Some(&hold_outs),
        };
        quantiles(grouped, level)
    };
    let level = |level: &f64| SetLevel {
        level: *level,
        binds: class(true, *level),
        not: class(false, *level),
    };
    let expected = probabilities.iter().map(|p| 2.0 * p * (1.0 - p));
    Some(BindingTrust {
        map,
        error_limits: ErrorLimits::of(expected.collect()),
        levels: LEVELS.iter().map(level).collect(),
    })
}

/// A map, and how well one of its kind does on hold-outs that it was not fitted to.
struct Fitted {
    map: CalibratedLogit,
    /// What the map of the other hold-outs says of each pair.
    probabilities: Vec<f64>,
    /// Log loss of these, the mean over hold-outs; infinite where every map saw the pairs that it speaks of.
    loss: f64,
}

impl Fitted {
    /// Maps of `labelled` pairs; none where these are too few, or all of one class.
    fn to(labelled: &[Labelled], kind: Kind<'_>) -> Option<Self> {
        let fit = |wanted: &dyn Fn(&Labelled) -> bool| {
            let of: Vec<&Labelled> = labelled.iter().filter(|l| wanted(l)).collect();
            map(&of, kind)
        };
        let whole = (labelled.len() >= FEWEST).then(|| fit(&|_| true)).flatten()?;
        let apply = |map: &CalibratedLogit, l: &Labelled| map.apply(&l.row, l.logit);
        let probabilities = by_others(labelled, &whole, |l| l.fold, fit, apply);
        let loss = |(pair, p): (&Labelled, &f64)| {
            let happened = if pair.binds { *p } else { 1.0 - p };
            (pair.fold, -happened.max(f64::MIN_POSITIVE).ln())
        };
        Some(Self {
            loss: mean_of_folds(labelled.iter().zip(&probabilities).map(loss)),
            map: whole,
            probabilities,
        })
    }
}

/// The map of these pairs; none where they are too few, or all of one class.
fn map(labelled: &[&Labelled], kind: Kind<'_>) -> Option<CalibratedLogit> {
    let rows: Vec<f64> = labelled.iter().flat_map(|l| l.row).collect();
    let (logits, truth): (Vec<f64>, Vec<bool>) = labelled.iter().map(|l| (l.logit, l.binds)).unzip();
    let enough = truth.len() >= FEWEST_OTHERS && truth.contains(&true) && truth.contains(&false);
    let pairs = LabelledLogits {
        rows: &rows,
        width: BINDING_CHANNELS,
        logits: &logits,
        truth: &truth,
        weights: &weights(labelled),
    };
    let channels = MapChannels {
        slope: &SLOPE_CHANNELS,
        bend: kind.bend,
    };
    enough
        .then(|| CalibratedLogit::fit(pairs, channels, kind.ridge).ok())
        .flatten()
}

/// For how many pairs each counts: among pairs that are as new, hold-outs with at least [`LEAST`] of them count the same. Otherwise the largest
/// would decide alone: a large source that was held out, or pairs of sources that the model of the hold-out knows.
fn weights(labelled: &[&Labelled]) -> Vec<f64> {
    let mut of_novelty: BTreeMap<Novelty, (Vec<usize>, Vec<u32>)> = BTreeMap::new();
    for (index, pair) in labelled.iter().enumerate() {
        let (indices, hold_outs) = of_novelty.entry(pair.novelty).or_default();
        indices.push(index);
        hold_outs.push(pair.fold);
    }
    let mut weights = vec![1.0; labelled.len()];
    for (indices, hold_outs) in of_novelty.values() {
        for (index, weight) in indices.iter().zip(alike(hold_outs, LEAST)) {
            weights[*index] = weight;
        }
    }
    weights
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use fusebind_features::neighbours::EntityEvidence;
    use fusebind_model::trust::{Output, PairEvidence};

    use super::*;

    /// A known pair of entities with this many partners.
    fn known(fold: u32, partners: u32, logit: f64, binds: bool) -> HeldOutPair {
        let entity = EntityEvidence {
            is_known: true,
            nearest: Some((0, 1.0)),
            partners,
            ..EntityEvidence::default()
        };
        let output = Output {
            value: logit,
            ..Output::default()
        };
        HeldOutPair {
            fold,
            evidence: PairEvidence {
                drug: entity,
                target: entity,
            },
            affinity: Vec::new(),
            binding: Some((binds, output)),
        }
    }

    #[test]
    fn a_map_lies_midway_between_a_large_hold_out_and_a_small_one() {
        // Four fifths of the large one bind, one fifth of the small one.
        let large = (0..4000).map(|i| known(0, 5, 0.0, i % 5 != 0));
        let small = (0..200).map(|i| known(1, 5, 0.0, i % 5 == 0));
        let pairs: Vec<HeldOutPair> = large.chain(small).collect();
        let map = binding(&pairs, [0.0; 2], Whose::HoldOuts).unwrap().map;
        let row = pairs[0].evidence.binding_channels(Output::default());
        assert!((map.apply(&row, 0.0) - 0.5).abs() < 0.01, "{map:?}");
    }

    #[test]
    fn partners_change_the_offset_of_a_map_and_not_its_slope() {
        // Logits say nothing of pairs of few partners, and everything of those of many, which bind more often.
        let pair = |i: usize| {
            let (is_many, is_high) = (i % 2 == 1, i / 2 % 2 == 1);
            let binds = if is_many {
                is_high || i.is_multiple_of(3)
            } else {
                i % 4 > 2 || i.is_multiple_of(5)
            };
            known(
                0,
                if is_many { 100 } else { 1 },
                if is_high { 2.0 } else { -2.0 },
                binds,
            )
        };
        let pairs: Vec<HeldOutPair> = (0..1200).map(pair).collect();
        let map = binding(&pairs, [0.0; 2], Whose::HoldOuts).unwrap().map;
        assert_eq!(map.slope[6..8], [0.0; 2], "{map:?}");
        assert!(map.offset[6] > 0.1 && map.offset[7] > 0.1, "{map:?}");
    }

    #[test]
    fn a_map_bends_where_the_hold_outs_prefer_it() {
        // In both hold-outs logits above 0 are worth twice what they say, and those below half; or the other way round in one of the two.
        let bends = |alike: bool| {
            let pair = |i: u32| {
                let logit = 8.0 * (f64::from(i) * 0.618_033_988_749_895).fract() - 4.0;
                let is_up = (logit > 0.0) != (i % 2 == 1 && !alike);
                let z = if is_up { 2.0 * logit } else { 0.5 * logit };
                let u = ((f64::from(i) + 0.5) * 0.754_877_666_246_693).fract();
                known(i % 2, 5, logit, u < 1.0 / (1.0 + (-z).exp()))
            };
            let pairs: Vec<HeldOutPair> = (0..4000).map(pair).collect();
            !binding(&pairs, [0.0; 2], Whose::HoldOuts).unwrap().map.bend.is_empty()
        };
        assert!(bends(true));
        assert!(!bends(false));
    }

    #[test]
    fn few_pairs_of_a_user_keep_the_map_of_the_model_where_it_foretells_them_best() {
        // A quarter of the pairs of this model's kind bind at a logit of 0, and where entities have many partners nearly all.
        let model = CalibratedLogit {
            slope: vec![0.0; BINDING_CHANNELS],
            offset: vec![-1.1, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0],
            bend: Vec::new(),
        };
        let pairs = |turned: bool| -> Vec<HeldOutPair> {
            let pair = |i: u32| {
                let partners = if i.is_multiple_of(2) { 0 } else { 100 };
                let pair = known(i % 5, partners, 0.0, false);
                let p = model.apply(&pair.evidence.binding_channels(Output::default()), 0.0);
                let u = ((f64::from(i) + 0.5) * 0.754_877_666_246_693).fract();
                known(i % 5, partners, 0.0, (u < p) != turned)
            };
            (0..60).map(pair).collect()
        };
        let away = |pairs: &[HeldOutPair], before: Option<&CalibratedLogit>| {
            let map = binding(pairs, [0.0; 2], Whose::User(before)).unwrap().map;
            (map.offset[6] - model.offset[6]).abs()
        };
        let own = pairs(false);
        assert!(away(&own, Some(&model)) < 0.5 * away(&own, None));
        // Labels that contradict the map are not bent to it.
        let other = pairs(true);
        assert_eq!(away(&other, Some(&model)), away(&other, None));
    }

    #[test]
    fn a_single_hold_out_does_not_bend_a_map() {
        let pairs: Vec<HeldOutPair> = (0..600)
            .map(|i| known(0, 5, f64::from(i % 7) - 3.0, i % 7 > 4))
            .collect();
        assert!(binding(&pairs, [0.0; 2], Whose::HoldOuts).unwrap().map.bend.is_empty());
    }

    #[test]
    fn class_sets_hold_as_well_for_a_small_hold_out_as_for_a_large_one() {
        // Logits are right in the large one; in the small one 30 % are wrong, which the map of the large one is sure of.
        let large = (0..4000).map(|i| known(0, 5, if i % 2 == 0 { 3.0 } else { -3.0 }, i % 2 == 0));
        let small = (0..200).map(|i| known(1, 5, if i % 2 == 0 { 3.0 } else { -3.0 }, (i % 2 == 0) != (i % 20 < 6)));
        let pairs: Vec<HeldOutPair> = large.chain(small).collect();
        let trust = binding(&pairs, [0.0; 2], Whose::HoldOuts).unwrap();
        let known = fusebind_model::trust::groups::of_novelty(Novelty::Known);
        for class in [&trust.levels[1].binds, &trust.levels[1].not] {
            assert!(class[known].unwrap() > 0.9, "{class:?}");
        }
    }

    #[test]
    fn hold_outs_count_the_same_among_pairs_that_are_as_new() {
        let pair = |fold: u32, novelty: Novelty| Labelled {
            fold,
            novelty,
            group: 0,
            row: [0.0; BINDING_CHANNELS],
            logit: 0.0,
            binds: true,
        };
        let many = |count: usize, fold, novelty| (0..count).map(move |_| pair(fold, novelty));
        let all: Vec<Labelled> = many(300, 0, Novelty::Known)
            .chain(many(100, 1, Novelty::Known))
            .chain(many(99, 2, Novelty::Known))
            .chain(many(500, 1, Novelty::NewDrug))
            .collect();
        let all: Vec<&Labelled> = all.iter().collect();
        let weights = weights(&all);
        assert_eq!(weights[0], 400.0 / 600.0);
        assert_eq!(weights[300], 2.0);
        assert!(weights[400..].iter().all(|weight| *weight == 1.0), "too few, or alone");
        assert!((weights[..400].iter().sum::<f64>() - 400.0).abs() < 1e-9);
    }
}
