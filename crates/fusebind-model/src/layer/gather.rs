//! Rows gathered by index, and the deterministic segment sum that is its gradient.
//!
//! `out[p] = x[index[p]]`; the gradient of row `r` is the sum over all `p` with `index[p] = r`, in increasing `p`.
//! Axis legend: `R` rows, `P` gathered rows, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use fusebind_features::batch::RowIndex;
use rayon::prelude::*;

use super::{
    composed,
    kernel::{self, ArrayView, HostKernel, on_host},
};

#[derive(Debug)]
struct GatherRows(Arc<RowIndex>);

impl HostKernel for GatherRows {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![self.0.len(), inputs[0].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        output
            .par_chunks_mut(channels)
            .with_min_len(256)
            .zip(&self.0.index)
            .for_each(|(out, &row)| {
                let start = row as usize * channels;
                out.copy_from_slice(&inputs[0].values[start..start + channels]);
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        grads[0]
            .par_chunks_mut(channels)
            .with_min_len(16)
            .enumerate()
            .for_each(|(row, out)| {
                for &position in self.0.readers(row) {
                    let start = position as usize * channels;
                    add_assign(out, &grad[start..start + channels]);
                }
            });
    }
}

/// Adds `x` to `out`, elementwise.
#[inline(always)]
pub(crate) fn add_assign(out: &mut [f32], x: &[f32]) {
    for (o, x) in out.iter_mut().zip(x) {
        *o += x;
    }
}

/// Gathers rows: `[R, D]` to `[P, D]`.
pub fn gather_rows(x: Tensor<2>, index: &Arc<RowIndex>) -> Tensor<2> {
    match on_host(&x.device()) {
        true => kernel::unary(x, GatherRows(index.clone())),
        false => composed::gather_rows(x, &index.index),
    }
}
