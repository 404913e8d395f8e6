//! MoLFormer (Ross et al., Large-scale chemical language representations capture molecular structure and properties, 2022).
//!
//! Comes in: a folder. Goes out: an encoder with rotary positions, linear attention, norms last and one more behind the last block. The directions
//! of its features were drawn at random, and the published code draws others in each call unless `deterministic_eval` is set. Here they are always
//! those of the checkpoint: a molecule has one embedding.

use std::{path::Path, sync::Arc};

use super::parts::{BertBlocks, Built, Sizes, layer_norm};
use crate::{
    Error,
    config::Config,
    layer::{Embedding, FeatureMap, Order, Position, Rotary, Transformer, Weighting},
    weights::Weights,
};

const TOKENS: &str = "embeddings.word_embeddings.weight";

/// Reads the encoder in `folder`.
pub(super) fn build(config: &Config, folder: &Path) -> Result<Built, Error> {
    let sizes = Sizes::of_rotary(config)?;
    let width = sizes.width;
    let (vocabulary, layers) = (config.size("vocab_size")?, config.size("num_hidden_layers")?);
    let window = config.size_or("max_position_embeddings", 202)?;
    if window < 3 {
        let what = "leaves no room for a token";
        return Err(config.fault("max_position_embeddings", what, "download config.json again"));
    }
    let features = config.size_or("num_random_features", 32)?;
    let kernel = config.activation_or("feature_map_kernel", "relu")?;
    let least = config.epsilon("linear_attention_eps", 1e-6);
    let epsilon = config.epsilon("layer_norm_eps", 1e-12);
    let weights = Weights::open(folder, &[TOKENS])?;
    let blocks = BertBlocks {
        weights: &weights,
        sizes,
        epsilon,
        activation: config.activation_or("hidden_act", "gelu")?,
        norms: ["attention.output.LayerNorm", "output.LayerNorm"],
    };
    let embedding = Embedding {
        tokens: weights.read(&[TOKENS], &[vocabulary, width])?,
        width,
        factor: 1.0,
        positions: Vec::new(),
        norm: None,
    };
    let rotary = Arc::new(Rotary::new(&Rotary::frequencies(sizes.head_width), window));
    let block = |at: usize| {
        let mut block = blocks.read(at, Position::Rotary(rotary.clone()))?;
        let name = format!("encoder.layer.{at}.attention.self.feature_map.weight");
        let directions = weights.read(&[&name], &[sizes.head_width, features])?;
        block.attention.scale = 1.0;
        block.attention.weighting = Weighting::Features(FeatureMap::new(&directions, features, kernel, least));
        Ok(block)
    };
    let blocks = (0..layers).map(block).collect::<Result<_, Error>>()?;
    let last_norm = Some(layer_norm(&weights, "LayerNorm", width, epsilon)?);
    let transformer = Transformer {
        embedding,
        blocks,
        order: Order::NormLast,
        last_norm,
    };
    Ok(Built { transformer, window })
}
