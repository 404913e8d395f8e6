//! From a score that ranks values to a calibrated log-likelihood ratio.
//!
//! Comes in: scores of own and of wrong values. Goes out: a [`CalibrationMap`], whose ratio rises with the score (except
//! for the half value that keeps every bin finite, and weighs more in a small one).

use serde::{Deserialize, Serialize};

use super::BOUND;

/// Values of one bin at least.
const BIN_SIZE: usize = 20;

/// Ascending scores and the ratio of each; between two of them the ratio goes in a straight line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CalibrationMap {
    scores: Vec<f32>,
    ratios: Vec<f32>,
}

/// Neighbouring values taken together: sum of scores, values, and shares of all own and of all wrong ones among them.
#[derive(Clone, Copy, Default)]
struct Bin {
    scores: f32,
    values: f32,
    own: f32,
    wrong: f32,
}

impl Bin {
    fn and(self, other: Self) -> Self {
        Self {
            scores: self.scores + other.scores,
            values: self.values + other.values,
            own: self.own + other.own,
            wrong: self.wrong + other.wrong,
        }
    }

    /// Whether own values are rarer in the next bin than in this, compared with wrong ones.
    fn is_above(&self, next: &Self) -> bool {
        self.own * next.wrong >= next.own * self.wrong
    }
}

impl CalibrationMap {
    /// Isotonic regression by pooling adjacent violators (Ayer et al. 1955, doi 10.1214/aoms/1177728423; for probabilities Zadrozny & Elkan
    /// 2002, doi 10.1145/775047.775151), over bins of [`BIN_SIZE`] values: `e^-ratio` is at most 1 on average over own values, so that the
    /// estimated mismatch rate of such a table is 0. Neither side may be empty.
    pub fn fit(own: &[f32], wrong: &[f32]) -> Self {
        let (many, more) = (own.len() as f32, wrong.len() as f32);
        let bin = |score: &f32, own: f32, wrong: f32| Bin {
            scores: *score,
            values: 1.0,
            own,
            wrong,
        };
        let own = own.iter().map(|score| bin(score, 1.0 / many, 0.0));
        let mut all: Vec<Bin> = own
            .chain(wrong.iter().map(|score| bin(score, 0.0, 1.0 / more)))
            .collect();
        all.sort_by(|a, b| a.scores.total_cmp(&b.scores));
        let mut bins: Vec<Bin> = Vec::new();
        for some in all.chunks(BIN_SIZE) {
            let mut last = some.iter().copied().fold(Bin::default(), Bin::and);
            while let Some(below) = bins.pop_if(|below| below.is_above(&last)) {
                last = below.and(last);
            }
            bins.push(last);
        }
        // Half a value on either side keeps the ratio of a bin of one kind finite.
        let spare = 0.5 / many.min(more);
        let ratio = |bin: &Bin| ((bin.own + spare) / (bin.wrong + spare)).ln().clamp(-BOUND, BOUND);
        Self {
            scores: bins.iter().map(|bin| bin.scores / bin.values).collect(),
            ratios: bins.iter().map(ratio).collect(),
        }
    }

    /// Whether there is a ratio for every score, all are finite, and the scores rise.
    pub fn is_whole(&self) -> bool {
        let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
        !self.scores.is_empty()
            && self.scores.len() == self.ratios.len()
            && self.scores.is_sorted()
            && finite(&self.scores)
            && finite(&self.ratios)
    }

    /// The ratio of `score`.
    pub fn ratio(&self, score: f32) -> f32 {
        let above = self.scores.partition_point(|s| *s <= score);
        if above == 0 || above == self.scores.len() {
            return self.ratios[above.saturating_sub(1)];
        }
        let share = (score - self.scores[above - 1]) / (self.scores[above] - self.scores[above - 1]);
        self.ratios[above - 1] + share * (self.ratios[above] - self.ratios[above - 1])
    }

    /// The lowest of all ratios.
    pub fn lowest(&self) -> f32 {
        self.ratios[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_rise_and_are_right_on_average() {
        // Own scores are logistic around 1, wrong ones around -1; every third one is three times too large.
        let spread = |center: f32| {
            (0..900).map(move |i| {
                let share = (i as f32 + 0.5) / 900.0;
                ((share / (1.0 - share)).ln() + center) * if i % 3 == 0 { 3.0 } else { 1.0 }
            })
        };
        let (own, wrong): (Vec<f32>, Vec<f32>) = (spread(1.0).collect(), spread(-1.0).collect());
        let calibration_map = CalibrationMap::fit(&own, &wrong);
        assert!(calibration_map.scores.is_sorted() && calibration_map.ratios.windows(2).all(|r| r[1] > r[0] - 0.05));
        let mean = own.iter().map(|s| (-calibration_map.ratio(*s)).exp()).sum::<f32>() / 900.0;
        assert!((0.9..1.05).contains(&mean), "{mean}");
        assert!(
            calibration_map.ratio(9.0) > 1.0
                && calibration_map.ratio(-9.0) < -1.0
                && calibration_map.lowest() == calibration_map.ratio(-99.0)
        );
        assert!(calibration_map.ratio(0.0).abs() < 0.5, "{}", calibration_map.ratio(0.0));
    }

    #[test]
    fn uninformative_scores_have_ratios_near_zero() {
        let scores: Vec<f32> = (0..200).map(|i| (i * 37 % 200) as f32 / 20.0 - 5.0).collect();
        let calibration_map = CalibrationMap::fit(&scores, &scores);
        assert!(
            scores.iter().all(|s| calibration_map.ratio(*s).abs() < 0.2),
            "{calibration_map:?}"
        );
    }
}
