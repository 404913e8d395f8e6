//! What the encoders have in common: reading a dense layer, a norm, the three inputs of attention.
//!
//! Comes in: names of tensors and sizes. Goes out: layers.

use crate::{
    Error,
    config::Config,
    kernel::{Activation, Norm, NormKind},
    layer::{Attention, Block, Dense, FeedForward, Position, Transformer, Weighting},
    weights::Weights,
};

/// An encoder and the longest sequence of tokens that it reads at once.
pub(crate) struct Built {
    pub transformer: Transformer,
    pub window: usize,
}

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

    /// The sizes that BERT and its like state.
    pub fn of_bert(config: &Config) -> Result<Self, Error> {
        let (width, heads) = (config.size("hidden_size")?, config.size("num_attention_heads")?);
        if width % heads != 0 {
            let remedy = "download config.json again";
            return Err(config.fault("hidden_size", "is no multiple of the heads", remedy));
        }
        Ok(Self {
            width,
            heads,
            head_width: width / heads,
            hidden: config.size("intermediate_size")?,
        })
    }

    /// Those of an encoder with rotary positions, which turn the channels of a head in pairs.
    pub fn of_rotary(config: &Config) -> Result<Self, Error> {
        let sizes = Self::of_bert(config)?;
        match sizes.head_width % 2 {
            0 => Ok(sizes),
            _ => {
                let what = "is no even multiple of the heads";
                Err(config.fault("hidden_size", what, "download config.json again"))
            }
        }
    }
}

/// How BERT and its like name and shape their blocks.
pub(super) struct BertBlocks<'w> {
    pub weights: &'w Weights,
    pub sizes: Sizes,
    pub epsilon: f32,
    pub activation: Activation,
    /// Names of the norms within a block.
    pub norms: [&'w str; 2],
}

impl BertBlocks<'_> {
    /// Block `at`.
    pub fn read(&self, at: usize, position: Position) -> Result<Block, Error> {
        let Self {
            weights,
            sizes,
            epsilon,
            ..
        } = *self;
        let width = sizes.width;
        let name = |end: &str| format!("encoder.layer.{at}.{end}");
        let inputs = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
        let norm = |end: &str| layer_norm(weights, &name(end), width, epsilon);
        Ok(Block {
            attention: Attention {
                inputs: joined(weights, inputs, (width, width), true)?,
                output: dense(weights, &name("attention.output.dense"), width, width)?,
                heads: sizes.heads,
                head_width: sizes.head_width,
                scale: 1.0 / (sizes.head_width as f32).sqrt(),
                position,
                weighting: Weighting::Softmax,
                norms: None,
            },
            attention_norm: norm(self.norms[0])?,
            feed_forward: FeedForward {
                up: dense(weights, &name("intermediate.dense"), sizes.hidden, width)?,
                gate: None,
                activation: self.activation,
                down: dense(weights, &name("output.dense"), width, sizes.hidden)?,
            },
            feed_forward_norm: norm(self.norms[1])?,
        })
    }
}

/// The layer `name` with a bias.
fn dense(weights: &Weights, name: &str, outputs: usize, inner: usize) -> Result<Dense, Error> {
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
