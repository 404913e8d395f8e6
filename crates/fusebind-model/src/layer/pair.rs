//! From entities to pairs without a matrix product per pair: `linear(gather(x)) = gather(linear(x))`.
//!
//! `sum[p] = drug[i_p] + target[j_p]` and `product[p] = drug[i_p] * target[j_p]`, elementwise, `[P, D]`.
//! Axis legend: `B` entities, `P` pairs, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::{
    gather::RowIndex,
    kernel::{self, HostKernel, View},
};

/// Index pairs of a batch, grouped by drug and by target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// Drug of each pair.
    pub drug: RowIndex,
    /// Target of each pair.
    pub target: RowIndex,
}

#[derive(Clone, Copy, Debug)]
enum Combine {
    Sum,
    Product,
}

#[derive(Debug)]
struct Combined(Arc<Pairs>, Combine);

fn row(values: &[f32], index: u32, channels: usize) -> &[f32] {
    &values[index as usize * channels..(index as usize + 1) * channels]
}

impl HostKernel for Combined {
    fn output_shape(&self, inputs: &[View<'_>]) -> Vec<usize> {
        vec![self.0.drug.len(), inputs[0].channels()]
    }

    fn forward(&self, inputs: &[View<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        output
            .par_chunks_mut(channels)
            .with_min_len(128)
            .enumerate()
            .for_each(|(pair, out)| {
                let drug = row(inputs[0].values, self.0.drug.index[pair], channels);
                let target = row(inputs[1].values, self.0.target.index[pair], channels);
                match self.1 {
                    Combine::Sum => out.iter_mut().zip(drug).zip(target).for_each(|((o, d), t)| *o = d + t),
                    Combine::Product => out.iter_mut().zip(drug).zip(target).for_each(|((o, d), t)| *o = d * t),
                }
            });
    }

    fn backward(&self, inputs: &[View<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let sides = [
            (&self.0.drug, &self.0.target, inputs[1].values),
            (&self.0.target, &self.0.drug, inputs[0].values),
        ];
        for ((own, other, other_values), out) in sides.into_iter().zip(grads.iter_mut()) {
            out.par_chunks_mut(channels)
                .with_min_len(4)
                .enumerate()
                .for_each(|(entity, out)| {
                    for &pair in own.readers(entity) {
                        let g = row(grad, pair, channels);
                        match self.1 {
                            Combine::Sum => super::gather::add_assign(out, g),
                            Combine::Product => {
                                let factor = row(other_values, other.index[pair as usize], channels);
                                out.iter_mut().zip(g).zip(factor).for_each(|((o, g), f)| *o += g * f);
                            }
                        }
                    }
                });
        }
    }
}

/// `drug[i_p] + target[j_p]`: `[Bd, D]` and `[Bt, D]` to `[P, D]`.
pub fn pair_sum(drug: Tensor<2>, target: Tensor<2>, pairs: &Arc<Pairs>) -> Tensor<2> {
    kernel::binary(drug, target, Combined(pairs.clone(), Combine::Sum))
}

/// `drug[i_p] * target[j_p]`, elementwise: `[Bd, D]` and `[Bt, D]` to `[P, D]`.
pub fn pair_product(drug: Tensor<2>, target: Tensor<2>, pairs: &Arc<Pairs>) -> Tensor<2> {
    kernel::binary(drug, target, Combined(pairs.clone(), Combine::Product))
}
