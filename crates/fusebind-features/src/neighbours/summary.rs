//! Labels of training pairs near a pair, summarised. Comes in: labels with similarities. Goes out: the channels of a neighbourhood.

use super::layout::NEIGHBOURS;

/// Weight of the prior in a neighbourhood's mean.
pub(super) const PRIOR: f32 = 0.3;
/// Keeps the logarithm of an empty neighbourhood finite.
pub(super) const FAINT: f32 = 0.05;

/// Labels of training pairs, summarised: weighted sums for three powers of the similarity, and the most similar above and below the
/// mean.
#[derive(Clone, Copy, Default)]
pub(super) struct Summary {
    sums: [f32; 3],
    masses: [f32; 3],
    above: f32,
    below: f32,
}

impl Summary {
    #[inline]
    pub fn add(&mut self, value: f32, similarity: f32, powers: [f32; 3]) {
        for (power, (sum, mass)) in powers.into_iter().zip(self.sums.iter_mut().zip(&mut self.masses)) {
            *sum += power * value;
            *mass += power;
        }
        if value > 0.0 {
            self.above = self.above.max(similarity);
        } else {
            self.below = self.below.max(similarity);
        }
    }

    /// Adds what was summarised for a neighbour of the given similarity.
    pub fn add_all(&mut self, other: &Self, similarity: f32, powers: [f32; 3]) {
        for (at, power) in powers.into_iter().enumerate() {
            self.sums[at] += power * other.sums[at];
            self.masses[at] += power * other.masses[at];
        }
        self.above = self.above.max(similarity * other.above);
        self.below = self.below.max(similarity * other.below);
    }

    /// Writes the channels, every label weighted by `weight`.
    pub fn write(&self, weight: f32, out: &mut [f32]) {
        debug_assert_eq!(out.len(), NEIGHBOURS);
        for (at, (sum, mass)) in self.sums.into_iter().zip(self.masses).enumerate() {
            out[2 * at] = weight * sum / (weight * mass + PRIOR);
            out[2 * at + 1] = (weight * mass + FAINT).ln();
        }
        out[6] = weight * self.above;
        out[7] = weight * self.below;
    }
}
