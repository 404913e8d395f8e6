//! The encoder of T5 (Raffel et al., 2020), as in ProtT5 (Elnaggar et al., 2022): relative positions, root mean square norms, no biases.
//!
//! Comes in: a folder. Goes out: an encoder. The first block holds the relative positions of all; scores are not scaled.

use std::{path::Path, sync::Arc};

use super::parts::{Built, Sizes, dense_without_bias, joined, root_mean_square};
use crate::{
    Error,
    config::Config,
    kernel::Activation,
    layer::{Attention, Block, Embedding, FeedForward, Order, Position, RelativeBias, Transformer, Weighting},
    weights::Weights,
};

/// Tokens that are read at once: nothing in the architecture limits them, only the time, which grows with the square.
const WINDOW: usize = 4096;
const TOKENS: [&str; 2] = ["shared.weight", "encoder.embed_tokens.weight"];

/// Reads the encoder in `folder`.
pub(super) fn build(config: &Config, folder: &Path) -> Result<Built, Error> {
    let sizes = Sizes {
        width: config.size("d_model")?,
        heads: config.size("num_heads")?,
        head_width: config.size("d_kv")?,
        hidden: config.size("d_ff")?,
    };
    let (vocabulary, layers) = (config.size("vocab_size")?, config.size("num_layers")?);
    let epsilon = config.epsilon("layer_norm_epsilon", 1e-6);
    let weights = Weights::open(folder, &TOKENS)?;
    let tokens = weights.read(&TOKENS, &[vocabulary, sizes.width])?;
    let position = Position::Relative(Arc::new(relative(config, &weights, sizes.heads)?));
    let (activation, is_gated) = feed_forward_kind(config)?;
    let blocks = Blocks {
        weights: &weights,
        sizes,
        epsilon,
        activation,
        is_gated,
    };
    let block = |at: usize| blocks.read(at, position.clone());
    let blocks = (0..layers).map(block).collect::<Result<_, _>>()?;
    let embedding = Embedding {
        tokens,
        width: sizes.width,
        factor: 1.0,
        positions: Vec::new(),
        norm: None,
    };
    let last_norm = Some(root_mean_square(
        &weights,
        "encoder.final_layer_norm",
        sizes.width,
        epsilon,
    )?);
    let transformer = Transformer {
        embedding,
        blocks,
        order: Order::NormFirst,
        last_norm,
    };
    Ok(Built {
        transformer,
        window: WINDOW,
    })
}

/// How T5 names and shapes its blocks.
struct Blocks<'w> {
    weights: &'w Weights,
    sizes: Sizes,
    epsilon: f32,
    activation: Activation,
    is_gated: bool,
}

impl Blocks<'_> {
    fn read(&self, at: usize, position: Position) -> Result<Block, Error> {
        let Self {
            weights,
            sizes,
            epsilon,
            activation,
            is_gated,
        } = *self;
        let name = |end: &str| format!("encoder.block.{at}.layer.{end}");
        let inputs = ["q", "k", "v"].map(|part| name(&format!("0.SelfAttention.{part}")));
        let layer = |end: &str, outputs, inner| dense_without_bias(weights, &name(end), outputs, inner);
        let (first, gate) = match is_gated {
            true => (
                "1.DenseReluDense.wi_0",
                Some(layer("1.DenseReluDense.wi_1", sizes.hidden, sizes.width)?),
            ),
            false => ("1.DenseReluDense.wi", None),
        };
        Ok(Block {
            attention: Attention {
                inputs: joined(weights, inputs, (sizes.inner(), sizes.width), false)?,
                output: layer("0.SelfAttention.o", sizes.width, sizes.inner())?,
                heads: sizes.heads,
                head_width: sizes.head_width,
                scale: 1.0,
                position,
                weighting: Weighting::Softmax,
                norms: None,
            },
            attention_norm: root_mean_square(weights, &name("0.layer_norm"), sizes.width, epsilon)?,
            feed_forward: FeedForward {
                up: layer(first, sizes.hidden, sizes.width)?,
                gate,
                activation,
                down: layer("1.DenseReluDense.wo", sizes.width, sizes.hidden)?,
            },
            feed_forward_norm: root_mean_square(weights, &name("1.layer_norm"), sizes.width, epsilon)?,
        })
    }
}

fn relative(config: &Config, weights: &Weights, heads: usize) -> Result<RelativeBias, Error> {
    let buckets = config.size_or("relative_attention_num_buckets", 32)?;
    let largest = config.size_or("relative_attention_max_distance", 128)?;
    if buckets < 4 || largest <= buckets / 4 {
        let what = "does not go with relative_attention_max_distance";
        return Err(config.fault("relative_attention_num_buckets", what, "download config.json again"));
    }
    let name = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
    let table = weights.read(&[name], &[buckets, heads])?;
    Ok(RelativeBias {
        table,
        buckets,
        heads,
        largest,
    })
}

/// The activation, and whether the feed-forward part is gated: `relu`, `gated-gelu`, ..
fn feed_forward_kind(config: &Config) -> Result<(Activation, bool), Error> {
    let kind = config.text("feed_forward_proj").unwrap_or("relu");
    let (name, is_gated) = match kind.strip_prefix("gated-") {
        // The gated one of T5 takes the form with tanh.
        Some("gelu") => ("gelu_new", true),
        Some(name) => (name, true),
        None => (kind, false),
    };
    Ok((config.activation("feed_forward_proj", name)?, is_gated))
}
