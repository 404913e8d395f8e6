//! BERT (Devlin et al., 2019) and RoBERTa (Liu et al., 2019).
//!
//! Comes in: a folder. Goes out: an encoder with embedded positions and norms last. Positions of RoBERTa begin after that of padding.

use std::path::Path;

use super::parts::{BertBlocks, Built, Sizes, layer_norm};
use crate::{
    Error,
    config::Config,
    layer::{Embedding, Order, Position, Transformer},
    weights::Weights,
};

const TOKENS: &str = "embeddings.word_embeddings.weight";

/// Reads the encoder in `folder`, whose first token stands at `first_position`.
pub(super) fn build(config: &Config, folder: &Path, first_position: usize) -> Result<Built, Error> {
    if config
        .text("position_embedding_type")
        .is_some_and(|kind| kind != "absolute")
    {
        let what = "is not absolute, which is not known here";
        return Err(config.fault(
            "position_embedding_type",
            what,
            "use a checkpoint with absolute positions",
        ));
    }
    let sizes = Sizes::of_bert(config)?;
    let layers = config.size("num_hidden_layers")?;
    let epsilon = config.epsilon("layer_norm_eps", 1e-12);
    let weights = Weights::open(folder, &[TOKENS])?;
    let embedding = embedding(config, &weights, (sizes.width, epsilon), first_position)?;
    let window = embedding.positions.len() / sizes.width;
    let blocks = BertBlocks {
        weights: &weights,
        sizes,
        epsilon,
        activation: config.activation_or("hidden_act", "gelu")?,
        norms: ["attention.output.LayerNorm", "output.LayerNorm"],
    };
    let block = |at: usize| blocks.read(at, Position::Embedded);
    let blocks = (0..layers).map(block).collect::<Result<_, _>>()?;
    let transformer = Transformer {
        embedding,
        blocks,
        order: Order::NormLast,
        last_norm: None,
    };
    Ok(Built { transformer, window })
}

/// Tables of tokens and of positions; every token is of the first type.
fn embedding(
    config: &Config,
    weights: &Weights,
    (width, epsilon): (usize, f32),
    first_position: usize,
) -> Result<Embedding, Error> {
    let (vocabulary, positions) = (config.size("vocab_size")?, config.size("max_position_embeddings")?);
    if positions < first_position + 3 {
        let what = "leaves no room for a token";
        return Err(config.fault("max_position_embeddings", what, "download config.json again"));
    }
    let types = config.size_or("type_vocab_size", 2)?;
    let tokens = weights.read(&[TOKENS], &[vocabulary, width])?;
    let mut positions = weights.read(&["embeddings.position_embeddings.weight"], &[positions, width])?;
    let types = weights.read(&["embeddings.token_type_embeddings.weight"], &[types, width])?;
    positions.drain(..first_position * width);
    for row in positions.chunks_exact_mut(width) {
        row.iter_mut().zip(&types).for_each(|(x, kind)| *x += kind);
    }
    let norm = Some(layer_norm(weights, "embeddings.LayerNorm", width, epsilon)?);
    Ok(Embedding {
        tokens,
        width,
        factor: 1.0,
        positions,
        norm,
    })
}
