//! Weighted sums of table rows: `out[b] = sum over entries i of row b of weight[i] table[term[i]]`.
//!
//! A matrix product with a sparse matrix that never becomes dense. The gradient of a table row sums its entries in
//! increasing order, so it does not depend on threads. Axis legend: `B` rows, `V` terms, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use fusebind_features::{batch::Bag, vectorised};
use rayon::prelude::*;

use super::{
    composed,
    kernel::{self, ArrayView, HostKernel, on_host},
};

#[derive(Debug)]
struct WeightedBag(Arc<Bag>);

#[inline(always)]
fn add_scaled(out: &mut [f32], row: &[f32], weight: f32) {
    out.iter_mut().zip(row).for_each(|(o, x)| *o += weight * x);
}

impl HostKernel for WeightedBag {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![self.0.len(), inputs[0].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let (bag, channels) = (&self.0, inputs[0].channels());
        output
            .par_chunks_mut(channels)
            .with_min_len(8)
            .enumerate()
            .for_each(|(row, out)| {
                vectorised!(|| {
                    for entry in bag.offsets[row] as usize..bag.offsets[row + 1] as usize {
                        let start = bag.terms.index[entry] as usize * channels;
                        add_scaled(out, &inputs[0].values[start..start + channels], bag.weights[entry]);
                    }
                });
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let (bag, channels) = (&self.0, inputs[0].channels());
        grads[0]
            .par_chunks_mut(channels)
            .with_min_len(64)
            .enumerate()
            .for_each(|(term, out)| {
                let entries = bag.terms.offsets[term] as usize..bag.terms.offsets[term + 1] as usize;
                vectorised!(|| {
                    for entry in &bag.terms.positions[entries] {
                        let start = bag.rows[*entry as usize] as usize * channels;
                        add_scaled(out, &grad[start..start + channels], bag.weights[*entry as usize]);
                    }
                });
            });
    }
}

/// Sums the rows of `table`, `[V, D]`, that a bag names: `[B, D]`. An empty row sums to zero.
pub fn weighted_bag(table: Tensor<2>, bag: &Arc<Bag>) -> Tensor<2> {
    match on_host(&table.device()) {
        true => kernel::unary(table, WeightedBag(bag.clone())),
        false => composed::bag(table, (&bag.terms.index, &bag.weights, &bag.rows), bag.len()),
    }
}
