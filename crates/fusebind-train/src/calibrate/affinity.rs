//! From held-out pairs of one affinity scale to [`AffinityTrust`]: the errors to expect and the quantiles of intervals.
//!
//! Comes in: pairs of several hold-outs, or the labelled pairs of a user. Goes out: a scale of errors that is fitted to all of them, and quantiles
//! of errors over what scales say that were fitted to the others.

use fusebind_eval::{conformal::GroupedScores, error_scale::ErrorScale, ridge::Ridge};
use fusebind_model::trust::{AFFINITY_CHANNELS, AffinityTrust, ErrorLimits, IntervalLevel, groups::group};

use super::{
    held_out::{HeldOutAffinity, HeldOutPair},
    pooled::{FEWEST, FEWEST_OTHERS, LEVELS, Whose, by_others, mean_of_folds, quantiles},
};

/// How strongly expected errors are drawn to one for all, in pairs for each pair that they are fitted on: a fit to all pairs is drawn as strongly as
/// one to a part of them, whose scores its quantiles are of.
const RIDGE: f64 = 0.005;
/// How strongly those of a user's pairs may be drawn, to one for all or to those of the model, in pairs (docs/experiments/own-pairs.md).
const OWN_RIDGES: [f64; 2] = [10.0, 100.0];

/// A held-out pair of one scale.
struct Error {
    fold: u32,
    /// Whether the error is known, and not only the least that it can be.
    is_exact: bool,
    group: usize,
    row: [f64; AFFINITY_CHANNELS],
    error: f64,
}

/// What `pairs` say of errors on the scale in `column`; none where too few have an exact value.
pub(super) fn affinity(
    pairs: &[HeldOutPair],
    column: usize,
    near: [f32; 2],
    offset: f64,
    whose: Whose<'_, ErrorScale>,
) -> Option<AffinityTrust> {
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
    let Fitted { scale, expected, .. } = match whose {
        Whose::HoldOuts => Fitted::to(&errors, |n| Ridge::to_zero(RIDGE * n as f64))?,
        Whose::User(before) => Fitted::to_users(&errors, before)?,
    };
    let of = |wanted: &dyn Fn(&Error) -> bool| -> (Vec<f64>, Vec<usize>) {
        let wanted = errors.iter().zip(&expected).filter(|(e, _)| wanted(e));
        wanted.map(|(e, expected)| (e.error / expected, e.group)).unzip()
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
        error_limits: ErrorLimits::of(errors.iter().map(|e| scale.at(&e.row)).collect()),
        error: scale,
        levels: LEVELS.iter().map(level).collect(),
    })
}

/// A scale of errors, and how well one that is fitted in the same way does on hold-outs that it was not fitted to.
struct Fitted {
    scale: ErrorScale,
    /// What the scale of the other hold-outs expects of each pair.
    expected: Vec<f64>,
    /// Negative logarithm of the likelihood of exact errors by these (Laplace, without constants), the mean over hold-outs; infinite where every scale
    /// saw the errors that it speaks of.
    loss: f64,
}

impl Fitted {
    /// The scale of `errors`, with the ridge for so many of them; none where too few are exact.
    fn to<'a>(errors: &[Error], ridge: impl Fn(usize) -> Ridge<'a, ErrorScale>) -> Option<Self> {
        let exact = errors.iter().filter(|e| e.is_exact).count();
        let fit = |wanted: &dyn Fn(&Error) -> bool| {
            let exact = || errors.iter().filter(|e| e.is_exact && wanted(e));
            let rows: Vec<f64> = exact().flat_map(|e| e.row).collect();
            let of: Vec<f64> = exact().map(|e| e.error).collect();
            let enough = of.len() >= FEWEST_OTHERS;
            enough
                .then(|| ErrorScale::fit(&rows, AFFINITY_CHANNELS, &of, ridge(of.len())).ok())
                .flatten()
        };
        let scale = (exact >= FEWEST).then(|| fit(&|_| true)).flatten()?;
        let expected = by_others(errors, &scale, |e| e.fold, fit, |scale, e| scale.at(&e.row));
        let said = errors.iter().zip(&expected).filter(|(e, _)| e.is_exact);
        let losses = said.map(|(e, expected)| (e.fold, expected.ln() + e.error / expected));
        Some(Self {
            loss: mean_of_folds(losses),
            scale,
            expected,
        })
    }

    /// Of the ways to draw the scale of a user's pairs, the one that foretells their own errors best.
    fn to_users(errors: &[Error], before: Option<&ErrorScale>) -> Option<Self> {
        let starts = [None, before].into_iter().take(1 + usize::from(before.is_some()));
        let ridges = starts.flat_map(|toward| OWN_RIDGES.map(|strength| Ridge { strength, toward }));
        let fits = ridges.filter_map(|ridge| Self::to(errors, |_| ridge));
        fits.min_by(|one, other| one.loss.total_cmp(&other.loss))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use fusebind_data::table::Censoring;

    use super::{super::held_out::sample::pairs, *};

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
            affinity(&all, 0, near, 0.0, Whose::HoldOuts).unwrap()
        };
        let (alone, agreed, contradicted) = (
            affinity(&exact, 0, near, 0.0, Whose::HoldOuts).unwrap(),
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
        assert!(affinity(&pairs(40, 0.0), 0, [0.5; 2], 0.0, Whose::HoldOuts).is_none());
        let few = affinity(&pairs(60, 0.0), 0, [0.5; 2], 0.0, Whose::HoldOuts).unwrap();
        assert!(
            few.levels
                .iter()
                .all(|level| level.quantiles.iter().all(Option::is_some)),
            "60 pairs prove 95 %"
        );
    }

    #[test]
    fn the_fewest_pairs_of_a_user_are_judged_by_a_fit_that_did_not_see_them() {
        let row = |pair: &HeldOutPair| pair.evidence.affinity_channels(pair.affinity[0].unwrap().output);
        let error = |(at, pair): (u32, HeldOutPair)| Error {
            fold: at % 5,
            is_exact: true,
            group: 0,
            row: row(&pair),
            error: pair.affinity[0].unwrap().error(0.0),
        };
        let errors: Vec<Error> = (0..).zip(pairs(FEWEST, 0.0)).map(error).collect();
        let fitted = Fitted::to_users(&errors, None).unwrap();
        let differs = |(e, expected): (&Error, &f64)| (fitted.scale.at(&e.row) - expected).abs() > 1e-6;
        assert!(errors.iter().zip(&fitted.expected).all(differs));
        assert!(fitted.loss.is_finite());
    }

    #[test]
    fn few_pairs_of_a_user_keep_the_expected_errors_of_the_model_where_these_fit() {
        let near = [0.4, 0.0];
        let model = affinity(&pairs(4000, 0.0), 0, near, 0.0, Whose::HoldOuts)
            .unwrap()
            .error;
        let few: Vec<HeldOutPair> = (pairs(60, 0.3).into_iter().zip(0..))
            .map(|(pair, at)| HeldOutPair { fold: at % 5, ..pair })
            .collect();
        let own = affinity(&few, 0, near, 0.0, Whose::User(Some(&model))).unwrap().error;
        let away = |scale: &ErrorScale| -> f64 {
            let ratio = |pair: &HeldOutPair| {
                let row = pair.evidence.affinity_channels(pair.affinity[0].unwrap().output);
                (scale.at(&row) / model.at(&row)).ln().abs()
            };
            few.iter().map(ratio).sum()
        };
        let alone = affinity(&few, 0, near, 0.0, Whose::User(None)).unwrap().error;
        assert!(away(&own) < away(&alone), "{own:?} {alone:?}");
        // Errors that contradict the model are fitted anew: those of known drugs are large here.
        let strange: Vec<HeldOutPair> = (pairs(600, 0.3).into_iter().zip(0..))
            .map(|(mut pair, at)| {
                if pair.evidence.drug.is_known {
                    let of = pair.affinity[0].as_mut().unwrap();
                    of.predicted = of.truth + 9.0 * (of.predicted - of.truth);
                }
                HeldOutPair { fold: at % 5, ..pair }
            })
            .collect();
        let anew = affinity(&strange, 0, near, 0.0, Whose::User(Some(&model)))
            .unwrap()
            .error;
        let at = |is_known: bool| {
            let pair = strange.iter().find(|p| p.evidence.drug.is_known == is_known).unwrap();
            anew.at(&pair.evidence.affinity_channels(pair.affinity[0].unwrap().output))
        };
        assert!(at(true) > 2.0 * at(false), "{anew:?}");
    }
}
