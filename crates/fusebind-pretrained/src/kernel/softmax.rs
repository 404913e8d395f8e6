//! Weights of attention. Comes in: scores, one row per query. Goes out: `exp(score - max) / sum` in place.

use fusebind_features::vectorised;

use super::{LANES, activation::exp};

/// Softmax of each row of `width` scores.
pub(crate) fn softmax(scores: &mut [f32], width: usize) {
    vectorised!(|| scores.chunks_exact_mut(width).for_each(softmax_row));
}

#[inline(always)]
fn softmax_row(row: &mut [f32]) {
    let mut most = [f32::NEG_INFINITY; LANES];
    let mut chunks = row.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (most, x) in most.iter_mut().zip(chunk) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    let most = most
        .iter()
        .chain(chunks.remainder())
        .fold(f32::NEG_INFINITY, |most, x| most.max(*x));
    let mut sums = [0.0f32; LANES];
    let mut chunks = row.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *x = exp(*x - most);
            *sum += *x;
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for x in chunks.into_remainder() {
        *x = exp(*x - most);
        sum += *x;
    }
    let scale = 1.0 / sum;
    row.iter_mut().for_each(|x| *x *= scale);
}
