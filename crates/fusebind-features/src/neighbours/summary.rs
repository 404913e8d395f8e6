//! Labels of training pairs near a pair, summarised. Comes in: labels with weights. Goes out: the channels of a neighbourhood.

use super::{descriptor::Weights, layout::NEIGHBOURS};

/// Weight of the prior in a neighbourhood's mean.
pub(super) const PRIOR: f32 = 0.3;
/// Keeps the logarithm of an empty neighbourhood finite.
pub(super) const FAINT: f32 = 0.05;

/// Numbers of a summary.
pub(super) const CHANNELS: usize = 8;

/// Labels of training pairs, summarised: weighted sums for three powers of the similarity, and the most similar above and below the
/// mean.
#[derive(Clone, Copy, Default)]
pub(super) struct Summary {
    /// By power; the last of four, which fill a vector, means nothing.
    sums: [f32; 4],
    masses: [f32; 4],
    above: f32,
    below: f32,
}

impl Summary {
    /// Adds a label; one without similarity changes nothing.
    #[inline]
    pub fn add(&mut self, value: f32, weights: Weights) {
        for (at, weight) in weights.into_iter().enumerate() {
            self.sums[at] += weight * value;
            self.masses[at] += weight;
        }
        // Both without a branch: labels change sign at random.
        let similarity = weights[3];
        let (above, below) = if value > 0.0 {
            (similarity, 0.0)
        } else {
            (0.0, similarity)
        };
        self.above = self.above.max(above);
        self.below = self.below.max(below);
    }

    /// Adds what was summarised for a neighbour of the given similarity.
    #[inline]
    pub fn add_all(&mut self, other: &Self, weights: Weights) {
        for (at, weight) in weights.into_iter().enumerate() {
            self.sums[at] += weight * other.sums[at];
            self.masses[at] += weight * other.masses[at];
        }
        self.above = self.above.max(weights[3] * other.above);
        self.below = self.below.max(weights[3] * other.below);
    }

    /// Sums, masses, and the most similar above and below.
    pub fn channels(&self) -> [f32; CHANNELS] {
        let ([a, b, c, _], [d, e, f, _]) = (self.sums, self.masses);
        [a, b, c, d, e, f, self.above, self.below]
    }

    /// The summary with these [`Self::channels`].
    pub fn from_channels([a, b, c, d, e, f, above, below]: [f32; CHANNELS]) -> Self {
        Self {
            sums: [a, b, c, 0.0],
            masses: [d, e, f, 0.0],
            above,
            below,
        }
    }

    /// Writes the channels, every label weighted by `weight`.
    pub fn write(&self, weight: f32, out: &mut [f32]) {
        debug_assert_eq!(out.len(), NEIGHBOURS);
        for at in 0..3 {
            let (sum, mass) = (self.sums[at], self.masses[at]);
            out[2 * at] = weight * sum / (weight * mass + PRIOR);
            out[2 * at + 1] = (weight * mass + FAINT).ln();
        }
        out[6] = weight * self.above;
        out[7] = weight * self.below;
    }
}
