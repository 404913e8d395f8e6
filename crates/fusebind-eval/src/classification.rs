//! Scores of predicted probabilities against two classes.
//!
//! Comes in: classes and scores. Goes out: areas under curves, counts at a threshold, or the reason why there is none. Ties share
//! a rank or a step, so that no score depends on the order of the rows.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Undefined, classes},
    regression::ranks,
    ties::groups,
};

/// Area under the ROC curve; ties count one half.
pub fn auroc(truth: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    let positives = truth.iter().filter(|t| **t).count() as f64;
    let negatives = truth.len() as f64 - positives;
    let sum: f64 = ranks(scores)
        .into_iter()
        .zip(truth)
        .filter(|(_, t)| **t)
        .map(|(rank, _)| rank)
        .sum();
    Ok((sum - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

/// Standard error of [`auroc`] over samples of this size: that of DeLong et al. 1988 (doi 10.2307/2531595), from how each score is placed
/// among those of the other class. Needs two of each class.
pub fn auroc_standard_error(truth: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    let all = ranks(scores);
    let of_class = |class: bool| -> (Vec<f64>, Vec<f64>) {
        let members = (0..truth.len()).filter(|at| truth[*at] == class);
        members.map(|at| (scores[at], all[at])).unzip()
    };
    let classes = [of_class(false), of_class(true)];
    if classes.iter().any(|(scores, _)| scores.len() < 2) {
        return Err(Undefined::OneValue);
    }
    let variance = |own: usize| {
        let ((scores, among_all), others) = (&classes[own], classes[1 - own].0.len() as f64);
        let placements: Vec<f64> = (among_all.iter().zip(ranks(scores)))
            .map(|(among_all, among_own)| (among_all - among_own) / others)
            .collect();
        let count = placements.len() as f64;
        let mean = placements.iter().sum::<f64>() / count;
        let squares: f64 = placements.iter().map(|p| (p - mean) * (p - mean)).sum();
        squares / (count - 1.0) / count
    };
    Ok((variance(0) + variance(1)).sqrt())
}

/// Average precision: the sum over thresholds of precision times the gain in recall, without interpolation.
pub fn auprc(truth: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    let positives = truth.iter().filter(|t| **t).count() as f64;
    let (mut found, mut taken, mut area) = (0usize, 0usize, 0.0);
    for (hits, size, _) in groups(truth, scores) {
        (found, taken) = (found + hits, taken + size);
        area += found as f64 / taken as f64 * hits as f64 / positives;
    }
    Ok(area)
}

/// Counts at a threshold: a score at or above it is called positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Positives called positive.
    pub true_positives: usize,
    /// Negatives called positive.
    pub false_positives: usize,
    /// Positives called negative.
    pub false_negatives: usize,
    /// Negatives called negative.
    pub true_negatives: usize,
}

impl Confusion {
    /// Counts at `threshold`; a score that is not a number is called negative.
    pub fn at(truth: &[bool], scores: &[f64], threshold: f64) -> Self {
        let mut counts = Self::default();
        for (t, s) in truth.iter().zip(scores) {
            match (*t, *s >= threshold) {
                (true, true) => counts.true_positives += 1,
                (false, true) => counts.false_positives += 1,
                (true, false) => counts.false_negatives += 1,
                (false, false) => counts.true_negatives += 1,
            }
        }
        counts
    }

    /// Share of right calls; 0 of nothing.
    pub fn accuracy(&self) -> f64 {
        let right = self.true_positives + self.true_negatives;
        share(right, right + self.false_positives + self.false_negatives)
    }

    /// Share of positives among those called positive; 0 when none is.
    pub fn precision(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the positives that are called positive; 0 when there is none.
    pub fn recall(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of precision and recall; 0 when nothing is found.
    pub fn f1(&self) -> f64 {
        let twice = 2 * self.true_positives;
        share(twice, twice + self.false_positives + self.false_negatives)
    }

    /// Matthews correlation; 0 when a row or column of the table is empty.
    pub fn mcc(&self) -> f64 {
        let [tp, fp, fneg, tn] = [
            self.true_positives,
            self.false_positives,
            self.false_negatives,
            self.true_negatives,
        ]
        .map(|count| count as f64);
        let scale = ((tp + fp) * (tp + fneg) * (tn + fp) * (tn + fneg)).sqrt();
        if scale == 0.0 {
            0.0
        } else {
            (tp * tn - fp * fneg) / scale
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Threshold with the best F1; choose it on validation data only.
pub fn best_threshold(truth: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    let positives = truth.iter().filter(|t| **t).count();
    let (mut found, mut taken) = (0usize, 0usize);
    let (mut best, mut threshold) = (-1.0, 0.5);
    for (hits, size, score) in groups(truth, scores) {
        (found, taken) = (found + hits, taken + size);
        let f1 = 2.0 * found as f64 / (taken + positives) as f64;
        if f1 > best {
            (best, threshold) = (f1, score);
        }
    }
    Ok(threshold)
}

/// All classification scores; `None` where a score is undefined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassificationMetrics {
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Average precision.
    pub auprc: Option<f64>,
    /// F1 at the validation-chosen threshold.
    pub f1: Option<f64>,
    /// Matthews correlation at the validation-chosen threshold.
    pub mcc: Option<f64>,
    /// Accuracy at the validation-chosen threshold.
    pub accuracy: Option<f64>,
    /// Precision at the validation-chosen threshold.
    pub precision: Option<f64>,
    /// Recall at the validation-chosen threshold.
    pub recall: Option<f64>,
    /// Expected calibration error, 15 equal-width bins.
    pub ece: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// BEDROC, alpha 20.
    pub bedroc: Option<f64>,
    /// Enrichment factor of the top 1 %.
    pub ef1: Option<f64>,
    /// Logarithmic AUC from 0.001.
    pub log_auc: Option<f64>,
}

impl ClassificationMetrics {
    /// Computes all scores of `probabilities`; those at a threshold need one that is finite, and finite probabilities.
    pub fn compute(truth: &[bool], probabilities: &[f64], threshold: Option<f64>) -> Self {
        let usable = matches!(classes(truth, probabilities), Ok(()) | Err(Undefined::OneClass));
        let confusion = threshold
            .filter(|t| usable && t.is_finite())
            .map(|t| Confusion::at(truth, probabilities, t));
        Self {
            auroc: auroc(truth, probabilities).ok(),
            auprc: auprc(truth, probabilities).ok(),
            f1: confusion.map(|c| c.f1()),
            mcc: confusion.map(|c| c.mcc()),
            accuracy: confusion.map(|c| c.accuracy()),
            precision: confusion.map(|c| c.precision()),
            recall: confusion.map(|c| c.recall()),
            ece: crate::calibration::expected_calibration_error(truth, probabilities, 15).ok(),
            brier: crate::calibration::brier(truth, probabilities).ok(),
            bedroc: crate::enrichment::bedroc(truth, probabilities, 20.0).ok(),
            ef1: crate::enrichment::enrichment_factor(truth, probabilities, 0.01).ok(),
            log_auc: crate::enrichment::log_auc(truth, probabilities, 0.001).ok(),
        }
    }
}
