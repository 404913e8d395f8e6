//! Neighbour features, read in two ways: as a part of the pair embedding, and by a head of its own.
//!
//! `h0 <- h0 + W x` lets the interaction weigh the neighbour features against structure. The neighbour head `y = V relu(U x)` sees nothing
//! but neighbour features and has its own loss: it cannot recognise training entities, so it is not overconfident on new ones, where
//! a model that has memorised its training entities is. The two are mixed (a product of experts, Hinton 2002,
//! doi 10.1162/089976602760128018) with a weight chosen on validation pairs. Comes in: `[P, F + K]`. Goes out: `[P, H]`, or
//! [`Output`].

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use super::plain;
use crate::{
    Error, ErrorKind,
    head::{HeadConfig, Heads, Output},
    layer::dense::{dense, dense_relu},
};

/// Configuration of [`NeighbourEncoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NeighbourConfig {
    /// Whether neighbour features are used.
    pub enabled: bool,
    /// Dimension of the neighbour head.
    pub dim: usize,
    /// Values in a row of neighbour features, flags included; filled in from the data.
    pub inputs: usize,
    /// The last channels, which say what is absent; filled in from the data.
    pub flags: usize,
    /// Logit that a new compound gains for each unit by which it is nearer to the nearest active of a target than compounds in general are.
    pub similarity: f32,
    /// Whether embeddings from other models are a source of neighbours, beside being read by the encoder.
    pub embeddings: bool,
    /// Whether the flags of missing blocks are hidden, so that what is missing is taken for the mean: a control.
    pub imputed: bool,
}

impl Default for NeighbourConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            dim: 64,
            inputs: 0,
            flags: 0,
            similarity: 5.0,
            embeddings: false,
            imputed: false,
        }
    }
}

impl NeighbourConfig {
    /// Refuses what makes no layer.
    pub fn check(&self) -> Result<(), Error> {
        if self.enabled && self.dim == 0 {
            return Err(Error::new(ErrorKind::Config, "neighbours: `dim` must be above 0"));
        }
        if !(0.0..=100.0).contains(&self.similarity) {
            return Err(Error::new(
                ErrorKind::Config,
                "neighbours: `similarity` must lie in [0, 100]",
            ));
        }
        Ok(())
    }

    /// Layers for pair embeddings of `channels` channels and the given heads; `None` where there are no neighbour features.
    pub fn init(&self, dim: usize, heads: &HeadConfig, device: &Device) -> Option<NeighbourEncoder> {
        (self.enabled && self.inputs > 0).then(|| NeighbourEncoder {
            pair: LinearConfig::new(self.inputs, dim).with_bias(false).init(device),
            hidden_flags: if self.imputed { self.flags } else { 0 },
            similarity: self.similarity,
            neighbour_head: NeighbourHead {
                hidden: LinearConfig::new(self.inputs, self.dim).init(device),
                heads: heads.init(self.dim, device),
            },
        })
    }
}

/// Reads rows of neighbour features, see the file's header.
#[derive(Module, Debug)]
pub struct NeighbourEncoder {
    pair: Linear,
    neighbour_head: NeighbourHead,
    #[module(skip)]
    hidden_flags: usize,
    #[module(skip)]
    similarity: f32,
}

#[derive(Module, Debug)]
struct NeighbourHead {
    hidden: Linear,
    heads: Heads,
}

impl NeighbourEncoder {
    pub(crate) fn similarity(&self) -> f32 {
        self.similarity
    }

    /// The layers as plain values.
    pub(super) fn layers(&self) -> plain::NeighbourHead {
        plain::NeighbourHead {
            pair: plain::Dense::of(&self.pair),
            hidden: plain::Dense::of(&self.neighbour_head.hidden),
            heads: plain::heads(&self.neighbour_head.heads),
            hidden_flags: self.hidden_flags,
        }
    }

    fn unflagged(&self, neighbours: Tensor<2>) -> Tensor<2> {
        let [rows, inputs] = neighbours.dims();
        match self.hidden_flags {
            0 => neighbours,
            flags => {
                let zeros = Tensor::zeros([rows, flags], &neighbours.device());
                Tensor::cat(vec![neighbours.slice([0..rows, 0..inputs - flags]), zeros], 1)
            }
        }
    }

    /// What neighbour features add to pair embeddings: `[P, H]`.
    pub fn embed(&self, neighbours: Tensor<2>) -> Tensor<2> {
        dense(self.unflagged(neighbours), &self.pair)
    }

    /// Output of the neighbour head, from neighbour features alone.
    pub fn score(&self, neighbours: Tensor<2>) -> Output {
        let hidden = dense_relu(self.unflagged(neighbours), &self.neighbour_head.hidden); // [P, channels]
        self.neighbour_head.heads.forward(hidden)
    }
}
