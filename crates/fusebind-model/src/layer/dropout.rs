//! Dropout without a mask in memory: which values are dropped follows from a seed and their position.
//!
//! `y = x / (1 - p)` with probability `1 - p`, else 0 (Srivastava et al. 2014, JMLR 15:1929). The backward pass draws the
//! same values again (SplitMix64, Steele et al. 2014, doi 10.1145/2660193.2660195) instead of keeping them, and both cores
//! draw, which the framework's generator does not. The seed comes from the device's generator, so seeding the device fixes
//! all.

use burn::{
    module::Module,
    tensor::{Distribution, Tensor},
};
use rayon::prelude::*;

use super::kernel::{self, HostKernel, View};

/// Values per task.
const BLOCK: usize = 8192;

/// Drops values in training; on a device without gradients it does nothing.
#[derive(Module, Debug)]
pub struct Dropout {
    probability: f64,
}

impl Dropout {
    /// Drops each value with the given probability, which must lie in [0, 1).
    pub fn new(probability: f64) -> Self {
        assert!((0.0..1.0).contains(&probability), "checked with the configuration");
        Self { probability }
    }

    /// `[.., D]` to the same shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let device = x.device();
        if self.probability == 0.0 || !device.is_autodiff() {
            return x;
        }
        let drawn = Tensor::<1>::random([2], Distribution::Default, &device.inner()).into_data();
        let drawn = drawn.as_slice::<f32>().expect("drawn as f32");
        let word = |at: usize| (drawn[at] * (1 << 24) as f32) as u64;
        kernel::unary(
            x,
            Drop {
                seed: word(0) << 24 | word(1),
                keep: (1.0 - self.probability) as f32,
            },
        )
    }
}

#[derive(Debug)]
struct Drop {
    seed: u64,
    keep: f32,
}

impl Drop {
    /// Writes `from`, dropped and scaled, to `to`.
    fn apply(&self, from: &[f32], to: &mut [f32]) {
        let threshold = (f64::from(self.keep) * f64::from(u32::MAX)) as u32;
        let scale = 1.0 / self.keep;
        to.par_chunks_mut(BLOCK)
            .zip(from.par_chunks(BLOCK))
            .enumerate()
            .for_each(|(block, (to, from))| {
                let first = self.seed ^ (block as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
                for (pair, (to, from)) in to.chunks_mut(2).zip(from.chunks(2)).enumerate() {
                    let drawn = mix(first.wrapping_add((pair as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
                    for (half, (to, from)) in to.iter_mut().zip(from).enumerate() {
                        let kept = (drawn >> (32 * half)) as u32 <= threshold;
                        *to = if kept { from * scale } else { 0.0 };
                    }
                }
            });
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl HostKernel for Drop {
    fn output_shape(&self, inputs: &[View<'_>]) -> Vec<usize> {
        inputs[0].shape.to_vec()
    }

    fn forward(&self, inputs: &[View<'_>], output: &mut [f32]) {
        self.apply(inputs[0].values, output);
    }

    fn backward(&self, _inputs: &[View<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        self.apply(grad, grads[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_the_mean_too_and_the_gradient_agrees() {
        let (drop, count) = (Drop { seed: 5, keep: 0.7 }, 100_001);
        let (ones, mut first, mut second) = (vec![1.0; count], vec![0.0; count], vec![9.0; count]);
        drop.apply(&ones, &mut first);
        drop.apply(&ones, &mut second);
        assert_eq!(first, second, "the same seed drops the same values");
        let kept = first.iter().filter(|v| **v > 0.0).count() as f64 / count as f64;
        let mean = first.iter().map(|v| f64::from(*v)).sum::<f64>() / count as f64;
        assert!((kept - 0.7).abs() < 0.01 && (mean - 1.0).abs() < 0.015, "{kept} {mean}");
        Drop { seed: 6, keep: 0.7 }.apply(&ones, &mut second);
        assert_ne!(first, second);
    }
}
