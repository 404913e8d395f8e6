//! Interaction of a drug with a target: an additive path and a low-rank bilinear path, then residual layers per pair.
//!
//! `h0 = A d + B t + C ((U d) * (V t))`, then `h <- h + W2 relu(norm(W1 ...))`. `A`, `B`, `U` and `V` act on entities before
//! the gather, so a pair costs no matrix product for them (Hadamard low-rank bilinear pooling: Kim et al. 2017,
//! arXiv:1610.04325). Comes in: `[Bd, D]`, `[Bt, D]` and index pairs. Goes out: `[P, H]`.

use std::sync::Arc;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use super::plain;
use crate::{
    Error, ErrorKind,
    layer::{
        dense::dense,
        dropout::Dropout,
        norm::LayerNorm,
        pair::{Pairs, pair_product, pair_sum},
        residual::residual,
    },
};

/// Configuration of [`Interaction`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InteractionConfig {
    /// Channels of a pair.
    pub dim: usize,
    /// Rank of the bilinear path; 0 switches it off.
    pub rank: usize,
    /// Residual layers per pair.
    pub layers: usize,
    /// Dropout after each activation.
    pub dropout: f64,
}

impl Default for InteractionConfig {
    fn default() -> Self {
        Self {
            dim: 512,
            rank: 128,
            layers: 2,
            dropout: 0.1,
        }
    }
}

impl InteractionConfig {
    /// Refuses what makes no layer.
    pub fn check(&self) -> Result<(), Error> {
        if self.dim == 0 {
            return Err(Error::new(ErrorKind::Config, "interaction: `dim` must be above 0"));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::new(
                ErrorKind::Config,
                "interaction: `dropout` must lie in [0, 1)",
            ));
        }
        Ok(())
    }

    /// Layers over entity embeddings of `width` channels.
    pub fn init(&self, width: usize, device: &Device) -> Interaction {
        let entity = |dim: usize| LinearConfig::new(width, dim).init(device);
        Interaction {
            drug: entity(self.dim),
            target: entity(self.dim),
            bilinear: (self.rank > 0).then(|| Bilinear {
                drug: entity(self.rank),
                target: entity(self.rank),
                output: LinearConfig::new(self.rank, self.dim).init(device),
            }),
            blocks: (0..self.layers).map(|_| Block::new(self, device)).collect(),
            norm: LayerNorm::new(self.dim, device),
            dropout: Dropout::new(self.dropout),
        }
    }
}

/// Interaction layers, see the file's header.
#[derive(Module, Debug)]
pub struct Interaction {
    drug: Linear,
    target: Linear,
    bilinear: Option<Bilinear>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    dropout: Dropout,
}

#[derive(Module, Debug)]
struct Bilinear {
    drug: Linear,
    target: Linear,
    output: Linear,
}

#[derive(Module, Debug)]
struct Block {
    norm: LayerNorm,
    first: Linear,
    second: Linear,
    dropout: Dropout,
}

impl Block {
    fn new(config: &InteractionConfig, device: &Device) -> Self {
        Self {
            norm: LayerNorm::new(config.dim, device),
            first: LinearConfig::new(config.dim, config.dim).init(device),
            second: LinearConfig::new(config.dim, config.dim).init(device),
            dropout: Dropout::new(config.dropout),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        residual(x, &self.norm, &self.first, &self.dropout, &self.second)
    }
}

impl Interaction {
    /// The layers as plain values.
    pub(super) fn layers(&self) -> plain::Layers {
        let bilinear = self.bilinear.as_ref();
        plain::Layers {
            projections: [
                (
                    plain::Dense::of(&self.drug),
                    bilinear.map(|b| plain::Dense::of(&b.drug)),
                ),
                (
                    plain::Dense::of(&self.target),
                    bilinear.map(|b| plain::Dense::of(&b.target)),
                ),
            ],
            bilinear: bilinear.map(|b| plain::Dense::of(&b.output)),
            blocks: (self.blocks.iter())
                .map(|block| plain::Block {
                    norm: plain::Norm::of(&block.norm),
                    first: plain::Dense::of(&block.first),
                    second: plain::Dense::of(&block.second),
                })
                .collect(),
            norm: plain::Norm::of(&self.norm),
        }
    }

    /// Embeds pairs: `[P, H]`. `extra`, `[P, H]`, is added to `h0`.
    pub fn forward(
        &self,
        drugs: Tensor<2>,
        targets: Tensor<2>,
        pairs: &Arc<Pairs>,
        extra: Option<Tensor<2>>,
    ) -> Tensor<2> {
        let mut hidden = pair_sum(
            dense(drugs.clone(), &self.drug),
            dense(targets.clone(), &self.target),
            pairs,
        );
        if let Some(bilinear) = &self.bilinear {
            let product = pair_product(dense(drugs, &bilinear.drug), dense(targets, &bilinear.target), pairs); // [P, R]
            hidden = hidden + dense(product, &bilinear.output); // [P, H]
        }
        if let Some(extra) = extra {
            hidden = hidden + extra;
        }
        for block in &self.blocks {
            hidden = block.forward(hidden);
        }
        self.norm.relu(hidden, Some(&self.dropout))
    }
}
