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

use super::{Encoder, EncoderConfig};
use crate::{Error, layer::bag::weighted_bag};

/// Configuration of [`BioassayEncoder`], which has nothing to configure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BioassayEncoderConfig;

impl EncoderConfig for BioassayEncoderConfig {
    type Encoder = BioassayEncoder;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn init(&self, tokens: usize, width: usize, device: &Device) -> BioassayEncoder {
        BioassayEncoder {
            table: Initializer::Normal { mean: 0.0, std: 1.0 }.init([tokens, width], device),
        }
    }
}

/// Encodes assay outcomes, see the file's header; an entity without any is zero.
#[derive(Module, Debug)]
pub struct BioassayEncoder {
    table: Param<Tensor<2>>,
}

impl Encoder for BioassayEncoder {
    type Input = Arc<Bag>;

    fn encode(&self, assays: &Arc<Bag>, _device: &Device) -> Tensor<2> {
        weighted_bag(self.table.val(), assays)
    }
}
