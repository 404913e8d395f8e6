//! A calibration map that depends on what is known of a pair.
//!
//! Comes in: rows of `W` channels, logits and labels of pairs that no model was fitted on. Goes out: [`CalibratedLogit`],
//!
//! ```text
//! logit p' = max(0, 1 + a · x) logit p + b · x
//! ```
//!
//! Platt's map (1999) whose slope and offset depend on the row: what a model says of a new compound can be worth less than what it says
//! of a known one. Weights are drawn to 0, which changes nothing, as if by `ridge`; the two of the first channel, which is 1, are free.

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

impl CalibratedLogit {
    /// Fits `truth` on `logits`, both `[N]`, and `rows` `[N, width]`, whose first channel is 1.
    ///
    /// # Errors
    /// Where there is nothing, lengths differ, a number is not finite, or the ridge is not positive.
    pub fn fit(rows: &[f64], width: usize, logits: &[f64], truth: &[bool], ridge: f64) -> Result<Self, Undefined> {
        match () {
            () if truth.is_empty() || width == 0 => return Err(Undefined::Empty),
            () if logits.len() != truth.len() || rows.len() != truth.len() * width => return Err(Undefined::Length),
            () if !rows.iter().chain(logits).all(|v| v.is_finite()) => return Err(Undefined::NotFinite),
            () if !(ridge > 0.0 && ridge.is_finite()) => return Err(Undefined::Parameter),
            () => {}
        }
        let logits: Vec<f64> = logits.iter().map(|l| l.clamp(-MOST, MOST)).collect();
        // The channels of the slope, then those of the offset.
        let inputs = rows.chunks(width).zip(&logits);
        let inputs: Vec<f64> = inputs
            .flat_map(|(row, logit)| row.iter().map(move |x| x * logit).chain(row.iter().copied()))
            .collect();
        let problem = Problem {
            inputs: &inputs,
            logits: &logits,
            truth,
            ridge,
        };
        let mut slope = minimise(&problem, vec![0.0; 2 * width]);
        let offset = slope.split_off(width);
        Ok(Self { slope, offset })
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

struct Problem<'a> {
    /// `[N, 2 W]`
    inputs: &'a [f64],
    logits: &'a [f64],
    truth: &'a [bool],
    ridge: f64,
}

impl Problem<'_> {
    fn pairs<'s>(&'s self, width: usize) -> impl Iterator<Item = (&'s [f64], f64, f64)> + 's {
        let labels = self.truth.iter().map(|truth| f64::from(u8::from(*truth)));
        let all = self.inputs.chunks(width).zip(self.logits).zip(labels);
        all.map(|((row, logit), label)| (row, *logit, label))
    }

    fn ridge(&self, at: usize, width: usize) -> f64 {
        if at.is_multiple_of(width / 2) {
            self.ridge * FREE
        } else {
            self.ridge
        }
    }
}

impl Convex for Problem<'_> {
    fn loss(&self, weights: &[f64]) -> f64 {
        let pair = |(row, logit, label): (&[f64], f64, f64)| {
            let z = logit + dot(weights, row);
            z.max(0.0) + (-z.abs()).exp().ln_1p() - label * z
        };
        let penalty: f64 = (weights.iter().enumerate())
            .map(|(at, w)| self.ridge(at, weights.len()) * w * w)
            .sum();
        self.pairs(weights.len()).map(pair).sum::<f64>() + 0.5 * penalty
    }

    fn derivatives(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = weights.len();
        let (mut gradient, mut hessian) = (vec![0.0; width], vec![0.0; width * width]);
        for (row, logit, label) in self.pairs(width) {
            let p = 1.0 / (1.0 + (-(logit + dot(weights, row))).exp());
            gradient.iter_mut().zip(row).for_each(|(g, x)| *g += (p - label) * x);
            add_outer(&mut hessian, row, (p * (1.0 - p)).max(1e-12));
        }
        for at in 0..width {
            gradient[at] += self.ridge(at, width) * weights[at];
            hessian[at * width + at] += self.ridge(at, width);
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
        let map = CalibratedLogit::fit(&rows, 2, &logits, &truth, 1.0).unwrap();
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
    fn classes_that_do_not_overlap_have_a_finite_map() {
        let map =
            CalibratedLogit::fit(&[1.0; 4], 1, &[-1.0, -2.0, 1.0, 2.0], &[false, false, true, true], 1.0).unwrap();
        assert!(map.is_sound(1), "{map:?}");
        assert_eq!(CalibratedLogit::fit(&[], 1, &[], &[], 1.0), Err(Undefined::Empty));
        assert_eq!(
            CalibratedLogit::fit(&[1.0], 1, &[0.0], &[true], 0.0),
            Err(Undefined::Parameter)
        );
    }
}
