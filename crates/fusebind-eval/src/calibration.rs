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
