//! How large an error to expect of a prediction, from what is known of it.
//!
//! Comes in: rows of `W` channels that describe predictions, and the absolute errors of pairs that no model was fitted on. Goes out:
//! [`ErrorScale`], `sigma(x) = exp(w · x)`, the mean absolute error to expect: the maximum of the likelihood of a Laplace distribution,
//!
//! ```text
//! sum over pairs of (w · x + |error| exp(-w · x)) + ridge / 2 (|w - v|^2 - (w_0 - v_0)^2)
//! ```
//!
//! which is convex in `w`; `v` is 0, or the weights of an earlier fit. Intervals are normalised by it, so that they are narrow where predictions are
//! good (Papadopoulos et al. 2008).

use serde::{Deserialize, Serialize};

use crate::{
    error::Undefined,
    newton::{Convex, add_outer, dot, minimise},
    ridge::Ridge,
};

/// Share of the mean error that no error is expected to be below while fitting: a row of zeros has no scale.
const LEAST: f64 = 1e-3;
/// How far beyond what was fitted on a scale may go, as a logarithm.
const BEYOND: f64 = std::f64::consts::LN_2;

/// A scale of errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorScale {
    /// Weight of each channel; the first channel is 1.
    pub weights: Vec<f64>,
    /// Least and most of the logarithm among the pairs that it was fitted on.
    pub range: [f64; 2],
}

impl ErrorScale {
    /// Fits `errors` `[N]` on `rows` `[N, width]`, whose first channel is 1 and whose weight `ridge` leaves free.
    ///
    /// # Errors
    /// Where there is nothing, lengths differ, a number is not finite, all errors are 0, or the first channel is not 1.
    pub fn fit(rows: &[f64], width: usize, errors: &[f64], ridge: Ridge<'_, Self>) -> Result<Self, Undefined> {
        let toward = ridge
            .toward
            .map_or_else(|| vec![0.0; width], |scale| scale.weights.clone());
        match () {
            () if errors.is_empty() || width == 0 => return Err(Undefined::Empty),
            () if toward.len() != width => return Err(Undefined::Length),
            () if rows.len() != errors.len() * width => return Err(Undefined::Length),
            () if !rows.iter().chain(errors).all(|v| v.is_finite()) => return Err(Undefined::NotFinite),
            () if rows.iter().step_by(width).any(|first| *first != 1.0) => return Err(Undefined::Parameter),
            () => {}
        }
        let mean = errors.iter().map(|e| e.abs()).sum::<f64>() / errors.len() as f64;
        if mean <= 0.0 {
            return Err(Undefined::Parameter);
        }
        let errors: Vec<f64> = errors.iter().map(|e| e.abs().max(LEAST * mean)).collect();
        let ratios = rows
            .chunks(width)
            .zip(&errors)
            .map(|(row, e)| e * (-dot(&toward, row)).exp());
        let mut start = toward.clone();
        start[0] += (ratios.sum::<f64>() / errors.len() as f64).ln();
        let weights = minimise(
            &Problem {
                rows,
                errors: &errors,
                ridge: ridge.strength,
                toward: &toward,
            },
            start,
        );
        let logs = rows.chunks(width).map(|row| dot(&weights, row));
        let range = logs.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], log| {
            [least.min(log), most.max(log)]
        });
        Ok(Self { weights, range })
    }

    /// The mean absolute error to expect at `row`, which is never far beyond those that were fitted on.
    pub fn at(&self, row: &[f64]) -> f64 {
        dot(&self.weights, row)
            .clamp(self.range[0], self.range[1] + BEYOND)
            .exp()
    }

    /// Whether it has `width` weights and all of it is finite.
    pub fn is_sound(&self, width: usize) -> bool {
        let [least, most] = self.range;
        self.weights.len() == width
            && self.weights.iter().all(|w| w.abs() < 1e6)
            && -50.0 < least
            && least <= most
            && most < 50.0
    }
}

struct Problem<'a> {
    rows: &'a [f64],
    errors: &'a [f64],
    ridge: f64,
    /// `v` of the file's header.
    toward: &'a [f64],
}

impl Problem<'_> {
    fn pairs<'s>(&'s self, width: usize) -> impl Iterator<Item = (&'s [f64], f64)> + 's {
        self.rows.chunks(width).zip(self.errors.iter().copied())
    }
}

impl Convex for Problem<'_> {
    fn loss(&self, weights: &[f64]) -> f64 {
        let pair = |(row, error): (&[f64], f64)| {
            let log = dot(weights, row);
            log + error * (-log).exp()
        };
        let away = weights[1..].iter().zip(&self.toward[1..]);
        let penalty: f64 = away.map(|(w, v)| (w - v) * (w - v)).sum();
        self.pairs(weights.len()).map(pair).sum::<f64>() + 0.5 * self.ridge * penalty
    }

    fn derivatives(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = weights.len();
        let (mut gradient, mut hessian) = (vec![0.0; width], vec![0.0; width * width]);
        for (row, error) in self.pairs(width) {
            let ratio = error * (-dot(weights, row)).exp();
            gradient.iter_mut().zip(row).for_each(|(g, x)| *g += (1.0 - ratio) * x);
            add_outer(&mut hessian, row, ratio);
        }
        for at in 1..width {
            gradient[at] += self.ridge * (weights[at] - self.toward[at]);
            hessian[at * width + at] += self.ridge;
        }
        (gradient, hessian)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;

    /// Errors of mean `exp(1 - 2 x)`, exponentially distributed.
    fn sample(n: usize) -> (Vec<f64>, Vec<f64>) {
        let of = |i: usize| {
            let x = (i as f64 * 0.618_033_988_749_895).fract();
            let u = ((i as f64 + 0.5) * 0.754_877_666_246_693).fract();
            ([1.0, x], -(1.0 - u).ln() * (1.0 - 2.0 * x).exp())
        };
        let (rows, errors): (Vec<[f64; 2]>, Vec<f64>) = (0..n).map(of).unzip();
        (rows.concat(), errors)
    }

    #[test]
    fn the_scale_is_the_mean_error_where_the_row_is() {
        let (rows, errors) = sample(20_000);
        let scale = ErrorScale::fit(&rows, 2, &errors, Ridge::to_zero(1.0)).unwrap();
        assert!(
            (scale.weights[0] - 1.0).abs() < 0.03 && (scale.weights[1] + 2.0).abs() < 0.05,
            "{scale:?}"
        );
        assert!(scale.is_sound(2) && !scale.is_sound(3));
        // Far beyond what was seen it grows no further than twice the largest.
        assert!((scale.at(&[1.0, -50.0]) / scale.range[1].exp() - 2.0).abs() < 1e-9);
        // A ridge without end leaves the mean.
        let flat = ErrorScale::fit(&rows, 2, &errors, Ridge::to_zero(1e12)).unwrap();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        assert!((flat.at(&[1.0, 0.3]) / mean - 1.0).abs() < 1e-3);
    }

    #[test]
    fn few_errors_move_an_earlier_scale_and_do_not_forget_its_shape() {
        let (rows, errors) = sample(20_000);
        let earlier = ErrorScale::fit(&rows, 2, &errors, Ridge::to_zero(1.0)).unwrap();
        // Errors elsewhere are twice as large.
        let (rows, errors) = sample(30);
        let errors: Vec<f64> = errors.iter().map(|e| 2.0 * e).collect();
        let ridge = Ridge {
            strength: 1e6,
            toward: Some(&earlier),
        };
        let moved = ErrorScale::fit(&rows, 2, &errors, ridge).unwrap();
        assert!((moved.weights[1] - earlier.weights[1]).abs() < 1e-3, "{moved:?}");
        let ratio = (moved.weights[0] - earlier.weights[0]).exp();
        assert!((1.5..2.5).contains(&ratio), "{ratio}");
        let narrower = ErrorScale {
            weights: vec![0.0],
            ..earlier
        };
        let toward = Some(&narrower);
        assert_eq!(
            ErrorScale::fit(&rows, 2, &errors, Ridge { toward, ..ridge }),
            Err(Undefined::Length)
        );
    }

    #[test]
    fn what_has_no_scale_is_refused() {
        let fit = |rows: &[f64], width, errors: &[f64]| ErrorScale::fit(rows, width, errors, Ridge::to_zero(1.0));
        assert_eq!(fit(&[], 1, &[]), Err(Undefined::Empty));
        assert_eq!(fit(&[1.0], 1, &[0.0]), Err(Undefined::Parameter));
        assert_eq!(fit(&[0.5], 1, &[1.0]), Err(Undefined::Parameter));
        assert_eq!(fit(&[1.0, f64::NAN], 2, &[1.0]), Err(Undefined::NotFinite));
        assert_eq!(fit(&[1.0, 2.0], 2, &[1.0, 1.0]), Err(Undefined::Length));
    }
}
