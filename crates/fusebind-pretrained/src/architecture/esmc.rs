//! ESM-C (EvolutionaryScale, ESM Cambrian, 2024): ESM-2 with gated feed-forward parts, norms of queries and keys, and no biases.
//!
//! Comes in: a folder. Goes out: an encoder with rotary positions and norms first. What a block adds to the states is divided by
//! `sqrt(layers / 36)`, which is done here to the last weights of its two halves. The weights are published as a pickle without a
//! `config.json`; docs/pretrained.md says how to make a folder of it.

use std::{path::Path, sync::Arc};

use super::parts::{Built, Sizes, dense_without_bias, layer_norm};
use crate::{
    Error,
    config::Config,
    kernel::{Activation, Norm, NormKind},
    layer::{Attention, Block, Dense, Embedding, FeedForward, Order, Position, Rotary, Transformer, Weighting},
    weights::Weights,
};

/// Rows of the embedding, of which the vocabulary uses a part.
const TOKENS: usize = 64;
/// Longest sequences of its training.
const WINDOW: usize = 2048;
const EPSILON: f32 = 1e-5;
/// Layers of the encoder whose blocks add to the states as they are.
const LAYERS_OF_SCALE_ONE: f32 = 36.0;

/// Reads the encoder in `folder`.
pub(super) fn build(config: &Config, folder: &Path) -> Result<Built, Error> {
    let (width, heads, layers) = (
        config.size("d_model")?,
        config.size("n_heads")?,
        config.size("n_layers")?,
    );
    if width % (2 * heads) != 0 {
        let what = "is no even multiple of the heads";
        return Err(config.fault("d_model", what, "copy config.json from docs/pretrained.md again"));
    }
    let sizes = Sizes {
        width,
        heads,
        head_width: width / heads,
        hidden: hidden(width),
    };
    let weights = Weights::open(folder, &["embed.weight"])?;
    let embedding = Embedding {
        tokens: weights.read(&["embed.weight"], &[TOKENS, width])?,
        width,
        factor: 1.0,
        positions: Vec::new(),
        norm: None,
    };
    let frequencies = Rotary::frequencies(sizes.head_width);
    let position = Position::Rotary(Arc::new(Rotary::new(&frequencies, WINDOW)));
    let scale = (layers as f32 / LAYERS_OF_SCALE_ONE).sqrt();
    let block = |at: usize| block(&weights, at, (sizes, scale), position.clone());
    let transformer = Transformer {
        embedding,
        blocks: (0..layers).map(block).collect::<Result<_, _>>()?,
        order: Order::NormFirst,
        last_norm: Some(norm_without_bias(&weights, "transformer.norm", width)?),
    };
    Ok(Built {
        transformer,
        window: WINDOW,
    })
}

/// Channels between the layers of the feed-forward part: eight thirds of the width, rounded up to a multiple of 256.
fn hidden(width: usize) -> usize {
    (8 * width).div_ceil(3 * 256) * 256
}

fn block(weights: &Weights, at: usize, (sizes, scale): (Sizes, f32), position: Position) -> Result<Block, Error> {
    let (width, hidden) = (sizes.width, sizes.hidden);
    let name = |end: &str| format!("transformer.blocks.{at}.{end}");
    let divided = |end: &str, inner: usize| -> Result<Dense, Error> {
        let mut weight = weights.read(&[&name(end)], &[width, inner])?;
        weight.iter_mut().for_each(|x| *x /= scale);
        Ok(Dense::new(&weight, inner, Vec::new()))
    };
    // One matrix: first what passes the activation, then what it is multiplied with.
    let both = weights.read(&[&name("ffn.1.weight")], &[2 * hidden, width])?;
    let (up, gate) = both.split_at(hidden * width);
    let norm = |end: &str| norm_without_bias(weights, &name(end), width);
    Ok(Block {
        attention: Attention {
            inputs: dense_without_bias(weights, &name("attn.layernorm_qkv.1"), 3 * width, width)?,
            output: divided("attn.out_proj.weight", width)?,
            heads: sizes.heads,
            head_width: sizes.head_width,
            scale: 1.0 / (sizes.head_width as f32).sqrt(),
            position,
            weighting: Weighting::Softmax,
            norms: Some(Box::new([norm("attn.q_ln")?, norm("attn.k_ln")?])),
        },
        attention_norm: layer_norm(weights, &name("attn.layernorm_qkv.0"), width, EPSILON)?,
        feed_forward: FeedForward {
            up: Dense::new(up, width, Vec::new()),
            gate: Some(Dense::new(gate, width, Vec::new())),
            activation: Activation::Silu,
            down: divided("ffn.3.weight", hidden)?,
        },
        feed_forward_norm: layer_norm(weights, &name("ffn.0"), width, EPSILON)?,
    })
}

fn norm_without_bias(weights: &Weights, name: &str, width: usize) -> Result<Norm, Error> {
    Ok(Norm {
        kind: NormKind::Layer,
        weight: weights.read(&[&format!("{name}.weight")], &[width])?,
        bias: vec![0.0; width],
        epsilon: EPSILON,
    })
}
