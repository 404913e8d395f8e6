//! Whether intervals, sets and probabilities hold in one group of test pairs.
//!
//! Comes in: errors and classes of the pairs beside what the model says of them. Goes out: [`GroupCalibration`].

use fusebind_eval::{
    calibration::{expected_auroc, expected_calibration_error},
    classification::auroc,
};
use serde::Serialize;

/// Bins of the calibration error.
const BINS: usize = 10;

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

    /// Counts `n` pairs, of which these have an affinity and these a class.
    pub(super) fn of(n: usize, affinities: &[AffinityRow], classes: &[BindingRow]) -> Self {
        let mut found = Self { n, ..Self::default() };
        let (exact, bounds): (Vec<AffinityRow>, Vec<AffinityRow>) = affinities.iter().partition(|row| row.is_exact);
        let bounds: Vec<AffinityRow> = bounds.into_iter().filter(|row| row.half_width.is_some()).collect();
        found.bounds_coverage_90 = share(&bounds, |row| row.half_width.is_some_and(|half| row.error <= half));
        count_intervals(&mut found, &exact);
        count_classes(&mut found, classes);
        let (errors, expected): (Vec<f64>, Vec<f64>) = match exact.is_empty() {
            false => exact.iter().map(|row| (row.error, row.expected)).unzip(),
            true => classes.iter().map(|row| (row.error(), row.expected_error())).unzip(),
        };
        found.error_auroc = worst_fifth(&errors).and_then(|worst| auroc(&worst, &expected).ok());
        found
    }
}

/// Absolute error on the first scale (of a bound the least that it can be), the expected one, and the half width of the interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AffinityRow {
    pub error: f64,
    pub is_exact: bool,
    pub expected: f64,
    pub half_width: Option<f64>,
}

/// Whether a pair binds, the model's own probability and the calibrated one, and its set of classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BindingRow {
    pub binds: bool,
    pub own: f64,
    pub calibrated: f64,
    /// Whether the set holds binding, and not binding.
    pub set: Option<(bool, bool)>,
}

impl BindingRow {
    fn error(&self) -> f64 {
        (f64::from(u8::from(self.binds)) - self.calibrated).abs()
    }

    fn expected_error(&self) -> f64 {
        2.0 * self.calibrated * (1.0 - self.calibrated)
    }
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
