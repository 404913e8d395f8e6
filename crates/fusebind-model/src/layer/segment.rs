//! Sums over ragged segments: `out[b] = sum of x[n] for offsets[b] <= n < offsets[b + 1]`.
//!
//! Axis legend: `B` segments, `N` rows, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::{
    composed,
    gather::add_assign,
    kernel::{self, ArrayView, HostKernel, on_host},
};

/// The rows of each segment.
pub(super) fn pieces<'a>(offsets: &[u32], channels: usize, rows: &'a mut [f32]) -> Vec<&'a mut [f32]> {
    let mut rest = rows;
    let piece = |pair: &[u32]| {
        let (piece, tail) = std::mem::take(&mut rest).split_at_mut((pair[1] - pair[0]) as usize * channels);
        rest = tail;
        piece
    };
    offsets.windows(2).map(piece).collect()
}

#[derive(Debug)]
struct SegmentSum(Arc<Vec<u32>>);

impl HostKernel for SegmentSum {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![self.0.len() - 1, inputs[0].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        output
            .par_chunks_mut(channels)
            .with_min_len(16)
            .enumerate()
            .for_each(|(segment, out)| {
                for row in self.0[segment] as usize..self.0[segment + 1] as usize {
                    add_assign(out, &inputs[0].values[row * channels..(row + 1) * channels]);
                }
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        pieces(&self.0, channels, grads[0])
            .into_par_iter()
            .with_min_len(16)
            .enumerate()
            .for_each(|(segment, piece)| {
                let source = &grad[segment * channels..(segment + 1) * channels];
                piece.chunks_mut(channels).for_each(|out| out.copy_from_slice(source));
            });
    }
}

/// Sums rows by segment: `[N, D]` to `[B, D]`. An empty segment sums to zero.
pub fn segment_sum(x: Tensor<2>, offsets: &Arc<Vec<u32>>) -> Tensor<2> {
    match on_host(&x.device()) {
        true => kernel::unary(x, SegmentSum(offsets.clone())),
        false => composed::segment_sum(x, offsets),
    }
}
