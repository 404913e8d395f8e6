//! Bootstrap intervals: how much of a score, or of a difference between two, is chance.

use serde::Serialize;

use crate::error::Undefined;

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
///
/// A difference of two predictions on the same rows is a paired bootstrap: let `score` return the difference.
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
    let value = score(&rows)?;
    let mut random = Random(seed);
    let mut scores = Vec::with_capacity(rounds);
    for _ in 0..10 * rounds {
        rows.iter_mut().for_each(|row| *row = random.below(count));
        scores.extend(score(&rows).ok());
        if scores.len() == rounds {
            break;
        }
    }
    if scores.is_empty() {
        return Err(Undefined::OneClass);
    }
    scores.sort_by(f64::total_cmp);
    let at = |share: f64| scores[((share * scores.len() as f64) as usize).min(scores.len() - 1)];
    Ok(Interval {
        value,
        low: at((1.0 - level) / 2.0),
        high: at((1.0 + level) / 2.0),
    })
}
