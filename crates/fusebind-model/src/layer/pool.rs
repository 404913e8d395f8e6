//! Attention pooling of ragged rows, channel by channel.
//!
//! `out[b] = sum over rows of exp(s) x / (sum over rows of exp(s) + nothing)`, scores bounded so that no segment can overflow and an
//! empty one gives zero. Fused: nothing of size `[N, D]` is written on the way. Axis legend: `N` rows, `B` segments, `D` channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use fusebind_features::vectorised;
use rayon::prelude::*;

use super::{
    composed::{self, NOTHING, SCORE_BOUND},
    kernel::{self, ArrayView, HostKernel, on_host},
    segment::pieces,
};

#[derive(Debug)]
struct AttentionPool(Arc<Vec<u32>>);

#[inline(always)]
fn weight(score: f32) -> f32 {
    exp(score.clamp(-SCORE_BOUND as f32, SCORE_BOUND as f32))
}

/// `e^x` for `|x| <= 80`, to a few units in the last place: `2^n 2^f` with `|f| <= 1/2` and a polynomial for `2^f`. Unlike the
/// library's it is a handful of plain operations, which the compiler turns into vector instructions.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let scaled = x * std::f32::consts::LOG2_E;
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    let shift = 12_582_912.0f32;
    let whole = (scaled + shift) - shift;
    let f = (scaled - whole) * std::f32::consts::LN_2;
    let mut power = 1.0 / 720.0f32;
    for factor in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        power = power * f + factor;
    }
    power * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

impl AttentionPool {
    fn rows(&self, segment: usize) -> std::ops::Range<usize> {
        self.0[segment] as usize..self.0[segment + 1] as usize
    }

    /// Sums of weights, `[D]`, and of weighted rows, `[D]`, of a segment.
    #[inline(always)]
    fn sums(&self, segment: usize, [x, scores]: [&[f32]; 2], total: &mut [f32], sum: &mut [f32]) {
        let channels = sum.len();
        total.fill(NOTHING as f32);
        for row in self.rows(segment) {
            let (x, scores) = (&x[row * channels..], &scores[row * channels..]);
            for (((total, sum), x), score) in total.iter_mut().zip(sum.iter_mut()).zip(x).zip(scores) {
                let weight = weight(*score);
                *total += weight;
                *sum += weight * x;
            }
        }
    }
}

impl HostKernel for AttentionPool {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![self.0.len() - 1, inputs[0].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        output
            .par_chunks_mut(channels)
            .with_min_len(4)
            .enumerate()
            .for_each_init(
                || vec![0.0f32; channels],
                |total, (segment, out)| {
                    vectorised!(|| {
                        self.sums(segment, [inputs[0].values, inputs[1].values], total, out);
                        out.iter_mut().zip(total.iter()).for_each(|(o, t)| *o /= t);
                    });
                },
            );
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let (x, scores) = (inputs[0].values, inputs[1].values);
        let [x_grad, score_grad] = grads else {
            unreachable!("two inputs have two gradients")
        };
        let bound = SCORE_BOUND as f32;
        pieces(&self.0, channels, x_grad)
            .into_par_iter()
            .zip(pieces(&self.0, channels, score_grad))
            .with_min_len(4)
            .enumerate()
            .for_each(|(segment, (x_grad, score_grad))| {
                let (mut total, mut mean) = (vec![0.0f32; channels], vec![0.0f32; channels]);
                vectorised!(|| {
                    self.sums(segment, [x, scores], &mut total, &mut mean);
                    mean.iter_mut().zip(&total).for_each(|(m, t)| *m /= t);
                    let (grad, mean) = (&grad[segment * channels..][..channels], &mean[..channels]);
                    let share = &mut total[..channels];
                    share.iter_mut().zip(grad).for_each(|(total, g)| *total = g / *total);
                    let first = self.rows(segment).start * channels;
                    for (row, (x_grad, score_grad)) in x_grad
                        .chunks_mut(channels)
                        .zip(score_grad.chunks_mut(channels))
                        .enumerate()
                    {
                        let start = first + row * channels;
                        let (x, scores) = (&x[start..start + channels], &scores[start..start + channels]);
                        let (x_grad, score_grad) = (&mut x_grad[..channels], &mut score_grad[..channels]);
                        for c in 0..channels {
                            let passed = share[c] * weight(scores[c]);
                            x_grad[c] = passed;
                            let open = scores[c].abs() <= bound;
                            score_grad[c] = if open { passed * (x[c] - mean[c]) } else { 0.0 };
                        }
                    }
                });
            });
    }
}

/// Pools rows `x` by scores, both `[N, D]`, into `[B, D]`.
pub fn attention_pool(x: Tensor<2>, scores: Tensor<2>, offsets: &Arc<Vec<u32>>) -> Tensor<2> {
    match on_host(&x.device()) {
        true => kernel::binary(x, scores, AttentionPool(offsets.clone())),
        false => composed::attention_pool(x, scores, offsets),
    }
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn the_exponential_is_one() {
        for step in -8000..=8000 {
            let x = step as f32 / 1000.0;
            let (own, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!(((own - exact) / exact).abs() < 1e-6, "{x}: {own} against {exact}");
        }
    }
}
