//! The model: each distinct entity encoded once, gathered to pairs, read by the heads.
//!
//! Comes in: [`DrugInput`], [`TargetInput`], index pairs and their evidence rows. Goes out: [`Outputs`].

use std::sync::Arc;

use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig},
    tensor::{Device, Tensor, TensorData, activation::relu},
};
use fusebind_features::batch::PairIndex;
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    encoder::{
        graph::{GraphEncoder, GraphEncoderConfig},
        sequence::{SequenceEncoder, SequenceEncoderConfig},
    },
    fusion::{
        evidence::{EvidenceConfig, EvidenceReader},
        interaction::{Interaction, InteractionConfig},
    },
    head::{HeadConfig, Heads, Output},
    input::{DrugInput, Rows, TargetInput},
    layer::{gather::RowIndex, norm::LayerNorm, pair::Pairs},
};

/// Configuration of [`Model`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Channels of an entity embedding.
    pub width: usize,
    /// Dropout of entity embeddings.
    pub dropout: f64,
    /// Encoder of molecular graphs.
    pub graph: GraphEncoderConfig,
    /// Encoder of protein sequences.
    pub sequence: SequenceEncoderConfig,
    /// Interaction of drug and target.
    pub interaction: InteractionConfig,
    /// Evidence of neighbouring pairs.
    pub evidence: EvidenceConfig,
    /// Heads.
    pub heads: HeadConfig,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            width: 512,
            dropout: 0.1,
            graph: GraphEncoderConfig::default(),
            sequence: SequenceEncoderConfig::default(),
            interaction: InteractionConfig::default(),
            evidence: EvidenceConfig::default(),
            heads: HeadConfig::default(),
        }
    }
}

impl ModelConfig {
    /// Refuses what makes no model.
    pub fn check(&self) -> Result<(), Error> {
        if self.width == 0 {
            return Err(Error::new(ErrorKind::Config, "model: `width` must be above 0"));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::new(ErrorKind::Config, "model: `dropout` must lie in [0, 1)"));
        }
        self.graph.check()?;
        self.sequence.check()?;
        self.interaction.check()?;
        self.evidence.check()?;
        self.heads.check()
    }

    /// A freshly initialised model. Seed the device first for a reproducible start.
    pub fn init(&self, device: &Device) -> Result<Model, Error> {
        self.check()?;
        let model = Model {
            graph: self.graph.init(self.width, device),
            drug_norm: LayerNorm::new(self.width, device),
            sequence: self.sequence.init(self.width, device),
            target_norm: LayerNorm::new(self.width, device),
            dropout: DropoutConfig::new(self.dropout).init(),
            interaction: self.interaction.init(self.width, device),
            evidence: self.evidence.init(self.interaction.channels, &self.heads, device),
            heads: self.heads.init(self.interaction.channels, device),
        };
        // Parameters are drawn lazily; drawing them here, in order, is what makes a seed mean something.
        Ok(model.materialize())
    }
}

/// Drug-target model over molecular graphs and protein sequences.
#[derive(Module, Debug)]
pub struct Model {
    graph: GraphEncoder,
    drug_norm: LayerNorm,
    sequence: SequenceEncoder,
    target_norm: LayerNorm,
    dropout: Dropout,
    interaction: Interaction,
    evidence: Option<EvidenceReader>,
    heads: Heads,
}

/// What a model says of the pairs of a batch.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// Of structure and evidence together.
    pub joint: Output,
    /// Of evidence alone, where the model reads evidence.
    pub evidence: Option<Output>,
}

impl Model {
    /// Embeds distinct drugs: `[Bd, width]`.
    pub fn encode_drugs(&self, drugs: &DrugInput, device: &Device) -> Tensor<2> {
        self.dropout
            .forward(relu(self.drug_norm.forward(self.graph.forward(drugs, device))))
    }

    /// Embeds distinct targets: `[Bt, width]`.
    pub fn encode_targets(&self, targets: &TargetInput, device: &Device) -> Tensor<2> {
        self.dropout
            .forward(relu(self.target_norm.forward(self.sequence.forward(targets, device))))
    }

    /// Scores index pairs between embedded drugs and embedded targets. `evidence` holds a row per pair, `[P, F + K]`, and is
    /// asked for by a model that reads evidence.
    pub fn score(&self, drugs: Tensor<2>, targets: Tensor<2>, pairs: PairIndex, evidence: Option<&Rows>) -> Outputs {
        let (drug_rows, target_rows, device) = (drugs.dims()[0], targets.dims()[0], drugs.device());
        let count = pairs.len();
        let pairs = Arc::new(Pairs {
            drug: RowIndex::new(pairs.drug, drug_rows),
            target: RowIndex::new(pairs.target, target_rows),
        });
        let evidence = self.evidence.as_ref().map(|reader| {
            let rows = evidence.expect("a model that reads evidence is given evidence");
            let data = TensorData::new(rows.values.clone(), [count, rows.width]);
            (reader, Tensor::<2>::from_data(data, &device))
        });
        let extra = evidence.as_ref().map(|(reader, rows)| reader.embed(rows.clone())); // [P, H]
        Outputs {
            joint: self.heads.forward(self.interaction.forward(drugs, targets, &pairs, extra)),
            evidence: evidence.map(|(reader, rows)| reader.judge(rows)),
        }
    }

    /// Encodes each entity once and scores the pairs.
    pub fn forward(
        &self,
        (drugs, targets): (&DrugInput, &TargetInput),
        pairs: PairIndex,
        evidence: Option<&Rows>,
        device: &Device,
    ) -> Outputs {
        let (drugs, targets) = (self.encode_drugs(drugs, device), self.encode_targets(targets, device));
        self.score(drugs, targets, pairs, evidence)
    }
}
