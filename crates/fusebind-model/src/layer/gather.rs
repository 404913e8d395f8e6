//! Rows gathered by index, and the deterministic segment sum that is its gradient.
//!
//! `out[p] = x[index[p]]`; the gradient of row `r` is the sum over all `p` with `index[p] = r`, in increasing `p`.
//! Axis legend: `R` rows, `P` gathered rows, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::{
    composed,
    kernel::{self, HostKernel, View, on_host},
};

/// Positions `p` grouped by the row they read: the transpose of an index list, in compressed rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIndex {
    /// Row of each position, `[P]`.
    pub index: Vec<u32>,
    /// First entry of each row in `positions`, `[R + 1]`.
    pub offsets: Vec<u32>,
    /// Positions sorted by row, then by position, `[P]`.
    pub positions: Vec<u32>,
}

impl RowIndex {
    /// Groups `index` over `rows` rows. Every index must be below `rows`.
    pub fn new(index: Vec<u32>, rows: usize) -> Self {
        let mut offsets = vec![0u32; rows + 1];
        for &row in &index {
            offsets[row as usize + 1] += 1;
        }
        for row in 0..rows {
            offsets[row + 1] += offsets[row];
        }
        let mut next = offsets.clone();
        let mut positions = vec![0u32; index.len()];
        for (position, &row) in index.iter().enumerate() {
            positions[next[row as usize] as usize] = position as u32;
            next[row as usize] += 1;
        }
        Self {
            index,
            offsets,
            positions,
        }
    }

    /// Number of rows `R`.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of gathered rows `P`.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nothing is gathered.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Positions that read `row`.
    pub fn readers(&self, row: usize) -> &[u32] {
        &self.positions[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

#[derive(Debug)]
struct GatherRows(Arc<RowIndex>);

impl HostKernel for GatherRows {
    fn output_shape(&self, inputs: &[View<'_>]) -> Vec<usize> {
        vec![self.0.len(), inputs[0].channels()]
    }

    fn forward(&self, inputs: &[View<'_>], output: &mut [f32]) {
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

    fn backward(&self, inputs: &[View<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
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
