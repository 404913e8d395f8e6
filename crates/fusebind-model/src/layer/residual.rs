//! A residual block of two dense layers, fused: what lies between its input and its output stays in cache.
//!
//! `y = x + drop(max(0, norm(x) W1 + b1)) W2 + b2`. The forward pass keeps the hidden states alone; the backward pass normalises
//! again, which costs less than reading it back, and takes dropout and rectifier from the hidden states: where they are 0, nothing
//! passes. Axis legend: `R` rows, `D` channels, `H` hidden channels.

use std::sync::OnceLock;

use burn::{nn::Linear, tensor::Tensor};
use fusebind_features::vectorised;
use rayon::prelude::*;

use super::{
    composed,
    dense::sum_rows,
    dropout::{Drop, Dropout},
    gather::add_assign,
    kernel::{self, ArrayView, HostKernel, on_host},
    matmul::{Matrix, Onto, product, product_here},
    norm::{LayerNorm, moments, normalise, normalise_backward},
};

/// Rows per task: fixed, so that sums over tasks do not depend on the number of threads, and few enough to stay in cache.
const BLOCK: usize = 256;

#[derive(Debug)]
struct Residual {
    drop: Option<Drop>,
    /// Hidden states after rectifier and dropout, `[R, H]`, left by the forward pass.
    hidden: OnceLock<Vec<f32>>,
}

/// Gradients of a task that are summed over tasks.
struct Sums {
    gain: Vec<f32>,
    shift: Vec<f32>,
}

impl HostKernel for Residual {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        inputs[0].shape.to_vec()
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let [x, gain, shift, first, first_bias, second, second_bias] = inputs else {
            unreachable!("a residual block has seven inputs")
        };
        let (channels, width) = (x.channels(), first.channels());
        let mut hidden = vec![0.0f32; x.shape[0] * width];
        output
            .par_chunks_mut(channels * BLOCK)
            .zip(x.values.par_chunks(channels * BLOCK))
            .zip(hidden.par_chunks_mut(width * BLOCK))
            .enumerate()
            .for_each_init(Vec::new, |normal, (block, ((output, x), hidden))| {
                normal.resize(x.len(), 0.0);
                vectorised!(|| normalise(x, gain.values, shift.values, normal));
                hidden
                    .chunks_mut(width)
                    .for_each(|row| row.copy_from_slice(first_bias.values));
                let (normal, first) = (Matrix::new(normal, channels), Matrix::new(first.values, width));
                product_here(normal, first, hidden, Onto::Present);
                vectorised!(|| {
                    match &self.drop {
                        Some(drop) => drop.relu_in_place(block * BLOCK * width, hidden),
                        None => hidden.iter_mut().for_each(|v| *v = v.max(0.0)),
                    }
                    for (out, x) in output.chunks_mut(channels).zip(x.chunks(channels)) {
                        out.iter_mut()
                            .zip(x)
                            .zip(second_bias.values)
                            .for_each(|((o, x), b)| *o = x + b);
                    }
                });
                let second = Matrix::new(second.values, channels);
                product_here(Matrix::new(hidden, width), second, output, Onto::Present);
            });
        // A second forward pass of the same call finds the same.
        let _ = self.hidden.set(hidden);
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let [x, gain, shift, first, _, second, _] = inputs else {
            unreachable!("a residual block has seven inputs")
        };
        let [
            x_grad,
            gain_grad,
            shift_grad,
            first_grad,
            first_bias_grad,
            second_grad,
            second_bias_grad,
        ] = grads
        else {
            unreachable!("a residual block has seven gradients")
        };
        let (channels, width) = (x.channels(), first.channels());
        let hidden = self.hidden.get().expect("the forward pass precedes the backward pass");
        let mut hidden_grad = vec![0.0f32; hidden.len()];
        let mut normal = vec![0.0f32; x.values.len()];
        let weights = Weights {
            gain: gain.values,
            shift: shift.values,
            first: Matrix::new(first.values, width).transposed(),
            second: Matrix::new(second.values, channels).transposed(),
            scale: self.drop.as_ref().map_or(1.0, Drop::scale),
        };
        let sums: Vec<Sums> = x_grad
            .par_chunks_mut(channels * BLOCK)
            .zip(x.values.par_chunks(channels * BLOCK))
            .zip(grad.par_chunks(channels * BLOCK))
            .zip(normal.par_chunks_mut(channels * BLOCK))
            .zip(hidden.par_chunks(width * BLOCK))
            .zip(hidden_grad.par_chunks_mut(width * BLOCK))
            .map(|(((((x_grad, x), grad), normal), hidden), hidden_grad)| {
                weights.backward(Block { x, grad, hidden }, x_grad, normal, hidden_grad)
            })
            .collect();
        for sums in sums {
            add_assign(gain_grad, &sums.gain);
            add_assign(shift_grad, &sums.shift);
        }
        let (outer, inner) = (Matrix::new(grad, channels), Matrix::new(&hidden_grad, width));
        // Each product may be too small for all cores: the two go side by side.
        rayon::join(
            || {
                let hidden = Matrix::new(hidden, width).transposed();
                product(hidden, outer, second_grad, Onto::Nothing);
                sum_rows(grad, channels, second_bias_grad);
            },
            || {
                let normal = Matrix::new(&normal, channels).transposed();
                product(normal, inner, first_grad, Onto::Nothing);
                sum_rows(&hidden_grad, width, first_bias_grad);
            },
        );
    }
}

/// What a task of the backward pass reads of the layers.
struct Weights<'a> {
    gain: &'a [f32],
    shift: &'a [f32],
    /// Transposed.
    first: Matrix<'a>,
    /// Transposed.
    second: Matrix<'a>,
    /// Factor of what dropout keeps.
    scale: f32,
}

/// Rows of a task.
#[derive(Clone, Copy)]
struct Block<'a> {
    x: &'a [f32],
    grad: &'a [f32],
    hidden: &'a [f32],
}

impl Weights<'_> {
    /// Gradients of the rows of a task, with their normalised values, which the gradients of the weights need.
    fn backward(&self, rows: Block<'_>, x_grad: &mut [f32], normal: &mut [f32], hidden_grad: &mut [f32]) -> Sums {
        let (channels, width) = (self.gain.len(), hidden_grad.len() / (rows.x.len() / self.gain.len()));
        product_here(
            Matrix::new(rows.grad, channels),
            self.second,
            hidden_grad,
            Onto::Nothing,
        );
        vectorised!(|| {
            for (g, h) in hidden_grad.iter_mut().zip(rows.hidden) {
                *g = if *h > 0.0 { *g * self.scale } else { 0.0 };
            }
            normalise(rows.x, self.gain, self.shift, normal);
        });
        product_here(Matrix::new(hidden_grad, width), self.first, x_grad, Onto::Nothing);
        let mut sums = Sums {
            gain: vec![0.0; channels],
            shift: vec![0.0; channels],
        };
        vectorised!(|| {
            let outs = x_grad.chunks_mut(channels);
            for ((out, x), g) in outs.zip(rows.x.chunks(channels)).zip(rows.grad.chunks(channels)) {
                normalise_backward(x, moments(x), self.gain, out, (&mut sums.gain, &mut sums.shift));
                add_assign(out, g);
            }
        });
        sums
    }
}

/// The block of the file's header: `[R, D]` to `[R, D]`. Both layers have a bias.
pub fn residual(x: Tensor<2>, norm: &LayerNorm, first: &Linear, dropout: &Dropout, second: &Linear) -> Tensor<2> {
    let device = x.device();
    let (Some(first_bias), Some(second_bias), true) = (&first.bias, &second.bias, on_host(&device)) else {
        let normal = norm.forward(x.clone());
        return composed::residual(x, normal, first, |hidden| dropout.relu(hidden), second);
    };
    let [gain, shift] = norm.parameters();
    let kernel = Residual {
        drop: dropout.draw(&device),
        hidden: OnceLock::new(),
    };
    kernel::septenary(
        (x, gain, shift),
        (first.weight.val(), first_bias.val()),
        (second.weight.val(), second_bias.val()),
        kernel,
    )
}
