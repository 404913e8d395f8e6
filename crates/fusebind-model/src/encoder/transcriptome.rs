//! Encoder of the `transcriptome` modality: each signature through a dense layer, the signatures of an entity pooled by
//! attention.
//!
//! `h = relu(norm(W x))` for each signature `x` over `G` genes, tamed as `fusebind_features::feature::transcriptome` says;
//! `z = sum exp(s) h / sum exp(s)` over the signatures of an entity, with `s = V h` (Ilse et al. 2018, arXiv:1802.04712,
//! channel by channel). Comes in: signatures `[S, G]` behind each other. Goes out: `[B, D]`.

use std::sync::Arc;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::rows::Rows;
use serde::{Deserialize, Serialize};

use super::{Encoder, EncoderConfig};
use crate::{
    Error, ErrorKind,
    layer::{dense::dense, dropout::Dropout, norm::LayerNorm, pool::attention_pool},
};

/// Configuration of [`TranscriptomeEncoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TranscriptomeEncoderConfig {
    /// Dropout of whole genes.
    pub input_dropout: f64,
}

impl Default for TranscriptomeEncoderConfig {
    fn default() -> Self {
        Self { input_dropout: 0.2 }
    }
}

impl EncoderConfig for TranscriptomeEncoderConfig {
    type Encoder = TranscriptomeEncoder;

    fn check(&self) -> Result<(), Error> {
        if !(0.0..1.0).contains(&self.input_dropout) {
            return Err(Error::new(
                ErrorKind::Config,
                "transcriptome encoder: `input_dropout` must lie in [0, 1)",
            ));
        }
        Ok(())
    }

    fn init(&self, genes: usize, width: usize, device: &Device) -> TranscriptomeEncoder {
        TranscriptomeEncoder {
            dropout: Dropout::new(self.input_dropout),
            linear: LinearConfig::new(genes, width).init(device),
            norm: LayerNorm::new(width, device),
            score: LinearConfig::new(width, width).init(device),
        }
    }
}

/// Encodes expression signatures, those of an entity behind each other, see the file's header; zero where there is none.
#[derive(Module, Debug)]
pub struct TranscriptomeEncoder {
    dropout: Dropout,
    linear: Linear,
    norm: LayerNorm,
    score: Linear,
}

impl Encoder for TranscriptomeEncoder {
    type Input = (Rows, Arc<Vec<u32>>);

    fn encode(&self, (signatures, offsets): &Self::Input, device: &Device) -> Tensor<2> {
        let count = offsets.last().copied().unwrap_or(0) as usize;
        let width = self.norm.channels();
        if count == 0 {
            return Tensor::zeros([offsets.len() - 1, width], device);
        }
        let data = TensorData::new(signatures.values.clone(), [count, signatures.width]);
        let signatures = Tensor::<2>::from_data(data, device);
        let states = self
            .norm
            .relu(dense(self.dropout.forward(signatures), &self.linear), None); // [S, width]
        attention_pool(states.clone(), dense(states, &self.score), offsets) // [B, width]
    }
}
