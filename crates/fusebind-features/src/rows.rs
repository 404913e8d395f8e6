//! Dense rows and their scaling.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A dense row per entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Values, `[B, width]`.
    pub values: Vec<f32>,
    /// Channels per row.
    pub width: usize,
}

impl Rows {
    /// Rows of `width` channels, each written by `write` from the row's index; rows are zero on entry.
    pub fn build(rows: usize, width: usize, write: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        let mut values = vec![0.0; rows * width];
        if width > 0 {
            values
                .par_chunks_mut(width)
                .enumerate()
                .for_each(|(index, row)| write(index, row));
        }
        Self { values, width }
    }

    /// Subtracts means and multiplies by factors, channel by channel.
    pub fn rescale(&mut self, scale: &InputScale) {
        if self.width == 0 || scale.mean.len() != self.width {
            return;
        }
        self.values.par_chunks_mut(self.width).for_each(|row| {
            for ((value, mean), factor) in row.iter_mut().zip(&scale.mean).zip(&scale.factor) {
                *value = (*value - mean) * factor;
            }
        });
    }

    /// Copies the rows at `indices`.
    pub fn select(&self, indices: &[u32]) -> Self {
        let mut values = Vec::with_capacity(indices.len() * self.width);
        for &index in indices {
            let start = index as usize * self.width;
            values.extend_from_slice(&self.values[start..start + self.width]);
        }
        Self {
            values,
            width: self.width,
        }
    }
}

/// Centring and scaling of input channels: `(x - mean) * factor`. Empty for none.
///
/// `factor = 1 / sqrt(sd * rms)` with `sd` the deviation of the channel and `rms` the root mean square of all deviations:
/// half way between scaling each channel alone, which inflates rare ones, and scaling all alike, which drowns them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputScale {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Factor of each channel; 0 for a channel that never varies.
    pub factor: Vec<f32>,
}

impl InputScale {
    /// Fits the scale on the rows at `indices`, which must be those of training entities.
    pub fn fit(rows: &Rows, indices: &[u32]) -> Self {
        let count = indices.len().max(1) as f64;
        let (mut sum, mut square) = (vec![0.0f64; rows.width], vec![0.0f64; rows.width]);
        for &index in indices {
            let start = index as usize * rows.width;
            for (c, value) in rows.values[start..start + rows.width].iter().enumerate() {
                sum[c] += f64::from(*value);
                square[c] += f64::from(*value) * f64::from(*value);
            }
        }
        let deviations: Vec<f64> = sum
            .iter()
            .zip(&square)
            .map(|(s, q)| (q / count - (s / count).powi(2)).max(0.0).sqrt())
            .collect();
        let rms = (deviations.iter().map(|d| d * d).sum::<f64>() / rows.width.max(1) as f64).sqrt();
        let factor = |d: &f64| {
            if *d > 1e-4 * rms && rms > 0.0 {
                (1.0 / (d * rms).sqrt()) as f32
            } else {
                0.0
            }
        };
        Self {
            mean: sum.iter().map(|s| (s / count) as f32).collect(),
            factor: deviations.iter().map(factor).collect(),
        }
    }
}

impl InputScale {
    /// Centres each channel of `rows` and scales it to unit deviation; a channel that never varies becomes 0.
    pub fn standard(rows: &Rows) -> Self {
        let count = (rows.values.len() / rows.width.max(1)).max(1) as f64;
        let (mut sum, mut square) = (vec![0.0f64; rows.width], vec![0.0f64; rows.width]);
        for row in rows.values.chunks(rows.width.max(1)) {
            for (c, value) in row.iter().enumerate() {
                sum[c] += f64::from(*value);
                square[c] += f64::from(*value) * f64::from(*value);
            }
        }
        let factor = |(s, q): (&f64, &f64)| {
            let variance = q / count - (s / count).powi(2);
            if variance > 1e-9 {
                (1.0 / variance.sqrt()) as f32
            } else {
                0.0
            }
        };
        Self {
            factor: sum.iter().zip(&square).map(factor).collect(),
            mean: sum.iter().map(|s| (s / count) as f32).collect(),
        }
    }
}
