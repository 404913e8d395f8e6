//! Normalisation of rows.
//!
//! Comes in: rows `[L, D]`. Goes out: rows of the same shape. Layer norm is `(x - mean) / sqrt(variance + eps) * weight + bias` (Ba et al., 2016);
//! root mean square norm leaves out mean and bias (Zhang and Sennrich, 2019).

use fusebind_features::vectorised;

use super::LANES;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    Layer,
    RootMeanSquare,
}

/// A norm with its parameters `[D]`.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    pub kind: NormKind,
    pub weight: Vec<f32>,
    /// Zeros for the norm without bias.
    pub bias: Vec<f32>,
    pub epsilon: f32,
}

impl Norm {
    /// Normalises each row of `from` into `to`.
    pub fn apply(&self, from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
        self.apply_in_place(to);
    }

    /// Normalises each row.
    pub fn apply_in_place(&self, rows: &mut [f32]) {
        let width = self.weight.len();
        vectorised!(|| {
            for row in rows.chunks_exact_mut(width) {
                let mean = match self.kind {
                    NormKind::Layer => sum(row, |x| x) / width as f32,
                    NormKind::RootMeanSquare => 0.0,
                };
                let variance = sum(row, |x| (x - mean) * (x - mean)) / width as f32;
                let scale = 1.0 / (variance + self.epsilon).sqrt();
                for ((x, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                    *x = (*x - mean) * scale * weight + bias;
                }
            }
        });
    }
}

/// The sum of `f` over a row, in an order that does not depend on the machine.
#[inline(always)]
fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let mut chunks = row.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += f(*x);
        }
    }
    sums.iter().sum::<f32>() + chunks.remainder().iter().map(|x| f(*x)).sum::<f32>()
}
