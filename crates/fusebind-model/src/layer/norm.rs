//! Layer normalisation in one pass over each row, with its own backward.
//!
//! `y = (x - mean(x)) / sqrt(var(x) + eps) * gain + shift` (Ba et al. 2016, arXiv:1607.06450). Axis legend: `R` rows, `D`
//! channels.

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor},
};
use rayon::prelude::*;

use super::{
    gather::add_assign,
    kernel::{self, HostKernel, View},
};

const EPSILON: f32 = 1e-5;
/// Rows per task: fixed, so that sums over tasks do not depend on the number of threads.
const BLOCK: usize = 256;

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

    /// `[R, D]` to `[R, D]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        kernel::ternary(x, self.gain.val(), self.shift.val(), Normalise)
    }
}

#[derive(Debug)]
struct Normalise;

fn moments(row: &[f32]) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = row.iter().sum::<f32>() / count;
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    (mean, (variance + EPSILON).sqrt().recip())
}

impl HostKernel for Normalise {
    fn output_shape(&self, inputs: &[View<'_>]) -> Vec<usize> {
        inputs[0].shape.to_vec()
    }

    fn forward(&self, inputs: &[View<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        let (gain, shift) = (inputs[1].values, inputs[2].values);
        output
            .par_chunks_mut(channels)
            .with_min_len(64)
            .zip(inputs[0].values.par_chunks(channels))
            .for_each(|(out, row)| {
                let (mean, scale) = moments(row);
                for c in 0..channels {
                    out[c] = (row[c] - mean) * scale * gain[c] + shift[c];
                }
            });
    }

    fn backward(&self, inputs: &[View<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let gain = inputs[1].values;
        let [row_grads, gain_grads, shift_grads] = grads else {
            unreachable!("three inputs have three gradients")
        };
        let partial: Vec<(Vec<f32>, Vec<f32>)> = row_grads
            .par_chunks_mut(channels * BLOCK)
            .zip(inputs[0].values.par_chunks(channels * BLOCK))
            .zip(grad.par_chunks(channels * BLOCK))
            .map(|((outs, rows), grads)| {
                let (mut gains, mut shifts) = (vec![0.0f32; channels], vec![0.0f32; channels]);
                for ((out, row), g) in outs
                    .chunks_mut(channels)
                    .zip(rows.chunks(channels))
                    .zip(grads.chunks(channels))
                {
                    let (mean, scale) = moments(row);
                    let (mut sum, mut dot) = (0.0f32, 0.0f32);
                    for c in 0..channels {
                        let normal = (row[c] - mean) * scale;
                        let weighted = g[c] * gain[c];
                        gains[c] += g[c] * normal;
                        shifts[c] += g[c];
                        sum += weighted;
                        dot += weighted * normal;
                    }
                    let count = channels as f32;
                    for c in 0..channels {
                        let normal = (row[c] - mean) * scale;
                        out[c] = scale * (g[c] * gain[c] - (sum + normal * dot) / count);
                    }
                }
                (gains, shifts)
            })
            .collect();
        for (gains, shifts) in partial {
            add_assign(gain_grads, &gains);
            add_assign(shift_grads, &shifts);
        }
    }
}
