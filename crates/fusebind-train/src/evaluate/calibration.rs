//! Whether intervals, sets and probabilities hold: fitted on the validation part, counted on the test part.
//!
//! Comes in: a model and the scores of a test part. Goes out: [`CalibrationScores`], of all pairs and by how new a pair is. Intervals and sets are
//! split-conformal for each novelty; a novelty with too few validation pairs uses those of all. The promise holds as far as the validation
//! part is like the test part. Epochs were chosen on it as well, so its errors are slightly too small.

use std::collections::{BTreeMap, HashSet};

use fusebind_data::{
    split::Part,
    table::{Censoring, Interaction},
};
use fusebind_eval::{
    calibration::expected_calibration_error,
    conformal::{GroupQuantile, mondrian},
    platt::PlattMap,
};
use fusebind_features::{neighbours::Mask, novelty::Novelty};
use fusebind_model::{scoring::Scores, trained::TrainedModel};
use serde::Serialize;

use super::set::EvaluationSet;
use crate::{objective::scale_name, scored_labels::probability};

/// Miss rate of intervals and sets.
const ALPHA: f64 = 0.1;
/// Fewest validation pairs of a novelty with a quantile of its own.
const LEAST: usize = 100;
/// How many pairs the map of all pairs counts for in that of a novelty.
const SHRINKAGE: f64 = 100.0;
/// Bins of the calibration error.
const BINS: usize = 10;
/// Group 0 is all pairs, the others are those of [`Novelty::ALL`].
const PARENTS: [Option<usize>; 5] = [None, Some(0), Some(0), Some(0), Some(0)];

/// How far intervals of 90 %, sets of 90 % and probabilities hold in one group of test pairs. What has no labels is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GroupCalibration {
    /// Test pairs of the group.
    pub n: usize,
    /// Validation pairs of the group.
    pub validation_n: usize,
    /// Share of exact affinities inside their interval.
    pub coverage_90: Option<f64>,
    /// Mean width of the intervals, in units of the scale.
    pub width_90: Option<f64>,
    /// Width of the one interval that serves all novelties alike.
    pub constant_width_90: Option<f64>,
    /// Share of exact affinities inside that one.
    pub constant_coverage_90: Option<f64>,
    /// Expected calibration error of the calibrated probabilities.
    pub ece: Option<f64>,
    /// The same of the model's own probabilities.
    pub ece_uncalibrated: Option<f64>,
    /// Share of pairs whose class is in their set.
    pub set_coverage_90: Option<f64>,
    /// Share of pairs whose set holds both classes: the model cannot tell.
    pub either_90: Option<f64>,
}

/// Of all test pairs, and of each novelty that occurs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationScores {
    /// Of all pairs.
    #[serde(flatten)]
    pub all: GroupCalibration,
    /// By novelty.
    pub by_novelty: BTreeMap<Novelty, GroupCalibration>,
}

/// A labelled and predicted pair.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    novelty: Novelty,
    /// Absolute error on the first scale, of an exact label.
    error: Option<f64>,
    /// Whether it binds, and the probability of it.
    binds: Option<(bool, f64)>,
}

/// Fits on the validation part and counts on the test part, whose scores are `scores`. None for another part, and without validation pairs.
pub(super) fn calibration(
    trained: &TrainedModel,
    set: &EvaluationSet<'_>,
    mask: Mask,
    scores: &Scores,
) -> Option<CalibrationScores> {
    let valid = EvaluationSet {
        part: Part::Valid,
        ..*set
    };
    if set.part != Part::Test || valid.indices().is_empty() || set.indices().is_empty() {
        return None;
    }
    let (valid_scores, _) = valid.score(trained, mask);
    Some(count(
        &rows(trained, &valid, &valid_scores),
        &rows(trained, set, scores),
    ))
}

fn rows(trained: &TrainedModel, set: &EvaluationSet<'_>, scores: &Scores) -> Vec<Row> {
    let train = set.split.train.indices().iter();
    let train: Vec<&Interaction> = train.map(|i| &set.dataset.interactions[*i as usize]).collect();
    let drugs: HashSet<u32> = train.iter().map(|i| i.drug).collect();
    let targets: HashSet<u32> = train.iter().map(|i| i.target).collect();
    let scale = trained.description.scales.first();
    let row = |(row, interaction): (usize, &&Interaction)| {
        let error = scale.and_then(|scale| {
            let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
            let predicted = f64::from(scores.affinity[row * scores.scales]) * scale.std + scale.mean;
            (affinity.censoring == Censoring::Exact).then_some((affinity.value - predicted).abs())
        });
        let logit = scores.binding.get(row).copied();
        Row {
            novelty: Novelty::of(drugs.contains(&interaction.drug), targets.contains(&interaction.target)),
            error,
            binds: interaction.binds.zip(logit.map(probability)),
        }
    };
    set.interactions().iter().enumerate().map(row).collect()
}

/// What was fitted on validation pairs, for each group.
struct Fitted {
    errors: Option<Vec<GroupQuantile>>,
    maps: Option<Vec<PlattMap>>,
    /// Quantiles of one minus the probability of pairs that bind, and of the probability of those that do not.
    classes: [Option<Vec<GroupQuantile>>; 2],
}

impl Fitted {
    fn new(valid: &[Row]) -> Self {
        let quantiles = |scores: Vec<(f64, usize)>| {
            let (scores, groups): (Vec<f64>, Vec<usize>) = scores.into_iter().unzip();
            mondrian(&scores, &groups, &PARENTS, ALPHA, LEAST).ok()
        };
        let errors = valid.iter().filter_map(|row| Some((row.error?, group(row.novelty))));
        let maps = maps(valid);
        let class = |wanted: bool| {
            let score = |row: &Row| {
                let (binds, p) = row.binds?;
                let p = maps.as_ref()?[group(row.novelty)].apply(p);
                (binds == wanted).then_some((if binds { 1.0 - p } else { p }, group(row.novelty)))
            };
            quantiles(valid.iter().filter_map(score).collect())
        };
        Self {
            errors: quantiles(errors.collect()),
            classes: [class(true), class(false)],
            maps,
        }
    }
}

fn group(novelty: Novelty) -> usize {
    1 + novelty as usize
}

/// The map of all pairs, then those of the novelties; none without labels of binding.
fn maps(valid: &[Row]) -> Option<Vec<PlattMap>> {
    let of = |novelty: Option<Novelty>| -> (Vec<bool>, Vec<f64>) {
        let rows = valid.iter().filter(|row| novelty.is_none_or(|n| row.novelty == n));
        rows.filter_map(|row| row.binds).unzip()
    };
    let (truth, probabilities) = of(None);
    let pooled = PlattMap::fit(&truth, &probabilities).ok()?;
    let map = |novelty: &Novelty| {
        let (truth, probabilities) = of(Some(*novelty));
        PlattMap::fit_group(&truth, &probabilities, pooled, SHRINKAGE).unwrap_or(pooled)
    };
    Some(std::iter::once(pooled).chain(Novelty::ALL.iter().map(map)).collect())
}

/// Fits on `valid` and counts on `test`.
fn count(valid: &[Row], test: &[Row]) -> CalibrationScores {
    let fitted = Fitted::new(valid);
    let of = |novelty: Option<Novelty>| {
        let is_in = |row: &&Row| novelty.is_none_or(|n| row.novelty == n);
        let rows: Vec<&Row> = test.iter().filter(is_in).collect();
        let mut found = GroupCalibration {
            n: rows.len(),
            validation_n: valid.iter().filter(is_in).count(),
            ..GroupCalibration::default()
        };
        count_intervals(&mut found, &fitted, &rows);
        count_classes(&mut found, &fitted, &rows);
        found
    };
    let occurs = |novelty: &Novelty| test.iter().any(|row| row.novelty == *novelty);
    CalibrationScores {
        all: of(None),
        by_novelty: (Novelty::ALL.into_iter().filter(occurs))
            .map(|novelty| (novelty, of(Some(novelty))))
            .collect(),
    }
}

/// The mean of what is finite; none where nothing is there, or one is infinite.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    Some(sum / f64::from(n)).filter(|mean| mean.is_finite())
}

fn share<T>(rows: &[T], hit: impl Fn(&T) -> bool) -> Option<f64> {
    mean(rows.iter().map(|row| f64::from(u8::from(hit(row)))))
}

fn count_intervals(found: &mut GroupCalibration, fitted: &Fitted, rows: &[&Row]) {
    let Some(quantiles) = &fitted.errors else { return };
    let own = |row: &Row| quantiles[group(row.novelty)].quantile;
    let errors: Vec<(f64, f64)> = rows.iter().filter_map(|row| Some((row.error?, own(row)))).collect();
    let constant = quantiles[0].quantile;
    found.coverage_90 = share(&errors, |(error, half)| error <= half);
    found.width_90 = mean(errors.iter().map(|(_, half)| 2.0 * half));
    found.constant_coverage_90 = share(&errors, |(error, _)| *error <= constant);
    found.constant_width_90 = mean(errors.iter().map(|_| 2.0 * constant));
}

fn count_classes(found: &mut GroupCalibration, fitted: &Fitted, rows: &[&Row]) {
    let Some(maps) = &fitted.maps else { return };
    let labelled: Vec<(bool, f64, usize)> = (rows.iter())
        .filter_map(|row| row.binds.map(|(binds, p)| (binds, p, group(row.novelty))))
        .collect();
    let truth: Vec<bool> = labelled.iter().map(|row| row.0).collect();
    let own: Vec<f64> = labelled.iter().map(|row| row.1).collect();
    let calibrated: Vec<f64> = labelled.iter().map(|(_, p, group)| maps[*group].apply(*p)).collect();
    found.ece = expected_calibration_error(&truth, &calibrated, BINS).ok();
    found.ece_uncalibrated = expected_calibration_error(&truth, &own, BINS).ok();
    let [Some(binds), Some(not)] = &fitted.classes else {
        return;
    };
    let sets: Vec<(bool, bool, bool)> = labelled
        .iter()
        .zip(&calibrated)
        .map(|((truth, _, group), p)| (*truth, 1.0 - p <= binds[*group].quantile, *p <= not[*group].quantile))
        .collect();
    found.set_coverage_90 = share(&sets, |(truth, binds, not)| if *truth { *binds } else { *not });
    found.either_90 = share(&sets, |(_, binds, not)| *binds && *not);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;

    /// Pairs whose errors and labels are spread evenly; errors of new drugs are three times as large.
    fn rows(n: usize, offset: f64) -> Vec<Row> {
        let row = |i: usize| {
            let u = ((i as f64 + offset) * 0.618_033_988_749_895).fract();
            let v = ((i as f64 + offset) * 0.754_877_666_246_693).fract();
            let is_new = i % 2 == 1;
            Row {
                novelty: Novelty::of(!is_new, true),
                error: Some(if is_new { 3.0 * u } else { u }),
                // Said with p, happens with p squared.
                binds: Some((v < u * u, u)),
            }
        };
        (0..n).map(row).collect()
    }

    #[test]
    fn each_novelty_keeps_its_promise() {
        let found = count(&rows(4000, 0.0), &rows(4000, 0.37));
        for novelty in [Novelty::Known, Novelty::NewDrug] {
            let of = &found.by_novelty[&novelty];
            assert_eq!((of.n, of.validation_n), (2000, 2000));
            assert!((of.coverage_90.unwrap() - 0.9).abs() < 0.02, "{of:?}");
            assert!((of.set_coverage_90.unwrap() - 0.9).abs() < 0.03, "{of:?}");
            assert!(of.ece.unwrap() < 0.04 && of.ece_uncalibrated.unwrap() > 0.12, "{of:?}");
        }
        let [known, new] = [Novelty::Known, Novelty::NewDrug].map(|n| &found.by_novelty[&n]);
        // One width for all covers all known pairs and too few of the new ones.
        assert!(known.constant_coverage_90 > Some(0.99) && new.constant_coverage_90 < Some(0.85));
        assert!((known.width_90.unwrap() - 1.8).abs() < 0.1 && (new.width_90.unwrap() - 5.4).abs() < 0.2);
        assert_eq!(found.all.n, 4000);
        assert!(!found.by_novelty.contains_key(&Novelty::BothNew));
    }

    #[test]
    fn too_few_pairs_of_a_novelty_use_those_of_all() {
        let valid: Vec<Row> = rows(300, 0.0)
            .into_iter()
            .filter(|r| r.novelty == Novelty::Known)
            .collect();
        let found = count(&valid, &rows(400, 0.3));
        let new = &found.by_novelty[&Novelty::NewDrug];
        assert_eq!((new.validation_n, new.width_90), (0, new.constant_width_90));
        // Known validation pairs say nothing of new drugs, and the count shows it.
        assert!(new.coverage_90 < Some(0.5), "{new:?}");
    }

    #[test]
    fn what_has_no_labels_has_no_scores() {
        let bare = Row {
            novelty: Novelty::Known,
            error: None,
            binds: None,
        };
        let found = count(&[bare], &[bare; 3]);
        let all = GroupCalibration {
            n: 3,
            validation_n: 1,
            ..GroupCalibration::default()
        };
        assert_eq!(found.all, all);
        // Eight pairs cannot prove 90 %: no width, not a made-up one.
        let few = count(&rows(8, 0.0), &rows(100, 0.3));
        assert_eq!(few.all.width_90, None);
    }
}
