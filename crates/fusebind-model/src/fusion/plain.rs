//! Layers as plain values, for passes without gradients ([`super::fused`]).
//!
//! Comes in: layers of a model. Goes out: their weights as slices, and the products that a pass makes of them.

use burn::{module::Param, nn::Linear, tensor::Tensor};

use crate::{
    head::Heads,
    layer::{
        matmul::{Matrix, Onto, product_by_row_here},
        norm::{LayerNorm, normalise},
    },
};

pub(super) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().expect("parameters are f32")
}

/// A dense layer as plain values.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    /// `[inputs, outputs]`.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

impl Dense {
    /// Those of `linear`.
    pub fn of(linear: &Linear) -> Self {
        let outputs = linear.weight.val().dims()[1];
        let bias = linear.bias.as_ref().map(Param::val);
        Self {
            weight: host(linear.weight.val()),
            bias: bias.map_or_else(|| vec![0.0; outputs], host),
        }
    }

    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    pub fn inputs(&self) -> usize {
        self.weight.len() / self.outputs()
    }

    /// `out <- out + x W`, without the bias.
    pub fn add(&self, x: &[f32], out: &mut [f32]) {
        product_by_row_here(
            Matrix::new(x, self.inputs()),
            Matrix::new(&self.weight, self.outputs()),
            out,
            Onto::Present,
        );
    }

    /// `out <- x W + b`.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        out.chunks_mut(self.outputs())
            .for_each(|row| row.copy_from_slice(&self.bias));
        self.add(x, out);
    }
}

/// A normalisation as plain values.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    pub gain: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Norm {
    /// Those of `norm`.
    pub fn of(norm: &LayerNorm) -> Self {
        let [gain, shift] = norm.parameters().map(host);
        Self { gain, shift }
    }

    #[inline(always)]
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        normalise(x, &self.gain, &self.shift, out);
    }
}

/// A residual layer as plain values.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub norm: Norm,
    pub first: Dense,
    pub second: Dense,
}

/// The interaction as plain values.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    /// Of drugs, then of targets: projections to channels and, with a bilinear path, to its rank.
    pub projections: [(Dense, Option<Dense>); 2],
    pub bilinear: Option<Dense>,
    pub blocks: Vec<Block>,
    pub norm: Norm,
}

/// The neighbour head as plain values.
#[derive(Clone, Debug)]
pub(super) struct NeighbourHead {
    pub pair: Dense,
    pub hidden: Dense,
    pub heads: Dense,
    /// Last values of a row of neighbour features that are hidden from the layers.
    pub hidden_flags: usize,
}

/// Affinity columns and, behind them, the binding logit.
pub(super) fn heads(heads: &Heads) -> Dense {
    let all: Vec<Dense> = heads.layers().map(Dense::of).collect();
    let inputs = all[0].inputs();
    let row = |input: usize| {
        let of = move |d: &Dense| d.weight[input * d.outputs()..(input + 1) * d.outputs()].to_vec();
        all.iter().flat_map(of).collect::<Vec<f32>>()
    };
    Dense {
        weight: (0..inputs).flat_map(row).collect(),
        bias: all.iter().flat_map(|d| d.bias.clone()).collect(),
    }
}
