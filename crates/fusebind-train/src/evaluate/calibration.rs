//! Whether intervals, sets and probabilities hold: those of the model, counted on the test part.
//!
//! Comes in: a model whose [`Trust`] was fitted on held-out pairs, and the scores of a test part. Goes out: [`CalibrationScores`], of all pairs, by
//! how new a pair is, by similarity to training, by domain and by missing modalities. Nothing is fitted here, save the constant interval that
//! widths are compared with.

use std::collections::BTreeMap;

use fusebind_data::{
    split::Part,
    table::{Censoring, Interaction},
};
use fusebind_eval::{
    calibration::{expected_auroc, expected_calibration_error},
    classification::auroc,
};
use fusebind_features::{modality::ModalitySet, novelty::Novelty};
use fusebind_model::{
    trained::TrainedModel,
    trust::{Domain, PairEvidence, Trust},
};
use serde::Serialize;

use super::set::{EvaluationSet, ScoredSet};
use crate::{
    objective::scale_name,
    scored_labels::{least_error, probability},
};

/// Level that is counted.
const LEVEL: f64 = 0.9;
/// Bins of the calibration error.
const BINS: usize = 10;
/// Upper ends of the bands of similarity.
const BANDS: [f32; 4] = [0.3, 0.5, 0.7, 1.0];

/// How far intervals of 90 %, sets of 90 % and probabilities hold in one group of test pairs. What has no labels is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GroupCalibration {
    /// Test pairs of the group.
    pub n: usize,
    /// Share of exact affinities inside their interval.
    pub coverage_90: Option<f64>,
    /// Share of affinities of which a bound alone is known that their interval agrees with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds_coverage_90: Option<f64>,
    /// Mean width of the intervals, in units of the scale.
    pub width_90: Option<f64>,
    /// Width of the one interval, the same for all of these pairs, that holds as many of them: what the own widths are to beat.
    pub constant_width_90: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Mean absolute error that was expected.
    pub expected_mae: Option<f64>,
    /// Expected calibration error of the calibrated probabilities.
    pub ece: Option<f64>,
    /// The same of the model's own probabilities.
    pub ece_uncalibrated: Option<f64>,
    /// Share of pairs whose class is in their set.
    pub set_coverage_90: Option<f64>,
    /// The same, of pairs that bind.
    pub set_coverage_90_binds: Option<f64>,
    /// The same, of pairs that do not.
    pub set_coverage_90_not: Option<f64>,
    /// Share of pairs whose set holds both classes: the model cannot tell.
    pub either_90: Option<f64>,
    /// Mean difference of class (1 binds, 0 does not) and calibrated probability.
    pub class_error: Option<f64>,
    /// The same that was expected: `2 p (1 - p)` for a probability `p`.
    pub expected_class_error: Option<f64>,
    /// AUROC of the calibrated probabilities.
    pub auroc: Option<f64>,
    /// The same that was expected, from these probabilities alone: what the model states of itself without a label.
    pub expected_auroc: Option<f64>,
    /// How well the expected error ranks the pairs, of affinities where there are any: AUROC for the fifth with the largest errors.
    pub error_auroc: Option<f64>,
}

impl GroupCalibration {
    /// Mean absolute error of affinities, or where there are none of classes; with the one that was expected.
    pub fn error(&self) -> [Option<f64>; 2] {
        match self.mae {
            Some(_) => [self.mae, self.expected_mae],
            None => [self.class_error, self.expected_class_error],
        }
    }
}

/// Of all test pairs, and of each group that occurs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationScores {
    /// Of all pairs.
    #[serde(flatten)]
    pub all: GroupCalibration,
    /// By novelty.
    pub by_novelty: BTreeMap<Novelty, GroupCalibration>,
    /// By domain.
    pub by_domain: BTreeMap<Domain, GroupCalibration>,
    /// By the smaller similarity of drug and target to training, in bands such as `0.3-0.5`.
    pub by_similarity: BTreeMap<String, GroupCalibration>,
    /// By the side modalities that a pair lacks, such as `drug text + target text` or `nothing`; empty for a model of structures alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_missing: BTreeMap<String, GroupCalibration>,
}

/// A test pair with what the model says of its certainty.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    /// Its place in the part.
    at: usize,
    evidence: PairEvidence,
    domain: Domain,
    affinity: Option<AffinityRow>,
    binding: Option<BindingRow>,
}

/// Absolute error on the first scale (of a bound the least that it can be), the expected one, and the half width of the interval.
#[derive(Clone, Copy, Debug, PartialEq)]
struct AffinityRow {
    error: f64,
    is_exact: bool,
    expected: f64,
    half_width: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct BindingRow {
    binds: bool,
    own: f64,
    calibrated: f64,
    /// Whether the set holds binding, and not binding.
    set: Option<(bool, bool)>,
}

impl BindingRow {
    fn error(&self) -> f64 {
        (f64::from(u8::from(self.binds)) - self.calibrated).abs()
    }

    fn expected_error(&self) -> f64 {
        2.0 * self.calibrated * (1.0 - self.calibrated)
    }
}

/// Counts on the test part that `scored` are the scores of. None for another part, and for a model without trust.
pub(super) fn calibration(
    trained: &TrainedModel,
    set: &EvaluationSet<'_>,
    scored: &ScoredSet,
) -> Option<CalibrationScores> {
    let trust = trained.description.trust.as_ref()?;
    if set.part != Part::Test {
        return None;
    }
    let interactions = set.interactions();
    let row = |(row, interaction): (usize, &&Interaction)| Row {
        at: row,
        evidence: scored.evidence[row],
        domain: scored.scores.domain(trust, &scored.evidence[row], row).domain,
        affinity: affinity(trained, trust, scored, row, interaction),
        binding: binding(trust, scored, row, interaction),
    };
    let rows: Vec<Row> = interactions.iter().enumerate().map(row).collect();
    Some(CalibrationScores {
        by_missing: match scored.missing.is_empty() {
            true => BTreeMap::new(),
            false => by(&rows, |row| names(scored.missing[row.at])),
        },
        ..count(&rows)
    })
}

/// Modalities that a drug and a target lack, in words.
fn names([drug, target]: [ModalitySet; 2]) -> String {
    let of_drug = drug.iter().map(|m| format!("drug {m}"));
    let names: Vec<String> = of_drug.chain(target.iter().map(|m| format!("target {m}"))).collect();
    match names.is_empty() {
        true => "nothing".into(),
        false => names.join(" + "),
    }
}

fn level_of(levels: impl Iterator<Item = f64>) -> Option<usize> {
    let mut levels = levels;
    levels.position(|level| (level - LEVEL).abs() < 1e-9)
}

fn affinity(
    trained: &TrainedModel,
    trust: &Trust,
    scored: &ScoredSet,
    row: usize,
    interaction: &Interaction,
) -> Option<AffinityRow> {
    let scale = trained.description.scales.first()?;
    let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
    let output = scored.affinity_output(row, 0);
    let estimate = trust.affinity(0, &scored.evidence[row], output)?;
    let at = level_of(trust.affinity[0].as_ref()?.levels.iter().map(|l| l.level))?;
    Some(AffinityRow {
        error: least_error(
            affinity.censoring,
            affinity.value - (output.value * scale.std + scale.mean + estimate.offset),
        ),
        is_exact: affinity.censoring == Censoring::Exact,
        expected: estimate.expected_error,
        half_width: estimate.half_widths[at],
    })
}

fn binding(trust: &Trust, scored: &ScoredSet, row: usize, interaction: &Interaction) -> Option<BindingRow> {
    let (binds, logit) = interaction.binds.zip(scored.scores.binding.get(row))?;
    let estimate = trust.binding(&scored.evidence[row], scored.binding_output(row)?)?;
    let at = level_of(trust.binding.as_ref()?.levels.iter().map(|l| l.level))?;
    Some(BindingRow {
        binds,
        own: probability(*logit),
        calibrated: estimate.probability,
        set: estimate.sets[at].map(|set| (set.binds, set.not)),
    })
}

/// Counts all pairs and each group.
fn count(rows: &[Row]) -> CalibrationScores {
    let similarity = |row: &Row| {
        let of = |entity: &fusebind_features::neighbours::EntityEvidence| match entity.is_known {
            true => 1.0,
            false => entity.similarity(),
        };
        of(&row.evidence.drug).min(of(&row.evidence.target))
    };
    let band = |row: &Row| {
        let at = BANDS
            .iter()
            .position(|end| similarity(row) <= *end)
            .unwrap_or(BANDS.len() - 1);
        format!("{:.1}-{:.1}", if at == 0 { 0.0 } else { BANDS[at - 1] }, BANDS[at])
    };
    CalibrationScores {
        all: group(&rows.iter().collect::<Vec<_>>()),
        by_novelty: by(rows, |row| row.evidence.novelty()),
        by_domain: by(rows, |row| row.domain),
        by_similarity: by(rows, band),
        by_missing: BTreeMap::new(),
    }
}

fn by<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> K) -> BTreeMap<K, GroupCalibration> {
    let mut groups: BTreeMap<K, Vec<&Row>> = BTreeMap::new();
    rows.iter()
        .for_each(|row| groups.entry(key(row)).or_default().push(row));
    groups.into_iter().map(|(key, rows)| (key, group(&rows))).collect()
}

fn group(rows: &[&Row]) -> GroupCalibration {
    let mut found = GroupCalibration {
        n: rows.len(),
        ..GroupCalibration::default()
    };
    let all = || rows.iter().filter_map(|row| row.affinity);
    let affinities: Vec<AffinityRow> = all().filter(|row| row.is_exact).collect();
    let bounds: Vec<AffinityRow> = all().filter(|row| !row.is_exact && row.half_width.is_some()).collect();
    found.bounds_coverage_90 = share(&bounds, |row| row.half_width.is_some_and(|half| row.error <= half));
    let classes: Vec<BindingRow> = rows.iter().filter_map(|row| row.binding).collect();
    count_intervals(&mut found, &affinities);
    count_classes(&mut found, &classes);
    let (errors, expected): (Vec<f64>, Vec<f64>) = match affinities.is_empty() {
        false => affinities.iter().map(|row| (row.error, row.expected)).unzip(),
        true => classes.iter().map(|row| (row.error(), row.expected_error())).unzip(),
    };
    found.error_auroc = worst_fifth(&errors).and_then(|worst| auroc(&worst, &expected).ok());
    found
}

/// Which errors are among the largest fifth; none where there are too few.
fn worst_fifth(errors: &[f64]) -> Option<Vec<bool>> {
    let limit = quantile(errors, 0.8).filter(|_| errors.len() >= 10)?;
    Some(errors.iter().map(|error| *error > limit).collect())
}

/// The smallest value that a share of the values does not exceed.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

fn share<T>(rows: &[T], holds: impl Fn(&T) -> bool) -> Option<f64> {
    mean(rows.iter().map(|row| f64::from(u8::from(holds(row)))))
}

fn count_intervals(found: &mut GroupCalibration, rows: &[AffinityRow]) {
    found.mae = mean(rows.iter().map(|row| row.error));
    found.expected_mae = mean(rows.iter().map(|row| row.expected));
    let with: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.error, row.half_width?)))
        .collect();
    // Widths of some pairs say nothing of those that have none.
    if with.len() < rows.len() {
        return;
    }
    found.coverage_90 = share(&with, |(error, half)| error <= half);
    found.width_90 = mean(with.iter().map(|(_, half)| 2.0 * half));
    let errors: Vec<f64> = with.iter().map(|row| row.0).collect();
    let constant = found.coverage_90.and_then(|coverage| quantile(&errors, coverage));
    found.constant_width_90 = constant.map(|half| 2.0 * half);
}

fn count_classes(found: &mut GroupCalibration, rows: &[BindingRow]) {
    let truth: Vec<bool> = rows.iter().map(|row| row.binds).collect();
    let error = |of: fn(&BindingRow) -> f64| {
        let probabilities: Vec<f64> = rows.iter().map(of).collect();
        expected_calibration_error(&truth, &probabilities, BINS).ok()
    };
    found.ece = error(|row| row.calibrated);
    found.ece_uncalibrated = error(|row| row.own);
    found.class_error = mean(rows.iter().map(BindingRow::error));
    found.expected_class_error = mean(rows.iter().map(BindingRow::expected_error));
    let calibrated: Vec<f64> = rows.iter().map(|row| row.calibrated).collect();
    found.auroc = auroc(&truth, &calibrated).ok();
    found.expected_auroc = expected_auroc(&calibrated, &calibrated).ok();
    let sets: Vec<(bool, bool, bool)> = (rows.iter())
        .filter_map(|row| row.set.map(|(binds, not)| (row.binds, binds, not)))
        .collect();
    if sets.len() < rows.len() {
        return;
    }
    let holds = |(truth, binds, not): &(bool, bool, bool)| if *truth { *binds } else { *not };
    let of_class = |wanted: bool| {
        let of: Vec<_> = sets.iter().filter(|set| set.0 == wanted).copied().collect();
        share(&of, holds)
    };
    found.set_coverage_90 = share(&sets, holds);
    found.set_coverage_90_binds = of_class(true);
    found.set_coverage_90_not = of_class(false);
    found.either_90 = share(&sets, |(_, binds, not)| *binds && *not);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use fusebind_features::neighbours::EntityEvidence;

    use super::*;

    fn row(at: usize) -> Row {
        let is_known = at.is_multiple_of(2);
        let error = (at as f64 * 0.618_033_988_749_895).fract() * if is_known { 1.0 } else { 3.0 };
        Row {
            at,
            evidence: PairEvidence {
                drug: EntityEvidence {
                    is_known,
                    nearest: Some((0, 0.4)),
                    ..EntityEvidence::default()
                },
                target: EntityEvidence {
                    is_known: true,
                    ..EntityEvidence::default()
                },
            },
            domain: if is_known { Domain::Inside } else { Domain::Outside },
            affinity: Some(AffinityRow {
                error,
                is_exact: true,
                expected: if is_known { 0.5 } else { 1.5 },
                half_width: Some(if is_known { 0.9 } else { 2.7 }),
            }),
            binding: None,
        }
    }

    #[test]
    fn groups_are_counted_apart_and_compared_with_one_width_for_all() {
        let found = count(&(0..4000).map(row).collect::<Vec<_>>());
        for of in [
            &found.all,
            &found.by_novelty[&Novelty::NewDrug],
            &found.by_domain[&Domain::Inside],
        ] {
            assert!((of.coverage_90.unwrap() - 0.9).abs() < 0.02, "{of:?}");
        }
        assert!((found.all.width_90.unwrap() - 3.6).abs() < 1e-9);
        // One width for all must be that of the worse half.
        assert!(found.all.constant_width_90.unwrap() > 4.0, "{found:?}");
        assert!(found.all.error_auroc.unwrap() > 0.8);
        assert_eq!(found.by_similarity.keys().collect::<Vec<_>>(), ["0.3-0.5", "0.7-1.0"]);
        assert_eq!(found.all.ece, None);
    }

    #[test]
    fn a_pair_without_an_interval_leaves_no_width() {
        let mut rows: Vec<Row> = (0..100).map(row).collect();
        rows[3].affinity.as_mut().unwrap().half_width = None;
        let found = count(&rows);
        assert_eq!((found.all.coverage_90, found.all.width_90), (None, None));
        assert!(found.by_novelty[&Novelty::Known].coverage_90.is_some());
    }

    #[test]
    fn each_class_has_its_own_coverage() {
        let row = |binds: bool, set| Row {
            at: 0,
            affinity: None,
            binding: Some(BindingRow {
                binds,
                own: 0.9,
                calibrated: 0.5,
                set: Some(set),
            }),
            ..row(0)
        };
        let found = count(&[
            row(true, (true, true)),
            row(true, (false, true)),
            row(false, (true, false)),
            row(false, (false, true)),
        ]);
        let all = found.all;
        assert_eq!(
            (all.set_coverage_90, all.set_coverage_90_binds, all.set_coverage_90_not),
            (Some(0.5), Some(0.5), Some(0.5))
        );
        assert_eq!((all.either_90, all.ece), (Some(0.25), Some(0.0)));
        assert_eq!((all.class_error, all.expected_class_error), (Some(0.5), Some(0.5)));
    }
}
