//! A calibration map that depends on what is known of a pair.
//!
//! Comes in: [`LabelledLogits`] of pairs that no model was fitted on, with rows of `W` channels. Goes out: [`CalibratedLogit`],
//!
//! ```text
//! logit p' = max(0, 1 + a · x) logit p + b · x
//! ```
//!
//! Platt's map (1999) whose slope and offset depend on the row: what a model says of a new compound can be worth less than what it says
//! of a known one. The slope may depend on fewer channels than the offset. Weights are drawn to 0, which changes nothing, as if by `ridge`; the two
//! of the first channel, which is 1, are free.

use serde::{Deserialize, Serialize};

use crate::{
    error::Undefined,
    newton::{Convex, add_outer, dot, minimise},
};

/// Logits are cut here before they are mapped.
const MOST: f64 = 20.0;
/// Share of the ridge that the two weights of the first channel have, so that classes that do not overlap have a slope.
const FREE: f64 = 1e-3;

/// A calibration map whose slope and offset depend on a row of channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibratedLogit {
    /// Of the slope, added to 1.
    pub slope: Vec<f64>,
    /// Of the offset.
    pub offset: Vec<f64>,
}

/// Pairs that a calibration map is fitted on.
#[derive(Clone, Copy, Debug)]
pub struct LabelledLogits<'a> {
    /// Channels, `[N, width]`; the first of each row is 1.
    pub rows: &'a [f64],
    /// Number of channels.
    pub width: usize,
    /// `[N]`
    pub logits: &'a [f64],
    /// Whether each pair binds, `[N]`.
    pub truth: &'a [bool],
    /// For how many pairs each pair counts, `[N]`.
    pub weights: &'a [f64],
}

impl CalibratedLogit {
    /// The map of `pairs`, whose slope depends on the channels in `slope` alone, of which the first is 0.
    ///
    /// # Errors
    /// Where there is nothing, lengths differ, a number is not finite, a weight is not positive, `slope` names no channel of a row or begins with
    /// another than 0, or the ridge is not positive.
    pub fn fit(pairs: LabelledLogits<'_>, slope: &[usize], ridge: f64) -> Result<Self, Undefined> {
        let width = pairs.width;
        pairs.check()?;
        match () {
            () if slope.first() != Some(&0) || slope.iter().any(|at| *at >= width) => return Err(Undefined::Parameter),
            () if !(ridge > 0.0 && ridge.is_finite()) => return Err(Undefined::Parameter),
            () => {}
        }
        let logits: Vec<f64> = pairs.logits.iter().map(|l| l.clamp(-MOST, MOST)).collect();
        // The channels of the slope, then those of the offset.
        let inputs = pairs.rows.chunks(width).zip(&logits);
        let inputs: Vec<f64> = inputs
            .flat_map(|(row, logit)| slope.iter().map(move |at| row[*at] * logit).chain(row.iter().copied()))
            .collect();
        let problem = Problem {
            inputs: &inputs,
            logits: &logits,
            truth: pairs.truth,
            counts: pairs.weights,
            slopes: slope.len(),
            ridge,
        };
        let mut slopes = minimise(&problem, vec![0.0; slope.len() + width]);
        let offset = slopes.split_off(slope.len());
        let mut all = vec![0.0; width];
        slope.iter().zip(slopes).for_each(|(at, weight)| all[*at] = weight);
        Ok(Self { slope: all, offset })
    }

    /// The calibrated probability of a pair with this `logit`.
    pub fn apply(&self, row: &[f64], logit: f64) -> f64 {
        let slope = (1.0 + dot(&self.slope, row)).max(0.0);
        let z = slope * logit.clamp(-MOST, MOST) + dot(&self.offset, row);
        1.0 / (1.0 + (-z).exp())
    }

    /// Whether it has weights for `width` channels and all of them are finite.
    pub fn is_sound(&self, width: usize) -> bool {
        let mut all = self.slope.iter().chain(&self.offset);
        self.slope.len() == width && self.offset.len() == width && all.all(|w| w.abs() < 1e6)
    }
}

impl LabelledLogits<'_> {
    fn check(&self) -> Result<(), Undefined> {
        let n = self.truth.len();
        match () {
            () if n == 0 || self.width == 0 => Err(Undefined::Empty),
            () if self.logits.len() != n || self.weights.len() != n || self.rows.len() != n * self.width => {
                Err(Undefined::Length)
            }
            () if !self.rows.iter().chain(self.logits).all(|v| v.is_finite()) => Err(Undefined::NotFinite),
            () if !self.weights.iter().all(|w| *w > 0.0 && w.is_finite()) => Err(Undefined::Parameter),
            () => Ok(()),
        }
    }
}

struct Problem<'a> {
    /// `[N, slopes + W]`
    inputs: &'a [f64],
    logits: &'a [f64],
    truth: &'a [bool],
    /// For how many pairs each counts.
    counts: &'a [f64],
    /// Number of channels of the slope.
    slopes: usize,
    ridge: f64,
}

/// A pair as the loss sees it.
struct Row<'a> {
    inputs: &'a [f64],
    logit: f64,
    label: f64,
    count: f64,
}

impl Problem<'_> {
    fn pairs<'s>(&'s self, width: usize) -> impl Iterator<Item = Row<'s>> + 's {
        let labels = self.truth.iter().map(|truth| f64::from(u8::from(*truth)));
        let all = self.inputs.chunks(width).zip(self.logits).zip(labels).zip(self.counts);
        all.map(|(((inputs, logit), label), count)| Row {
            inputs,
            logit: *logit,
            label,
            count: *count,
        })
    }

    fn ridge(&self, at: usize) -> f64 {
        if at == 0 || at == self.slopes {
            self.ridge * FREE
        } else {
            self.ridge
        }
    }
}

impl Convex for Problem<'_> {
    fn loss(&self, weights: &[f64]) -> f64 {
        let pair = |row: Row<'_>| {
            let z = row.logit + dot(weights, row.inputs);
            row.count * (z.max(0.0) + (-z.abs()).exp().ln_1p() - row.label * z)
        };
        let penalty: f64 = (weights.iter().enumerate()).map(|(at, w)| self.ridge(at) * w * w).sum();
        self.pairs(weights.len()).map(pair).sum::<f64>() + 0.5 * penalty
    }

    fn derivatives(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = weights.len();
        let (mut gradient, mut hessian) = (vec![0.0; width], vec![0.0; width * width]);
        for row in self.pairs(width) {
            let p = 1.0 / (1.0 + (-(row.logit + dot(weights, row.inputs))).exp());
            let slope = row.count * (p - row.label);
            gradient.iter_mut().zip(row.inputs).for_each(|(g, x)| *g += slope * x);
            add_outer(&mut hessian, row.inputs, row.count * (p * (1.0 - p)).max(1e-12));
        }
        for at in 0..width {
            gradient[at] += self.ridge(at) * weights[at];
            hessian[at * width + at] += self.ridge(at);
        }
        (gradient, hessian)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;

    #[test]
    fn slope_and_offset_follow_the_row() {
        // Logits are right where the channel is 0, and twice as sure as they may be, and half too high, where it is 1.
        let n = 40_000;
        let pair = |i: usize| {
            let logit = 6.0 * (i as f64 * 0.618_033_988_749_895).fract() - 3.0;
            let x = f64::from(u8::from(i % 2 == 1));
            let z = logit * (1.0 - 0.5 * x) - 0.5 * x;
            let u = ((i as f64 + 0.5) * 0.754_877_666_246_693).fract();
            ([1.0, x], logit, u < 1.0 / (1.0 + (-z).exp()))
        };
        let pairs: Vec<([f64; 2], f64, bool)> = (0..n).map(pair).collect();
        let rows: Vec<f64> = pairs.iter().flat_map(|p| p.0).collect();
        let (logits, truth): (Vec<f64>, Vec<bool>) = pairs.iter().map(|p| (p.1, p.2)).unzip();
        let all = LabelledLogits {
            rows: &rows,
            width: 2,
            logits: &logits,
            truth: &truth,
            weights: &vec![1.0; n],
        };
        let map = CalibratedLogit::fit(all, &[0, 1], 1.0).unwrap();
        let near = |found: &[f64], expected: [f64; 2]| found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 0.05);
        assert!(
            near(&map.slope, [0.0, -0.5]) && near(&map.offset, [0.0, -0.5]),
            "{map:?}"
        );
        assert!((map.apply(&[1.0, 1.0], 2.0) - 1.0 / (1.0 + (-0.5f64).exp())).abs() < 0.02);
        assert!(map.is_sound(2) && !map.is_sound(1));
        // An order is never turned around, however far the row is from all others.
        assert!(map.apply(&[1.0, 9.0], 2.0) >= map.apply(&[1.0, 9.0], -2.0));
    }

    #[test]
    fn a_pair_counts_as_often_as_its_weight_says_and_a_slope_may_know_less_than_the_offset() {
        let (rows, logits) = ([1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0], [-1.0, 2.0, 0.5, -0.5]);
        let truth = [false, true, true, false];
        let fit = |twice: bool| {
            let often = |of: &[f64], width: usize| match twice {
                true => [of, &of[..width]].concat(),
                false => of.to_vec(),
            };
            let truth: Vec<bool> = truth.iter().chain(&truth[..usize::from(twice)]).copied().collect();
            let mut weights = vec![1.0; truth.len()];
            weights[0] = if twice { 1.0 } else { 2.0 };
            let pairs = LabelledLogits {
                rows: &often(&rows, 2),
                width: 2,
                logits: &often(&logits, 1),
                truth: &truth,
                weights: &weights,
            };
            CalibratedLogit::fit(pairs, &[0], 1.0).unwrap()
        };
        let [once, twice] = [fit(false), fit(true)];
        let pairs = once
            .slope
            .iter()
            .zip(&twice.slope)
            .chain(once.offset.iter().zip(&twice.offset));
        pairs.for_each(|(one, other)| assert!((one - other).abs() < 1e-6, "{once:?} {twice:?}"));
        assert_eq!(once.slope[1], 0.0);
        assert!(once.offset[1] != 0.0 && once.slope[0] != 0.0);
    }

    #[test]
    fn classes_that_do_not_overlap_have_a_finite_map() {
        let pairs = LabelledLogits {
            rows: &[1.0; 4],
            width: 1,
            logits: &[-1.0, -2.0, 1.0, 2.0],
            truth: &[false, false, true, true],
            weights: &[1.0; 4],
        };
        let map = CalibratedLogit::fit(pairs, &[0], 1.0).unwrap();
        assert!(map.is_sound(1), "{map:?}");
    }

    #[test]
    fn what_cannot_be_fitted_is_said() {
        let pairs = LabelledLogits {
            rows: &[1.0],
            width: 1,
            logits: &[0.0],
            truth: &[true],
            weights: &[1.0],
        };
        let fit = |pairs, slope: &[usize], ridge| CalibratedLogit::fit(pairs, slope, ridge);
        assert!(fit(pairs, &[0], 1.0).is_ok());
        let nothing = LabelledLogits { truth: &[], ..pairs };
        let uncounted = LabelledLogits {
            weights: &[0.0],
            ..pairs
        };
        let unequal = LabelledLogits { weights: &[], ..pairs };
        assert_eq!(fit(nothing, &[0], 1.0), Err(Undefined::Empty));
        assert_eq!(fit(unequal, &[0], 1.0), Err(Undefined::Length));
        assert_eq!(fit(uncounted, &[0], 1.0), Err(Undefined::Parameter));
        for (slope, ridge) in [(&[][..], 1.0), (&[1], 1.0), (&[0, 1], 1.0), (&[0], 0.0)] {
            assert_eq!(fit(pairs, slope, ridge), Err(Undefined::Parameter), "{slope:?} {ridge}");
        }
    }
}
