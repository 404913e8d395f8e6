//! Dropout without a mask in memory: which values are dropped follows from a seed and their position.
//!
//! `y = x / (1 - p)` with probability `1 - p`, else 0 (Srivastava et al. 2014, JMLR 15:1929). The backward pass draws the
//! same values again instead of keeping them, and all cores draw, which the framework's generator does not. Seeds are the children
//! of a [`Stream`] of the calling thread, one after the other, restarted by [`crate::device::seed`]: the framework has one generator
//! for the whole process, and whoever else draws from it would move ours.

use std::cell::Cell;

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData, activation::relu},
};
use fusebind_features::{random::Stream, vectorised};
use rayon::prelude::*;

use super::kernel::{self, ArrayView, HostKernel, on_host};

/// Values per task.
const BLOCK: usize = 8192;

/// Values drawn at a time.
const DRAWN: usize = 64;

thread_local! {
    /// The stream of this thread, and how many of its children are used.
    static STATE: Cell<(Stream, u64)> = const { Cell::new((Stream::new(0), 0)) };
}

/// Restarts the sequence that this thread's dropout takes its seeds from.
pub(crate) fn restart(seed: u64) {
    STATE.set((Stream::new(seed), 0));
}

/// The next seed of the sequence.
fn next_seed() -> u64 {
    let (stream, used) = STATE.get();
    STATE.set((stream, used + 1));
    stream.child(used).seed()
}

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

    /// What is dropped next on `device`; `None` where nothing is.
    pub(super) fn draw(&self, device: &Device) -> Option<Drop> {
        (self.probability > 0.0 && device.is_autodiff()).then(|| Drop {
            seed: next_seed(),
            keep: (1.0 - self.probability) as f32,
        })
    }

    fn apply<const D: usize>(&self, x: Tensor<D>, rectified: bool) -> Tensor<D> {
        let device = x.device();
        match (self.draw(&device), rectified) {
            (Some(drop), _) if on_host(&device) => kernel::unary(x, Dropped { drop, relu: rectified }),
            (Some(drop), false) => {
                let mask = drop.mask(x.dims(), &device);
                x * mask
            }
            (Some(drop), true) => {
                let mask = drop.mask(x.dims(), &device);
                relu(x) * mask
            }
            (None, false) => x,
            (None, true) => relu(x),
        }
    }

    /// `[.., D]` to the same shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.apply(x, false)
    }

    /// `drop(max(0, x))`, `[.., D]` to the same shape.
    pub fn relu<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.apply(x, true)
    }
}

/// One draw of dropout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drop {
    seed: u64,
    keep: f32,
}

impl Drop {
    /// Factor of what is kept.
    pub fn scale(&self) -> f32 {
        1.0 / self.keep
    }

    /// Writes the factors of `factors.len()` values, 0 for what is dropped; `first` is the position of the first among all.
    #[inline(always)]
    fn draw(&self, first: usize, factors: &mut [f32]) {
        let threshold = (f64::from(self.keep) * f64::from(u32::MAX)) as u32;
        let scale = self.scale();
        let (low, high) = (self.seed as u32, (self.seed >> 32) as u32);
        for (at, factor) in (first as u32..).zip(factors) {
            let drawn = scatter(scatter(at ^ low).wrapping_add(high));
            *factor = if drawn <= threshold { scale } else { 0.0 };
        }
    }

    /// `values <- drop(max(0, values))`.
    #[inline(always)]
    pub fn relu_in_place(&self, first: usize, values: &mut [f32]) {
        let mut factors = [0.0f32; DRAWN];
        for (part, values) in values.chunks_mut(DRAWN).enumerate() {
            let factors = &mut factors[..values.len()];
            self.draw(first + part * DRAWN, factors);
            values.iter_mut().zip(factors).for_each(|(v, f)| *v = v.max(0.0) * *f);
        }
    }

    /// The factors of `count` values.
    fn factors(&self, count: usize) -> Vec<f32> {
        let mut factors = vec![0.0; count];
        self.draw(0, &mut factors);
        factors
    }

    /// The factors as a tensor, for a device that has no kernel of ours.
    fn mask<const D: usize>(&self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let factors = self.factors(shape.iter().product());
        Tensor::from_data(TensorData::new(factors, shape), &device.clone().inner())
    }
}

/// A bijection of 32 bits that leaves no trace of its argument (Ettinger 2018, <https://github.com/skeeto/hash-prospector>); unlike one of
/// 64 bits it is cheap in vector registers.
#[inline(always)]
fn scatter(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

#[derive(Debug)]
struct Dropped {
    drop: Drop,
    relu: bool,
}

impl HostKernel for Dropped {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        inputs[0].shape.to_vec()
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        output
            .par_chunks_mut(BLOCK)
            .zip(inputs[0].values.par_chunks(BLOCK))
            .enumerate()
            .for_each(|(block, (to, from))| {
                let floor = if self.relu { 0.0 } else { f32::NEG_INFINITY };
                vectorised!(|| {
                    self.drop.draw(block * BLOCK, to);
                    to.iter_mut().zip(from).for_each(|(to, from)| {
                        *to = if *to > 0.0 { from.max(floor) * *to } else { 0.0 };
                    });
                });
            });
    }

    fn needs_all(&self) -> bool {
        false
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        grads[0]
            .par_chunks_mut(BLOCK)
            .zip(inputs[0].values.par_chunks(BLOCK))
            .zip(grad.par_chunks(BLOCK))
            .enumerate()
            .for_each(|(block, ((to, from), grad))| {
                let floor = if self.relu { 0.0 } else { f32::NEG_INFINITY };
                vectorised!(|| {
                    self.drop.draw(block * BLOCK, to);
                    for ((to, from), g) in to.iter_mut().zip(from).zip(grad) {
                        *to = if *from > floor { g * *to } else { 0.0 };
                    }
                });
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_the_mean_too_and_where_one_begins_does_not_matter() {
        let (drop, count) = (Drop { seed: 5, keep: 0.7 }, 100_001);
        let first = drop.factors(count);
        assert_eq!(first, drop.factors(count), "the same seed drops the same values");
        let kept = first.iter().filter(|v| **v > 0.0).count() as f64 / count as f64;
        let mean = first.iter().map(|v| f64::from(*v)).sum::<f64>() / count as f64;
        assert!((kept - 0.7).abs() < 0.01 && (mean - 1.0).abs() < 0.015, "{kept} {mean}");
        assert_ne!(first, Drop { seed: 6, keep: 0.7 }.factors(count));
        let mut tail = vec![1.0; 100];
        drop.relu_in_place(500, &mut tail);
        assert_eq!(tail, first[500..600]);
    }
}
