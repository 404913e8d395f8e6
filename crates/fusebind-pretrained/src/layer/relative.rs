//! Relative positions of T5 (Raffel et al., 2020): a learned number per head and bucket of distances.
//!
//! Comes in: a distance. Goes out: what is added to the score of a query and a key. Half of the buckets are for keys behind the query;
//! of each half the first half holds one distance each, the rest grows by powers up to the largest distance.

/// Bias of every head and bucket.
#[derive(Clone, Debug)]
pub(crate) struct RelativeBias {
    /// `[buckets, H]`, as it is stored.
    pub table: Vec<f32>,
    pub buckets: usize,
    pub heads: usize,
    pub largest: usize,
}

impl RelativeBias {
    fn bucket(&self, distance: isize) -> usize {
        let half = self.buckets / 2;
        let (behind, distance) = (if distance > 0 { half } else { 0 }, distance.unsigned_abs());
        let exact = half / 2;
        if distance < exact {
            return behind + distance;
        }
        let growth = (distance as f32 / exact as f32).ln() / (self.largest as f32 / exact as f32).ln();
        behind + (exact + (growth * (half - exact) as f32) as usize).min(half - 1)
    }

    /// For one head the bias of all distances `key - query` from `-(length - 1)` to `length - 1`.
    pub fn fill(&self, head: usize, length: usize, out: &mut Vec<f32>) {
        out.clear();
        let last = length as isize - 1;
        out.extend((-last..=last).map(|distance| self.table[self.bucket(distance) * self.heads + head]));
    }
}
