//! From entities to pairs without a matrix product per pair: `linear(gather(x)) = gather(linear(x))`.
//!
//! `sum[p] = drug[i_p] + target[j_p]` and `product[p] = drug[i_p] * target[j_p]`, elementwise, `[P, D]`, and `dot[p]`, the sum of the
//! products, `[P, 1]`.
//! Axis legend: `B` entities, `P` pairs, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use fusebind_features::batch::RowIndex;
use rayon::prelude::*;

use super::{
    composed,
    kernel::{self, ArrayView, HostKernel, on_host},
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
    Dot,
}

#[derive(Debug)]
struct Combined(Arc<Pairs>, Combine);

fn row(values: &[f32], index: u32, channels: usize) -> &[f32] {
    &values[index as usize * channels..(index as usize + 1) * channels]
}

impl HostKernel for Combined {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        let channels = match self.1 {
            Combine::Dot => 1,
            Combine::Sum | Combine::Product => inputs[0].channels(),
        };
        vec![self.0.drug.len(), channels]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        let width = if matches!(self.1, Combine::Dot) { 1 } else { channels };
        output
            .par_chunks_mut(width)
            .with_min_len(128)
            .enumerate()
            .for_each(|(pair, out)| {
                let drug = row(inputs[0].values, self.0.drug.index[pair], channels);
                let target = row(inputs[1].values, self.0.target.index[pair], channels);
                match self.1 {
                    Combine::Sum => out.iter_mut().zip(drug).zip(target).for_each(|((o, d), t)| *o = d + t),
                    Combine::Product => out.iter_mut().zip(drug).zip(target).for_each(|((o, d), t)| *o = d * t),
                    Combine::Dot => out[0] = drug.iter().zip(target).map(|(d, t)| d * t).sum(),
                }
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
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
                        let partner = row(other_values, other.index[pair as usize], channels);
                        match self.1 {
                            Combine::Sum => super::gather::add_assign(out, row(grad, pair, channels)),
                            Combine::Product => {
                                let g = row(grad, pair, channels);
                                out.iter_mut().zip(g).zip(partner).for_each(|((o, g), f)| *o += g * f);
                            }
                            Combine::Dot => {
                                let g = grad[pair as usize];
                                out.iter_mut().zip(partner).for_each(|(o, f)| *o += g * f);
                            }
                        }
                    }
                });
        }
    }
}

fn combine(drug: Tensor<2>, target: Tensor<2>, pairs: &Arc<Pairs>, how: Combine) -> Tensor<2> {
    if on_host(&drug.device()) {
        return kernel::binary(drug, target, Combined(pairs.clone(), how));
    }
    let drug = composed::gather_rows(drug, &pairs.drug.index);
    let target = composed::gather_rows(target, &pairs.target.index);
    match how {
        Combine::Sum => drug + target,
        Combine::Product => drug * target,
        Combine::Dot => (drug * target).sum_dim(1),
    }
}

/// `drug[i_p] + target[j_p]`: `[Bd, D]` and `[Bt, D]` to `[P, D]`.
pub fn pair_sum(drug: Tensor<2>, target: Tensor<2>, pairs: &Arc<Pairs>) -> Tensor<2> {
    combine(drug, target, pairs, Combine::Sum)
}

/// `drug[i_p] * target[j_p]`, elementwise: `[Bd, D]` and `[Bt, D]` to `[P, D]`.
pub fn pair_product(drug: Tensor<2>, target: Tensor<2>, pairs: &Arc<Pairs>) -> Tensor<2> {
    combine(drug, target, pairs, Combine::Product)
}

/// `drug[i_p] . target[j_p]`: `[Bd, D]` and `[Bt, D]` to `[P, 1]`.
pub fn pair_dot(drug: Tensor<2>, target: Tensor<2>, pairs: &Arc<Pairs>) -> Tensor<2> {
    combine(drug, target, pairs, Combine::Dot)
}
