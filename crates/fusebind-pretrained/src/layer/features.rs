//! Linear attention (Katharopoulos et al., Transformers are RNNs, 2020) with features of fixed directions (Choromanski et al., Performers,
//! 2021), as MoLFormer has it.
//!
//! Comes in: queries or keys of one head, `[L, d]`. Goes out: their features `[L, F]`; and weights of attention from scores of features.
//!
//! ```text
//! phi(x) = f(x W),   weight(i, j) = phi(q_i) . phi(k_j) / max(sum_j phi(q_i) . phi(k_j), least)
//! ```
//!
//! Its authors sum over the keys first, which is linear in `L`. With the 202 tokens that MoLFormer reads at most that saves nothing worth a second way
//! through attention: the weights are computed one by one.

use fusebind_features::vectorised;

use crate::kernel::{Activation, Packed, Room, Rows, product};

/// The features of one layer, the same for all heads.
#[derive(Clone, Debug)]
pub(crate) struct FeatureMap {
    /// `[d, F]`.
    directions: Packed,
    activation: Activation,
    /// The smallest sum that weights are divided by.
    least: f32,
}

impl FeatureMap {
    /// Features of `directions [d, count]`.
    pub fn new(directions: &[f32], count: usize, activation: Activation, least: f32) -> Self {
        let mut packed = Packed::default();
        packed.refill(directions, count, 0, count);
        Self {
            directions: packed,
            activation,
            least,
        }
    }

    /// Number of features.
    pub fn count(&self) -> usize {
        self.directions.columns
    }

    /// The features of `rows`.
    pub fn apply(&self, rows: Rows<'_>, out: &mut Vec<f32>, packing: &mut Room) {
        out.resize(rows.count() * self.count(), 0.0);
        product(rows, &self.directions, out, packing);
        self.activation.apply(out);
    }

    /// Makes each row of `width` scores weights.
    pub fn normalise(&self, scores: &mut [f32], width: usize) {
        vectorised!(|| {
            for row in scores.chunks_exact_mut(width) {
                let sum = row.iter().sum::<f32>().max(self.least);
                row.iter_mut().for_each(|x| *x /= sum);
            }
        });
    }
}
