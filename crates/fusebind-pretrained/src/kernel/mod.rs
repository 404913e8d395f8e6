//! Loops over `f32` slices that every encoder is made of. One thread works through them: a sequence is the unit of parallel work.

mod activation;
mod norm;
mod packed;
mod product;
mod softmax;

pub(crate) use activation::Activation;
pub(crate) use norm::{Norm, NormKind};
pub(crate) use packed::Packed;
pub(crate) use product::{Room, Rows, product};
pub(crate) use softmax::softmax;

/// Values that a loop handles side by side: one AVX-512 register, or several smaller ones.
pub(crate) const LANES: usize = 16;
