//! Encoder of the `sequence` modality: hashed k-mer composition through a dense layer.
//!
//! Comes in: [`TargetInput`]. Goes out: `[B, D]`. Homologous proteins share k-mers, so nearness to training proteins is
//! kept; the cost of a protein does not grow with its length.

use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, input::TargetInput};

/// Configuration of [`SequenceEncoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SequenceEncoderConfig {
    /// Channels of the hashed k-mer composition.
    pub composition: usize,
    /// Dropout of whole composition inputs.
    pub input_dropout: f64,
}

impl Default for SequenceEncoderConfig {
    fn default() -> Self {
        Self { composition: 2048, input_dropout: 0.0 }
    }
}

impl SequenceEncoderConfig {
    /// Refuses what makes no encoder.
    pub fn check(&self) -> Result<(), Error> {
        if self.composition == 0 {
            return Err(Error::new(ErrorKind::Config, "sequence encoder: `composition` must be above 0"));
        }
        if !(0.0..1.0).contains(&self.input_dropout) {
            return Err(Error::new(ErrorKind::Config, "sequence encoder: `input_dropout` must lie in [0, 1)"));
        }
        Ok(())
    }

    /// An encoder with `width` output channels.
    pub fn init(&self, width: usize, device: &Device) -> SequenceEncoder {
        SequenceEncoder {
            dropout: DropoutConfig::new(self.input_dropout).init(),
            linear: LinearConfig::new(self.composition, width).init(device),
        }
    }
}

/// Encodes protein sequences, see the file's header.
#[derive(Module, Debug)]
pub struct SequenceEncoder {
    dropout: Dropout,
    linear: Linear,
}

impl SequenceEncoder {
    /// Encodes the distinct targets of a batch: `[B, width]`.
    pub fn forward(&self, input: &TargetInput, device: &Device) -> Tensor<2> {
        let rows = &input.composition;
        let shape = [input.sequences.len(), rows.width];
        let composition = Tensor::<2>::from_data(TensorData::new(rows.values.clone(), shape), device);
        self.linear.forward(self.dropout.forward(composition))
    }
}
