//! Layer normalisation in one pass over each row, with its own backward, and with rectifier and dropout behind it where asked for.
//!
//! `y = act((x - mean(x)) / sqrt(var(x) + eps) * gain + shift)` (Ba et al. 2016, arXiv:1607.06450) with `act` the identity or
//! `drop(max(0, .))`. The backward pass computes the row anew: that costs less than to keep it. Axis legend: `R` rows, `D` channels.

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor, activation},
};
use fusebind_features::vectorised;
use rayon::prelude::*;

use super::{
    composed::{self, EPSILON},
    dropout::{Drop, Dropout},
    gather::add_assign,
    kernel::{self, ArrayView, HostKernel, on_host},
};

/// Rows per task: fixed, so that sums over tasks do not depend on the number of threads.
const BLOCK: usize = 128;
/// Partial sums of a row: floating-point sums in one variable cannot use vector registers.
const LANES: usize = 16;

/// Layer normalisation over the last axis.
#[derive(Module, Debug)]
pub struct LayerNorm {
    gain: Param<Tensor<1>>,
    shift: Param<Tensor<1>>,
}

impl LayerNorm {
    /// Channels that are normalised.
    pub fn channels(&self) -> usize {
        self.gain.val().dims()[0]
    }

    /// Unit gain and no shift over `channels`.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            gain: Initializer::Ones.init([channels], device),
            shift: Initializer::Zeros.init([channels], device),
        }
    }

    /// Gain and shift.
    pub(crate) fn parameters(&self) -> [Tensor<1>; 2] {
        [self.gain.val(), self.shift.val()]
    }

    fn run(&self, x: Tensor<2>, then: Then) -> Tensor<2> {
        kernel::ternary(x, self.gain.val(), self.shift.val(), Normalise(then))
    }

    /// `[R, D]` to `[R, D]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match on_host(&x.device()) {
            true => self.run(x, Then::Nothing),
            false => composed::layer_norm(x, self.parameters()),
        }
    }

    /// `max(0, norm(x))`, dropped as `dropout` says: `[R, D]` to `[R, D]`.
    pub fn relu(&self, x: Tensor<2>, dropout: Option<&Dropout>) -> Tensor<2> {
        let device = x.device();
        match on_host(&device) {
            true => self.run(x, Then::Relu(dropout.and_then(|dropout| dropout.draw(&device)))),
            false => {
                let normal = composed::layer_norm(x, self.parameters());
                match dropout {
                    Some(dropout) => dropout.relu(normal),
                    None => activation::relu(normal),
                }
            }
        }
    }
}

/// What follows normalisation.
#[derive(Debug)]
enum Then {
    Nothing,
    Relu(Option<Drop>),
}

#[derive(Debug)]
struct Normalise(Then);

/// Sum of `of` over a row, over fixed lanes.
#[inline(always)]
fn lane_sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for values in whole {
        for (sum, value) in lanes.iter_mut().zip(values) {
            *sum += of(*value);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}

/// Mean and reciprocal deviation of a row.
#[inline(always)]
pub(super) fn moments(row: &[f32]) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = lane_sum(row, |x| x) / count;
    let variance = lane_sum(row, |x| (x - mean) * (x - mean)) / count;
    (mean, (variance + EPSILON).sqrt().recip())
}

#[inline(always)]
fn normalise_row(row: &[f32], gain: &[f32], shift: &[f32], out: &mut [f32]) {
    let (mean, scale) = moments(row);
    for (((out, x), gain), shift) in out.iter_mut().zip(row).zip(gain).zip(shift) {
        *out = (x - mean) * scale * gain + shift;
    }
}

/// Normalises rows.
#[inline(always)]
pub(crate) fn normalise(x: &[f32], gain: &[f32], shift: &[f32], out: &mut [f32]) {
    let channels = gain.len();
    for (out, row) in out.chunks_mut(channels).zip(x.chunks(channels)) {
        normalise_row(row, gain, shift, out);
    }
}

/// Turns the gradient of a normalised row, in `grad`, into that of the row, and adds to the gradients of gain and shift.
#[inline(always)]
pub(super) fn normalise_backward(
    row: &[f32],
    (mean, scale): (f32, f32),
    gain: &[f32],
    grad: &mut [f32],
    (gains, shifts): (&mut [f32], &mut [f32]),
) {
    let count = row.len();
    let (row, gain, grad) = (&row[..count], &gain[..count], &mut grad[..count]);
    // Both sums over the row, and what the row adds to the gradients of gain and shift, in one pass over whole lanes.
    let (mut sums, mut dots) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (grad_lanes, grad_rest) = grad.as_chunks::<LANES>();
    let (row_lanes, row_rest) = row.as_chunks::<LANES>();
    let (gain_lanes, gain_rest) = gain.as_chunks::<LANES>();
    let (gains_lanes, gains_rest) = gains[..count].as_chunks_mut::<LANES>();
    let (shifts_lanes, shifts_rest) = shifts[..count].as_chunks_mut::<LANES>();
    let inputs = grad_lanes.iter().zip(row_lanes).zip(gain_lanes);
    for (((g, x), gain), (gains, shifts)) in inputs.zip(gains_lanes.iter_mut().zip(shifts_lanes)) {
        for lane in 0..LANES {
            let centred = x[lane] - mean;
            gains[lane] += g[lane] * centred * scale;
            shifts[lane] += g[lane];
            sums[lane] += g[lane] * gain[lane];
            dots[lane] += g[lane] * gain[lane] * centred;
        }
    }
    for (((g, x), gains), shifts) in grad_rest.iter().zip(row_rest).zip(gains_rest).zip(shifts_rest) {
        *gains += g * (x - mean) * scale;
        *shifts += g;
    }
    let rest = || grad_rest.iter().zip(gain_rest).zip(row_rest);
    let sum = sums.iter().sum::<f32>() + rest().map(|((g, gain), _)| g * gain).sum::<f32>();
    let dot = dots.iter().sum::<f32>() + rest().map(|((g, gain), x)| g * gain * (x - mean)).sum::<f32>();
    let (sum, dot) = (sum / count as f32, dot * scale / count as f32);
    for ((g, x), gain) in grad.iter_mut().zip(row).zip(gain) {
        *g = scale * (*g * gain - sum - (x - mean) * scale * dot);
    }
}

impl HostKernel for Normalise {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        inputs[0].shape.to_vec()
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        let (gain, shift) = (inputs[1].values, inputs[2].values);
        output
            .par_chunks_mut(channels * BLOCK)
            .zip(inputs[0].values.par_chunks(channels * BLOCK))
            .enumerate()
            .for_each(|(block, (output, x))| {
                vectorised!(|| {
                    normalise(x, gain, shift, output);
                    match &self.0 {
                        Then::Nothing => {}
                        Then::Relu(Some(drop)) => drop.relu_in_place(block * BLOCK * channels, output),
                        Then::Relu(None) => output.iter_mut().for_each(|v| *v = v.max(0.0)),
                    }
                })
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let (gain, shift) = (inputs[1].values, inputs[2].values);
        let [row_grads, gain_grads, shift_grads] = grads else {
            unreachable!("three inputs have three gradients")
        };
        let partial: Vec<(Vec<f32>, Vec<f32>)> = row_grads
            .par_chunks_mut(channels * BLOCK)
            .zip(inputs[0].values.par_chunks(channels * BLOCK))
            .zip(grad.par_chunks(channels * BLOCK))
            .enumerate()
            .map(|(block, ((outs, rows), grads))| {
                let (mut gains, mut shifts) = (vec![0.0f32; channels], vec![0.0f32; channels]);
                vectorised!(|| {
                    if let Then::Relu(drop) = &self.0 {
                        // Where the output is 0, closed or dropped, nothing passes.
                        normalise(rows, gain, shift, outs);
                        let scale = match drop {
                            Some(drop) => {
                                drop.relu_in_place(block * BLOCK * channels, outs);
                                drop.scale()
                            }
                            None => 1.0,
                        };
                        // The product is formed in any case: a choice is one instruction for many values, a branch guesses.
                        for (out, g) in outs.iter_mut().zip(grads) {
                            let passed = g * scale;
                            *out = if *out > 0.0 { passed } else { 0.0 };
                        }
                    } else {
                        outs.copy_from_slice(grads);
                    }
                    for (out, row) in outs.chunks_mut(channels).zip(rows.chunks(channels)) {
                        normalise_backward(row, moments(row), gain, out, (&mut gains, &mut shifts));
                    }
                });
                (gains, shifts)
            })
            .collect();
        for (gains, shifts) in partial {
            add_assign(gain_grads, &gains);
            add_assign(shift_grads, &shifts);
        }
    }
}
