//! Encoder of the `bioassay` modality: the set of assay tokens of a drug, summed.
//!
//! `z = sum over tested assays of w_a E[a, outcome]`, with an embedding for each of active, inactive and a number, and
//! nothing for an assay that was not run (deep sets, Zaheer et al. 2017, arXiv:1703.06114). Comes in: a [`Bag`] over `3 A`
//! tokens. Goes out: `[B, D]`.

use std::sync::Arc;

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor},
};

use fusebind_features::batch::Bag;

use crate::layer::bag::weighted_bag;

/// Encodes assay outcomes, see the file's header.
#[derive(Module, Debug)]
pub struct BioassayEncoder {
    table: Param<Tensor<2>>,
}

impl BioassayEncoder {
    /// An encoder of `tokens` tokens with `width` output channels.
    pub fn new(tokens: usize, width: usize, device: &Device) -> Self {
        Self {
            table: Initializer::Normal { mean: 0.0, std: 1.0 }.init([tokens, width], device),
        }
    }

    /// Encodes the assays of a batch: `[B, width]`; an entity without any is zero.
    pub fn forward(&self, assays: &Arc<Bag>) -> Tensor<2> {
        weighted_bag(self.table.val(), assays)
    }
}
