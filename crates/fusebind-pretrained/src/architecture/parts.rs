//! What the encoders have in common: reading a dense layer, a norm, the three inputs of attention.
//!
//! Comes in: names of tensors and sizes. Goes out: layers.

use crate::{
    Error,
    kernel::{Norm, NormKind},
    layer::Dense,
    weights::Weights,
};

/// Sizes of an encoder.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub width: usize,
    pub heads: usize,
    pub head_width: usize,
    pub hidden: usize,
}

impl Sizes {
    /// Channels of all heads together.
    pub fn inner(&self) -> usize {
        self.heads * self.head_width
    }
}

/// The layer `name` with a bias.
pub(super) fn dense(weights: &Weights, name: &str, outputs: usize, inner: usize) -> Result<Dense, Error> {
    let weight = weights.read(&[&format!("{name}.weight")], &[outputs, inner])?;
    let bias = weights.read(&[&format!("{name}.bias")], &[outputs])?;
    Ok(Dense::new(&weight, inner, bias))
}

/// The layer `name` without a bias.
pub(super) fn dense_without_bias(weights: &Weights, name: &str, outputs: usize, inner: usize) -> Result<Dense, Error> {
    let weight = weights.read(&[&format!("{name}.weight")], &[outputs, inner])?;
    Ok(Dense::new(&weight, inner, Vec::new()))
}

/// Layers that read the same rows, as one.
pub(super) fn joined(
    weights: &Weights,
    names: [String; 3],
    (outputs, inner): (usize, usize),
    with_bias: bool,
) -> Result<Dense, Error> {
    let (mut weight, mut bias) = (Vec::new(), Vec::new());
    for name in names {
        weight.extend(weights.read(&[&format!("{name}.weight")], &[outputs, inner])?);
        if with_bias {
            bias.extend(weights.read(&[&format!("{name}.bias")], &[outputs])?);
        }
    }
    Ok(Dense::new(&weight, inner, bias))
}

/// The layer norm `name`; old files call its parameters gamma and beta.
pub(super) fn layer_norm(weights: &Weights, name: &str, width: usize, epsilon: f32) -> Result<Norm, Error> {
    let read = |names: [&str; 2]| {
        let names = names.map(|end| format!("{name}.{end}"));
        weights.read(&[&names[0], &names[1]], &[width])
    };
    Ok(Norm {
        kind: NormKind::Layer,
        weight: read(["weight", "gamma"])?,
        bias: read(["bias", "beta"])?,
        epsilon,
    })
}

/// The root mean square norm `name`.
pub(super) fn root_mean_square(weights: &Weights, name: &str, width: usize, epsilon: f32) -> Result<Norm, Error> {
    Ok(Norm {
        kind: NormKind::RootMeanSquare,
        weight: weights.read(&[&format!("{name}.weight")], &[width])?,
        bias: vec![0.0; width],
        epsilon,
    })
}
