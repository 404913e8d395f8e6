//! Encoder of the `text` modality: weighted terms of descriptions through one dense layer, summed sparsely.
//!
//! `z = sum over terms of w_t E_t`, with `w` the unit row of term weights (`fusebind_features::feature::text`). Comes in: a
//! [`Bag`] over `V` terms. Goes out: `[B, D]`.

use std::sync::Arc;

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::layer::bag::{Bag, weighted_bag};

/// Configuration of [`TextEncoder`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextEncoderConfig {
    /// Most terms of a vocabulary.
    pub terms: usize,
}

impl Default for TextEncoderConfig {
    fn default() -> Self {
        Self { terms: 4096 }
    }
}

impl TextEncoderConfig {
    /// An encoder of `terms` terms with `width` output channels.
    pub fn init(&self, terms: usize, width: usize, device: &Device) -> TextEncoder {
        TextEncoder {
            table: Initializer::Normal { mean: 0.0, std: 1.0 }.init([terms, width], device),
        }
    }
}

/// Encodes descriptions, see the file's header.
#[derive(Module, Debug)]
pub struct TextEncoder {
    table: Param<Tensor<2>>,
}

impl TextEncoder {
    /// Encodes the texts of a batch: `[B, width]`; an entity without known terms is zero.
    pub fn forward(&self, texts: &Arc<Bag>) -> Tensor<2> {
        weighted_bag(self.table.val(), texts)
    }
}
