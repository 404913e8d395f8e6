//! Bootstrap intervals: how much of a score, or of a difference between two, is chance.
//!
//! Comes in: a number of rows and a score of row indices (Efron 1979, doi 10.1214/aos/1176344552). Goes out: the score with its
//! percentile interval, the same for the same seed on every machine.
//!
//! ```
//! use fusebind_eval::{regression, resample::paired_bootstrap};
//! let (truth, old, new) = ([5.0, 6.0, 7.0, 8.0], [6.0, 5.0, 8.0, 7.0], [5.1, 6.1, 7.0, 7.8]);
//! let gain = paired_bootstrap((&truth, &old, &new), 200, 0.95, 1, regression::mse)?;
//! assert!(gain.high < 0.0, "new has the smaller error on every resample: {gain:?}");
//! # Ok::<(), fusebind_eval::Undefined>(())
//! ```

use serde::Serialize;

use crate::error::{Undefined, finite};

/// A score with its percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Score of the whole sample.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// SplitMix64 (Steele et al. 2014): small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * limit as u128) >> 64) as usize
    }
}

/// Percentile interval of `score` over `rounds` resamples of `count` rows; resamples on which the score is undefined are
/// drawn again, up to ten times as many draws in all. `score` gets row indices.
pub fn bootstrap(
    count: usize,
    rounds: usize,
    level: f64,
    seed: u64,
    score: impl Fn(&[usize]) -> Result<f64, Undefined>,
) -> Result<Interval, Undefined> {
    if count == 0 || rounds == 0 {
        return Err(Undefined::Empty);
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::Parameter);
    }
    let mut rows: Vec<usize> = (0..count).collect();
    let value = score(&rows).and_then(finite)?;
    let mut random = Random(seed);
    let mut scores = Vec::new();
    let mut reason = Undefined::Empty;
    for _ in 0..rounds.saturating_mul(10) {
        rows.iter_mut().for_each(|row| *row = random.below(count));
        match score(&rows).and_then(finite) {
            Ok(score) => scores.push(score),
            Err(undefined) => reason = undefined,
        }
        if scores.len() == rounds {
            break;
        }
    }
    if scores.is_empty() {
        return Err(reason);
    }
    scores.sort_by(f64::total_cmp);
    Ok(Interval {
        value,
        low: quantile(&scores, (1.0 - level) / 2.0),
        high: quantile(&scores, (1.0 + level) / 2.0),
    })
}

/// Interval of `metric(second) - metric(first)`, both predictions resampled with the same rows of `(truth, first, second)`. The
/// difference is chance, at this level, where the interval holds 0.
pub fn paired_bootstrap<T: Copy>(
    (truth, first, second): (&[T], &[f64], &[f64]),
    rounds: usize,
    level: f64,
    seed: u64,
    metric: impl Fn(&[T], &[f64]) -> Result<f64, Undefined>,
) -> Result<Interval, Undefined> {
    if truth.len() != first.len() || truth.len() != second.len() {
        return Err(Undefined::Length);
    }
    bootstrap(truth.len(), rounds, level, seed, |rows| {
        let drawn: Vec<T> = rows.iter().map(|row| truth[*row]).collect();
        let of = |predicted: &[f64]| {
            let predicted: Vec<f64> = rows.iter().map(|row| predicted[*row]).collect();
            metric(&drawn, &predicted)
        };
        Ok(of(second)? - of(first)?)
    })
}

/// Quantile of sorted, non-empty values, linear between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}
