//! The directions in which rows differ most, and rows as small integers along them.
//!
//! Principal components by subspace iteration (Halko et al. 2011, doi 10.1137/090771806) from a fixed start, so that the same rows give the same
//! basis. Comes in: rows `[B, W]`. Goes out: codes `[B, C]` of one byte. Axis legend: `B` rows, `W` channels of a row, `C` of a code.

use fusebind_features::random::Stream;
use serde::{Deserialize, Serialize};

use crate::layer::matmul::{Matrix, Onto, product, product_by_row};

/// Passes over the rows; more turn the axes within nearly the same space.
const PASSES: usize = 4;
/// Standard deviations that a code covers to either side.
const COVERED: f32 = 4.0;
/// Greatest code.
const MOST: f32 = 127.0;

/// See the file's header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Channels of a row `W`.
    width: usize,
    /// Channels of a code `C`.
    channels: usize,
    /// `[W, C]`, each column divided by the step of its codes.
    axes: Vec<f32>,
    /// What the mean row gives, `[C]`.
    origin: Vec<f32>,
}

impl Basis {
    /// A basis of at most `channels` axes for `rows`, `[B, W]`.
    ///
    /// # Panics
    /// Where `rows` is no whole number of rows.
    pub fn fit(rows: &[f32], width: usize, channels: usize) -> Self {
        assert!(width > 0 && rows.len().is_multiple_of(width));
        let count = rows.len() / width;
        let channels = channels.min(width).min(count);
        if channels == 0 {
            return Self {
                width,
                ..Self::default()
            };
        }
        let mut mean = vec![0.0f64; width];
        for row in rows.chunks(width) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(mean, value)| *mean += f64::from(*value));
        }
        let mean: Vec<f32> = mean.iter().map(|sum| (sum / count as f64) as f32).collect();
        let centred: Vec<f32> = (rows.chunks(width))
            .flat_map(|row| row.iter().zip(&mean).map(|(value, mean)| value - mean))
            .collect();
        let centred = Matrix::new(&centred, width);
        let mut axes: Vec<f32> = (0..width * channels).map(|at| sign(at as u64)).collect();
        let mut along = vec![0.0; count * channels];
        for _ in 0..PASSES {
            orthonormalise(&mut axes, channels);
            product(centred, Matrix::new(&axes, channels), &mut along, Onto::Nothing); // [B, C]
            product(
                centred.transposed(),
                Matrix::new(&along, channels),
                &mut axes,
                Onto::Nothing,
            ); // [W, C]
        }
        orthonormalise(&mut axes, channels);
        product(centred, Matrix::new(&axes, channels), &mut along, Onto::Nothing);
        let mut squares = vec![0.0f64; channels];
        for row in along.chunks(channels) {
            squares
                .iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += f64::from(*value).powi(2));
        }
        let scale = |sum: &f64| match (sum / count as f64).sqrt() as f32 {
            // Rows do not differ along this axis.
            deviation if deviation < 1e-6 => 0.0,
            deviation => MOST / (COVERED * deviation),
        };
        let scales: Vec<f32> = squares.iter().map(scale).collect();
        for row in axes.chunks_mut(channels) {
            row.iter_mut().zip(&scales).for_each(|(axis, scale)| *axis *= scale);
        }
        let mut basis = Self {
            width,
            channels,
            axes,
            origin: vec![0.0; channels],
        };
        basis.origin = basis.along(&mean);
        basis
    }

    /// Channels of a code.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Channels of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether the arrays are as long as the numbers of channels say, and finite.
    pub fn is_whole(&self) -> bool {
        let is_finite = self.axes.iter().chain(&self.origin).all(|value| value.is_finite());
        is_finite && self.axes.len() == self.width * self.channels && self.origin.len() == self.channels
    }

    fn along(&self, rows: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; rows.len() / self.width.max(1) * self.channels];
        if !out.is_empty() {
            let (rows, axes) = (Matrix::new(rows, self.width), Matrix::new(&self.axes, self.channels));
            product_by_row(rows, axes, &mut out, Onto::Nothing);
        }
        out
    }

    /// Codes of `rows`, `[B, W]`: `[B, C]`. A code depends on its own row alone.
    ///
    /// # Panics
    /// Where `rows` is no whole number of rows.
    pub fn codes(&self, rows: &[f32]) -> Vec<i8> {
        assert!(rows.len().is_multiple_of(self.width.max(1)));
        let along = self.along(rows);
        let code = |(value, origin): (&f32, &f32)| (value - origin).round().clamp(-MOST, MOST) as i8;
        (along.chunks(self.channels.max(1)))
            .flat_map(|row| row.iter().zip(&self.origin).map(code))
            .collect()
    }
}

/// 1 or -1 by place, without order.
fn sign(place: u64) -> f32 {
    match Stream::new(0).child(place).seed() & 1 {
        1 => 1.0,
        _ => -1.0,
    }
}

/// Makes the columns of `axes`, `[W, C]`, unit vectors at right angles; one that depends on those before it becomes 0.
fn orthonormalise(axes: &mut [f32], channels: usize) {
    let width = axes.len() / channels;
    let mut columns: Vec<Vec<f64>> = (0..channels)
        .map(|at| (0..width).map(|row| f64::from(axes[row * channels + at])).collect())
        .collect();
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    for at in 0..channels {
        let (before, rest) = columns.split_at_mut(at);
        let column = &mut rest[0];
        let length = dot(column, column).sqrt();
        // Twice, since the first pass leaves what rounding has left.
        for _ in 0..2 {
            for other in before.iter() {
                let shared = dot(column, other);
                column
                    .iter_mut()
                    .zip(other)
                    .for_each(|(value, other)| *value -= shared * other);
            }
        }
        let left = dot(column, column).sqrt();
        let factor = if left > 1e-9 * length { 1.0 / left } else { 0.0 };
        column.iter_mut().for_each(|value| *value *= factor);
    }
    for (at, column) in columns.iter().enumerate() {
        (column.iter().enumerate()).for_each(|(row, value)| axes[row * channels + at] = *value as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that differ along two directions of eight channels, and a little along the others.
    fn rows() -> Vec<f32> {
        let row = |at: usize| {
            let (a, b) = ((at * 7 % 31) as f32 - 15.0, (at * 5 % 17) as f32 - 8.0);
            (0..8).map(move |c| a * (c as f32 - 3.0) + b * ((c * c % 5) as f32) + 0.01 * sign((at * 8 + c) as u64))
        };
        (0..200).flat_map(row).collect()
    }

    #[test]
    fn two_axes_hold_what_differs_along_two_directions() {
        let rows = rows();
        let basis = Basis::fit(&rows, 8, 2);
        assert!(basis.is_whole());
        let codes = basis.codes(&rows);
        // Distances of codes, in units of their steps, are those of the rows up to one factor per axis: the same rows are nearest.
        let far = |values: &[f32], a: usize, b: usize| -> f32 {
            (0..8).map(|c| (values[a * 8 + c] - values[b * 8 + c]).powi(2)).sum()
        };
        let code = |a: usize, b: usize| {
            (0..2)
                .map(|c| (i32::from(codes[a * 2 + c]) - i32::from(codes[b * 2 + c])).abs())
                .max()
        };
        for at in 1..200 {
            if far(&rows, 0, at) < 0.1 {
                assert!(code(0, at).is_some_and(|far| far <= 1), "{at}");
            }
        }
        assert!(codes.iter().any(|code| *code > 40) && codes.iter().any(|code| *code < -40));
        // A row has its code in any company.
        assert_eq!(basis.codes(&rows[16..24]), codes[4..6]);
    }

    #[test]
    fn more_axes_than_directions_are_nothing() {
        let rows: Vec<f32> = (0..50).flat_map(|at| [at as f32, 2.0 * at as f32, 0.0]).collect();
        let basis = Basis::fit(&rows, 3, 3);
        let codes = basis.codes(&rows);
        assert!(
            codes.chunks(3).all(|code| code[1..].iter().all(|c| c.abs() <= 1)),
            "{codes:?}"
        );
        assert_eq!(Basis::fit(&[], 3, 3).codes(&[]), [0i8; 0]);
    }
}
