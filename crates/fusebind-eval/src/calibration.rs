//! Calibration: does an event with predicted probability p occur with frequency p?

use crate::error::{Undefined, classes};

fn probabilities(truth: &[bool], scores: &[f64]) -> Result<(), Undefined> {
    match classes(truth, scores) {
        // Calibration is defined for one class.
        Err(Undefined::OneClass) | Ok(()) => {}
        Err(other) => return Err(other),
    }
    if scores.iter().any(|p| !(0.0..=1.0).contains(p)) {
        Err(Undefined::Parameter)
    } else {
        Ok(())
    }
}

/// Mean squared difference between probability and outcome.
pub fn brier(truth: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    probabilities(truth, scores)?;
    let square = |(t, p): (&bool, &f64)| (p - f64::from(u8::from(*t))).powi(2);
    Ok(truth.iter().zip(scores).map(square).sum::<f64>() / truth.len() as f64)
}

/// Mean of the negative logarithm of the probability that each outcome had. Of a probability of 0 for what happened it is that of the smallest number
/// above 0.
pub fn log_loss(truth: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    probabilities(truth, scores)?;
    let loss = |(t, p): (&bool, &f64)| -(if *t { *p } else { 1.0 - p }).max(f64::MIN_POSITIVE).ln();
    Ok(truth.iter().zip(scores).map(loss).sum::<f64>() / truth.len() as f64)
}

/// The AUROC that pairs with these probabilities are expected to have when `scores` rank them, if each binds with its own probability and
/// independently of the others; ties count one half:
///
/// ```text
/// sum over i != j of p_i (1 - p_j) [s_i > s_j]  /  sum over i != j of p_i (1 - p_j)
/// ```
///
/// No label is asked for.
///
/// # Errors
/// Where a probability is none, or no two of them can be of different classes.
pub fn expected_auroc(probabilities: &[f64], scores: &[f64]) -> Result<f64, Undefined> {
    if probabilities.len() != scores.len() {
        return Err(Undefined::Length);
    }
    if probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(Undefined::Parameter);
    }
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(Undefined::NotFinite);
    }
    let mut rows: Vec<(f64, f64)> = scores.iter().copied().zip(probabilities.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut right, mut below) = (0.0, 0.0);
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let positive: f64 = tied.iter().map(|row| row.1).sum();
        let negative: f64 = tied.iter().map(|row| 1.0 - row.1).sum();
        let own: f64 = tied.iter().map(|row| row.1 * (1.0 - row.1)).sum();
        right += positive * below + (positive * negative - own) / 2.0;
        below += negative;
    }
    let positive: f64 = probabilities.iter().sum();
    let own: f64 = probabilities.iter().map(|p| p * (1.0 - p)).sum();
    let all = positive * below - own;
    // What rounding leaves of nothing is nothing.
    if all > 1e-9 {
        Ok(right / all)
    } else {
        Err(Undefined::OneClass)
    }
}

/// One bin of a reliability table.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Bin {
    /// Predictions in the bin.
    pub count: usize,
    /// Mean probability.
    pub predicted: f64,
    /// Share of positives.
    pub observed: f64,
}

/// Predictions in `bins` bins of equal width; empty bins are all zero.
pub fn importance(truth: &[bool], scores: &[f64], bins: usize) -> Result<Vec<Bin>, Undefined> {
    probabilities(truth, scores)?;
    if bins == 0 {
        return Err(Undefined::Parameter);
    }
    let mut table = vec![Bin::default(); bins];
    for (t, p) in truth.iter().zip(scores) {
        let bin = &mut table[((p * bins as f64) as usize).min(bins - 1)];
        bin.count += 1;
        bin.predicted += p;
        bin.observed += f64::from(u8::from(*t));
    }
    for bin in table.iter_mut().filter(|bin| bin.count > 0) {
        bin.predicted /= bin.count as f64;
        bin.observed /= bin.count as f64;
    }
    Ok(table)
}

/// Expected calibration error (Naeini et al. 2015) over `bins` bins of equal width.
pub fn expected_calibration_error(truth: &[bool], scores: &[f64], bins: usize) -> Result<f64, Undefined> {
    let table = importance(truth, scores, bins)?;
    let gap = |bin: &Bin| bin.count as f64 * (bin.predicted - bin.observed).abs();
    Ok(table.iter().map(gap).sum::<f64>() / truth.len() as f64)
}
