//! Encoder of the `sequence` modality: hashed k-mer composition, beside a path for learned motifs.
//!
//! Composition: hashed k-mer counts through a dense layer; homologous proteins share k-mers, so nearness to training
//! proteins is kept. Motifs: one convolution over residues and a maximum over positions (as in DeepBind, Alipanahi et al.
//! 2015, doi 10.1038/nbt.3300), fused into one table scan. The two paths are added. Comes in: [`TargetBatch`]. Goes out:
//! `[B, D]`.

use burn::{
    module::{Initializer, Module, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::{entity::pretrained::PretrainedConfig, feature::sequence::RESIDUE_TOKENS, schema::TargetBatch};
use serde::{Deserialize, Serialize};

use super::{Encoder, EncoderConfig, path, sum};
use crate::{
    Error, ErrorKind,
    layer::{dense::dense, dropout::Dropout, motif::motif_scan, norm::LayerNorm},
    limits,
};

/// Configuration of [`SequenceEncoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SequenceEncoderConfig {
    /// Channels of the hashed k-mer composition; 0 switches the composition path off.
    pub composition: usize,
    /// Number of learned motifs; 0 switches the motif path off.
    pub motifs: usize,
    /// Residues a motif spans.
    pub motif_length: usize,
    /// Dropout of whole composition inputs.
    pub input_dropout: f64,
    /// A frozen encoder whose embeddings of sequences are added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<PretrainedConfig>,
}

impl Default for SequenceEncoderConfig {
    fn default() -> Self {
        Self {
            composition: 2048,
            motifs: 0,
            motif_length: 9,
            input_dropout: 0.0,
            pretrained: None,
        }
    }
}

impl EncoderConfig for SequenceEncoderConfig {
    type Encoder = SequenceEncoder;

    fn check(&self) -> Result<(), Error> {
        let channels = [
            ("sequence.composition", self.composition),
            ("sequence.motifs", self.motifs),
            ("sequence.motif_length", self.motif_length),
        ];
        limits::all_at_most(limits::MOST_CHANNELS, &channels)?;
        if self.composition == 0 && self.motifs == 0 {
            return Err(Error::new(
                ErrorKind::Config,
                "sequence encoder: `composition` and `motifs` are both 0",
            ));
        }
        if self.motifs > 0 && self.motif_length == 0 {
            return Err(Error::new(
                ErrorKind::Config,
                "sequence encoder: `motif_length` must be above 0",
            ));
        }
        if !(0.0..1.0).contains(&self.input_dropout) {
            return Err(Error::new(
                ErrorKind::Config,
                "sequence encoder: `input_dropout` must lie in [0, 1)",
            ));
        }
        Ok(())
    }

    fn init(&self, _inputs: usize, width: usize, device: &Device) -> SequenceEncoder {
        SequenceEncoder {
            composition: (self.composition > 0).then(|| CompositionPath {
                dropout: Dropout::new(self.input_dropout),
                linear: LinearConfig::new(self.composition, width).init(device),
            }),
            motifs: (self.motifs > 0).then(|| MotifPath {
                table: Initializer::Normal {
                    mean: 0.0,
                    std: 1.0 / (self.motif_length as f64).sqrt(),
                }
                .init([self.motif_length * RESIDUE_TOKENS, self.motifs], device),
                norm: LayerNorm::new(self.motifs, device),
                linear: LinearConfig::new(self.motifs, width).init(device),
            }),
        }
    }
}

/// Encodes protein sequences, see the file's header.
#[derive(Module, Debug)]
pub struct SequenceEncoder {
    composition: Option<CompositionPath>,
    motifs: Option<MotifPath>,
}

#[derive(Module, Debug)]
struct CompositionPath {
    dropout: Dropout,
    linear: Linear,
}

#[derive(Module, Debug)]
struct MotifPath {
    table: Param<Tensor<2>>,
    norm: LayerNorm,
    linear: Linear,
}

impl Encoder for CompositionPath {
    type Input = TargetBatch;

    fn encode(&self, input: &TargetBatch, device: &Device) -> Tensor<2> {
        let rows = &input.composition;
        let shape = [input.sequences.len(), rows.width];
        let counts = Tensor::<2>::from_data(TensorData::new(rows.values.clone(), shape), device);
        dense(self.dropout.forward(counts), &self.linear)
    }
}

impl Encoder for MotifPath {
    type Input = TargetBatch;

    fn encode(&self, input: &TargetBatch, _device: &Device) -> Tensor<2> {
        let strongest = motif_scan(self.table.val(), &input.sequences, RESIDUE_TOKENS); // [B, motifs]
        dense(self.norm.relu(strongest, None), &self.linear)
    }
}

impl Encoder for SequenceEncoder {
    type Input = TargetBatch;

    fn encode(&self, input: &TargetBatch, device: &Device) -> Tensor<2> {
        sum(&[path(&self.composition), path(&self.motifs)], input, device)
            .expect("a configuration that was checked has a path")
    }
}
