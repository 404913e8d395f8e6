//! Attention pooling over ragged segments, channel by channel.
//!
//! `out[b] = sum exp(s) x / sum exp(s)` over the rows of segment `b`, with scores bounded so that exponentials stay finite
//! without a running maximum. An empty segment gives zero. Axis legend: `B` segments, `N` rows, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::segment::segment_sum;

/// Bound of attention scores.
pub const SCORE_BOUND: f64 = 8.0;
/// Keeps the sum of an empty segment's weights above zero; below every possible weight.
const NOTHING: f64 = 1e-6;

/// Pools rows `x` by scores, both `[N, D]`, into `[B, D]`.
pub fn attention_pool(x: Tensor<2>, scores: Tensor<2>, offsets: &Arc<Vec<u32>>) -> Tensor<2> {
    let weights = scores.clamp(-SCORE_BOUND, SCORE_BOUND).exp(); // [N, D]
    segment_sum(weights.clone() * x, offsets) / (segment_sum(weights, offsets) + NOTHING) // [B, D]
}
