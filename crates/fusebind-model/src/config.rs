//! What a recipe and a model file say of a model.
//!
//! Comes in: the table `[model]`, with what the data fill in. Goes out: a [`Model`].

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Tensor},
};
use fusebind_features::{entity::pretrained::PretrainedConfig, modality::Modality, schema::SideDims};
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    device::generator,
    encoder::{
        EncoderConfig,
        graph::GraphEncoderConfig,
        sequence::SequenceEncoderConfig,
        side::{SideConfigs, SideEncoders},
        text::TextEncoderConfig,
        transcriptome::TranscriptomeEncoderConfig,
    },
    fusion::{
        alignment::{Alignment, AlignmentConfig},
        entity::{EntityFusion, FusionConfig},
        interaction::InteractionConfig,
        neighbours::NeighbourConfig,
        retrieval::RetrievalConfig,
    },
    head::HeadConfig,
    layer::dropout::Dropout,
    limits,
    model::Model,
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
    /// Encoder of texts.
    pub text: TextEncoderConfig,
    /// Encoder of expression signatures.
    pub transcriptome: TranscriptomeEncoderConfig,
    /// Side modalities of drugs; filled in from the data.
    pub drug: SideDims,
    /// Side modalities of targets; filled in from the data.
    pub target: SideDims,
    /// Fusion of the modalities of an entity.
    pub fusion: FusionConfig,
    /// Interaction of drug and target.
    pub interaction: InteractionConfig,
    /// Configuration of the neighbour features.
    pub neighbours: NeighbourConfig,
    /// Vectors for retrieval by dot product.
    pub retrieval: RetrievalConfig,
    /// Alignment of the modalities of an entity.
    pub alignment: AlignmentConfig,
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
            text: TextEncoderConfig::default(),
            transcriptome: TranscriptomeEncoderConfig::default(),
            drug: SideDims::default(),
            target: SideDims::default(),
            fusion: FusionConfig::default(),
            interaction: InteractionConfig::default(),
            neighbours: NeighbourConfig::default(),
            retrieval: RetrievalConfig::default(),
            alignment: AlignmentConfig::default(),
            heads: HeadConfig::default(),
        }
    }
}

/// Reads every parameter once.
struct Reader;

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        drop(param.val());
    }
}

/// Counts parameters without reading them.
struct Counter(usize);

impl ModuleVisitor for Counter {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let count = param
            .lazy_shape()
            .iter()
            .fold(1, |all: usize, dim| all.saturating_mul(*dim));
        self.0 = self.0.saturating_add(count);
    }
}

impl ModelConfig {
    /// Refuses what makes no model.
    pub fn check(&self) -> Result<(), Error> {
        if self.width == 0 {
            return Err(Error::new(ErrorKind::Config, "model: `width` must be above 0"));
        }
        self.check_sizes()?;
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::new(ErrorKind::Config, "model: `dropout` must lie in [0, 1)"));
        }
        self.graph.check()?;
        self.sequence.check()?;
        self.text.check()?;
        self.transcriptome.check()?;
        self.interaction.check()?;
        self.neighbours.check()?;
        self.alignment.check()?;
        self.heads.check()
    }

    /// Refuses widths and depths that no machine has the memory for; encoders check their own.
    fn check_sizes(&self) -> Result<(), Error> {
        let channels = [
            ("width", self.width),
            ("interaction.dim", self.interaction.dim),
            ("interaction.rank", self.interaction.rank),
            ("neighbours.dim", self.neighbours.dim),
            ("neighbours.inputs", self.neighbours.inputs),
            ("retrieval.dim", self.retrieval.dim),
            ("alignment.dim", self.alignment.dim),
            ("heads.affinities", self.heads.affinities),
        ];
        limits::all_at_most(limits::MOST_CHANNELS, &channels)?;
        limits::at_most("neighbours.flags", self.neighbours.flags, self.neighbours.inputs)?;
        let layers = [
            ("interaction.layers", self.interaction.layers),
            ("drug.embeddings", self.drug.embeddings.len()),
            ("target.embeddings", self.target.embeddings.len()),
        ];
        limits::all_at_most(limits::MOST_LAYERS, &layers)?;
        for side in [&self.drug, &self.target] {
            let inputs = [
                ("text", side.text),
                ("transcriptome", side.transcriptome),
                ("bioassay", side.bioassay),
            ];
            limits::all_at_most(limits::MOST_INPUTS, &inputs)?;
            for (_, inputs) in &side.embeddings {
                limits::at_most("embeddings", *inputs, limits::MOST_CHANNELS)?;
                if *inputs == 0 {
                    return Err(Error::new(ErrorKind::Config, "model: `embeddings` must have channels"));
                }
            }
        }
        Ok(())
    }

    /// The frozen encoders that a recipe names, each with the modality that it embeds.
    pub fn pretrained(&self) -> impl Iterator<Item = (Modality, &PretrainedConfig)> {
        let tables = [
            (Modality::Graph, &self.graph.pretrained),
            (Modality::Sequence, &self.sequence.pretrained),
            (Modality::Text, &self.text.pretrained),
        ];
        tables.into_iter().filter_map(|(m, table)| Some((m, table.as_ref()?)))
    }

    /// The same configuration without folders of this machine, as a model file keeps it: what it needs of an encoder stands with the scale
    /// of its embedding.
    pub fn without_folders(mut self) -> Self {
        self.graph.pretrained = None;
        self.sequence.pretrained = None;
        self.text.pretrained = None;
        self
    }

    /// A freshly initialised model; the same seed gives the same weights.
    pub fn init(&self, device: &Device, seed: u64) -> Result<Model, Error> {
        let _turn = generator();
        device.seed(seed);
        let model = self.uninitialised(device)?;
        // Parameters are sampled when they are first read; reading them here, in order and in turn, makes the seed reproducible.
        model.visit(&mut Reader);
        Ok(model)
    }

    /// A model whose parameters are not drawn yet and take no memory.
    ///
    /// # Errors
    /// Where the configuration makes no model, or one of too many parameters.
    pub(crate) fn uninitialised(&self, device: &Device) -> Result<Model, Error> {
        self.check()?;
        let sides = SideConfigs {
            text: &self.text,
            transcriptome: &self.transcriptome,
        };
        let model = Model {
            graph: self.graph.init(0, self.width, device),
            drug_side: SideEncoders::new(&self.drug, sides, self.width, device),
            drug_fusion: self.fuser(&self.drug, device),
            sequence: self.sequence.init(0, self.width, device),
            target_side: SideEncoders::new(&self.target, sides, self.width, device),
            target_fusion: self.fuser(&self.target, device),
            dropout: Dropout::new(self.dropout),
            interaction: self.interaction.init(self.width, device),
            neighbours: self.neighbours.init(self.interaction.dim, &self.heads, device),
            retrieval: self.retrieval.init(self.width, &self.heads, device),
            heads: self.heads.init(self.interaction.dim, device),
            drug_alignment: self.align(&self.drug, device),
            target_alignment: self.align(&self.target, device),
        };
        let mut counter = Counter(0);
        model.visit(&mut counter);
        limits::at_most("number of parameters", counter.0, limits::MOST_PARAMETERS)?;
        Ok(model)
    }

    /// Fusion of a structure with side modalities.
    fn fuser(&self, side: &SideDims, device: &Device) -> EntityFusion {
        EntityFusion::new(&self.fusion, 1 + side.modalities().iter().count(), self.width, device)
    }

    /// Alignment of a structure with side modalities.
    fn align(&self, side: &SideDims, device: &Device) -> Option<Alignment> {
        self.alignment
            .init(1 + side.modalities().iter().count(), self.width, device)
    }

    /// The same model without its side modalities.
    pub fn structure_only(&self) -> Self {
        Self {
            drug: self.drug.structure_only(),
            target: self.target.structure_only(),
            ..self.clone()
        }
    }

    /// Whether it reads more than graph and sequence.
    pub fn has_side(&self) -> bool {
        !self.drug.modalities().is_empty() || !self.target.modalities().is_empty()
    }

    /// Modalities of a drug that a model reads, in the order of their weights.
    pub fn drug_modalities(&self) -> Vec<Modality> {
        [Modality::Graph]
            .into_iter()
            .chain(self.drug.modalities().iter())
            .collect()
    }

    /// Modalities of a target that a model reads, in the order of their weights.
    pub fn target_modalities(&self) -> Vec<Modality> {
        [Modality::Sequence]
            .into_iter()
            .chain(self.target.modalities().iter())
            .collect()
    }
}
