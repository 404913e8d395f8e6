//! Dense layer in one pass: product, bias and rectifier together, and no gradient for an input that is data.
//!
//! `y = act(x W + b)` with `act` the identity or `max(0, .)`. Axis legend: `R` rows, `I` channels in, `O` channels out.

use std::sync::OnceLock;

use burn::{nn::Linear, tensor::Tensor};
use rayon::prelude::*;

use super::{
    composed,
    gather::add_assign,
    kernel::{self, ArrayView, HostKernel, on_host},
    matmul::{Matrix, Onto, product, product_by_row},
};

/// Rows per task where rows are passed over.
const BLOCK: usize = 256;

#[derive(Debug, Default)]
struct Dense {
    relu: bool,
    /// Where the rectifier was open, `[R, O]`, left by the forward pass.
    open: OnceLock<Vec<bool>>,
}

impl HostKernel for Dense {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![inputs[0].shape[0], inputs[1].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let (channels, width) = (inputs[0].channels(), inputs[1].channels());
        if let Some(bias) = inputs.get(2) {
            output
                .par_chunks_mut(width)
                .with_min_len(BLOCK)
                .for_each(|row| row.copy_from_slice(bias.values));
        }
        let onto = if inputs.len() > 2 { Onto::Present } else { Onto::Nothing };
        product_by_row(
            Matrix::new(inputs[0].values, channels),
            Matrix::new(inputs[1].values, width),
            output,
            onto,
        );
        if self.relu {
            let mut open = vec![false; output.len()];
            output
                .par_chunks_mut(width * BLOCK)
                .zip(open.par_chunks_mut(width * BLOCK))
                .for_each(|(output, open)| {
                    for (value, open) in output.iter_mut().zip(open) {
                        *open = *value > 0.0;
                        *value = value.max(0.0);
                    }
                });
            // A second forward pass of the same call finds the same.
            let _ = self.open.set(open);
        }
    }

    fn needs_all(&self) -> bool {
        false
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let (channels, width) = (inputs[0].channels(), inputs[1].channels());
        let passed: Vec<f32>;
        let grad = match self.open.get() {
            Some(open) => {
                let kept = |(g, open): (&f32, &bool)| if *open { *g } else { 0.0 };
                passed = grad.par_iter().with_min_len(4096).zip(open).map(kept).collect();
                &passed
            }
            None => grad,
        };
        let outer = Matrix::new(grad, width);
        // Each product may be too small for all cores: the two go side by side.
        let (of_input, rest) = grads.split_at_mut(1);
        let (of_weight, of_bias) = rest.split_at_mut(1);
        rayon::join(
            || {
                if !of_input[0].is_empty() {
                    let weight = Matrix::new(inputs[1].values, width).transposed();
                    product(outer, weight, of_input[0], Onto::Nothing);
                }
            },
            || {
                if !of_weight[0].is_empty() {
                    let inner = Matrix::new(inputs[0].values, channels).transposed();
                    product(inner, outer, of_weight[0], Onto::Nothing);
                }
                if let Some(bias) = of_bias.first_mut() {
                    sum_rows(grad, width, bias);
                }
            },
        );
    }
}

/// Adds the sum of the rows of `x`, `[R, D]`, to `out`, by blocks of fixed size in fixed order.
pub(super) fn sum_rows(x: &[f32], channels: usize, out: &mut [f32]) {
    let blocks: Vec<Vec<f32>> = x
        .par_chunks(channels * BLOCK)
        .map(|rows| {
            let mut sum = vec![0.0f32; channels];
            rows.chunks(channels).for_each(|row| add_assign(&mut sum, row));
            sum
        })
        .collect();
    blocks.iter().for_each(|block| add_assign(out, block));
}

fn forward(x: Tensor<2>, linear: &Linear, relu: bool) -> Tensor<2> {
    if !on_host(&x.device()) {
        return composed::dense(x, linear, relu);
    }
    let kernel = Dense {
        relu,
        ..Dense::default()
    };
    match &linear.bias {
        Some(bias) => kernel::ternary(x, linear.weight.val(), bias.val(), kernel),
        None => kernel::binary(x, linear.weight.val(), kernel),
    }
}

/// `x W + b`: `[R, I]` to `[R, O]`.
pub fn dense(x: Tensor<2>, linear: &Linear) -> Tensor<2> {
    forward(x, linear, false)
}

/// `max(0, x W + b)`: `[R, I]` to `[R, O]`.
pub fn dense_relu(x: Tensor<2>, linear: &Linear) -> Tensor<2> {
    forward(x, linear, true)
}
