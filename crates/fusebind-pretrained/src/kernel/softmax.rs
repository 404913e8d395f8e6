//! Weights of attention. Comes in: scores, one row per query. Goes out: `exp(score - max) / sum` in place.

use fusebind_features::vectorised;

use super::{LANES, activation::exp};

/// Softmax of each row of `width` scores.
pub(crate) fn softmax(scores: &mut [f32], width: usize) {
    vectorised!(|| {
        for row in scores.chunks_exact_mut(width) {
            let mut most = [f32::NEG_INFINITY; LANES];
            let mut sums = [0.0f32; LANES];
            for chunk in row.chunks(LANES) {
                for (most, x) in most.iter_mut().zip(chunk) {
                    *most = if *x > *most { *x } else { *most };
                }
            }
            let most = most.into_iter().fold(f32::NEG_INFINITY, f32::max);
            for chunk in row.chunks_mut(LANES) {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    *x = exp(*x - most);
                    *sum += *x;
                }
            }
            let scale = 1.0 / sums.iter().sum::<f32>();
            row.iter_mut().for_each(|x| *x *= scale);
        }
    });
}
