//! ESM-2 (Lin et al., Evolutionary-scale prediction of atomic-level protein structure, 2023), of every size.
//!
//! Comes in: a folder. Goes out: an encoder with rotary positions and norms first. It was trained with tokens masked, and scales the
//! embeddings by the share that was not, `1 - 0.15 * 0.8`, over the share of the input that is not: also where nothing is masked.
//! Checkpoints hold position embeddings, which it never reads. Those that were once saved in half precision hold frequencies of the rotary positions
//! that are rounded accordingly; the encoder was published with them, so that they are read where they are there.

use std::{path::Path, sync::Arc};

use super::parts::{BertBlocks, Built, Sizes, layer_norm};
use crate::{
    Error,
    config::Config,
    layer::{Embedding, Order, Position, Rotary, Transformer},
    weights::Weights,
};

/// Share of tokens that training masked.
const MASKED: f32 = 0.15 * 0.8;
const TOKENS: &str = "embeddings.word_embeddings.weight";

/// Reads the encoder in `folder`.
pub(super) fn build(config: &Config, folder: &Path) -> Result<Built, Error> {
    check(config)?;
    let sizes = Sizes::of_rotary(config)?;
    let width = sizes.width;
    let (vocabulary, layers) = (config.size("vocab_size")?, config.size("num_hidden_layers")?);
    // The first positions are kept for padding, as in RoBERTa.
    let positions = config.size_or("max_position_embeddings", 1026)?;
    let window = positions.saturating_sub(2).max(3);
    let epsilon = config.epsilon("layer_norm_eps", 1e-5);
    let weights = Weights::open(folder, &[TOKENS])?;
    let tokens = weights.read(&[TOKENS], &[vocabulary, width])?;
    let blocks = BertBlocks {
        weights: &weights,
        sizes,
        epsilon,
        activation: config.activation_or("hidden_act", "gelu")?,
        norms: ["attention.LayerNorm", "LayerNorm"],
    };
    let mut rotary = Arc::new(Rotary::new(&Rotary::frequencies(sizes.head_width), window));
    let block = |at: usize| {
        if let Some(frequencies) = frequencies(&weights, at, sizes.head_width / 2)? {
            rotary = Arc::new(Rotary::new(&frequencies, window));
        }
        blocks.read(at, Position::Rotary(rotary.clone()))
    };
    let blocks = (0..layers).map(block).collect::<Result<_, Error>>()?;
    let factor = if config.flag("token_dropout", false) {
        1.0 - MASKED
    } else {
        1.0
    };
    let embedding = Embedding {
        tokens,
        width,
        factor,
        positions: Vec::new(),
        norm: None,
    };
    let last_norm = Some(layer_norm(&weights, "encoder.emb_layer_norm_after", width, epsilon)?);
    let transformer = Transformer {
        embedding,
        blocks,
        order: Order::NormFirst,
        last_norm,
    };
    Ok(Built { transformer, window })
}

/// The frequencies that the checkpoint holds for a layer: for each under its own name, or for all under that of the first.
fn frequencies(weights: &Weights, layer: usize, count: usize) -> Result<Option<Vec<f32>>, Error> {
    let own = format!("encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq");
    let shared = [
        "encoder.layer.*.attention.self.rotary_embeddings.inv_freq",
        "rotary_embeddings.inv_freq",
    ];
    let known = [&own[..]]
        .into_iter()
        .chain(shared.into_iter().filter(|_| layer == 0))
        .find(|name| weights.has(name));
    known.map(|name| weights.read(&[name], &[count])).transpose()
}

/// ESM-1 goes by the same name and is another architecture.
fn check(config: &Config) -> Result<(), Error> {
    if config.text("position_embedding_type") != Some("rotary") {
        let what = "is not rotary: of the ESM family ESM-2 is known";
        return Err(config.fault("position_embedding_type", what, "use a checkpoint of ESM-2"));
    }
    if config.flag("emb_layer_norm_before", false) {
        let what = "is set: of the ESM family ESM-2 is known";
        return Err(config.fault("emb_layer_norm_before", what, "use a checkpoint of ESM-2"));
    }
    Ok(())
}
