//! The model: each distinct entity encoded once, gathered to pairs, read by the heads.
//!
//! Comes in: [`DrugBatch`], [`TargetBatch`], index pairs and their rows of neighbour features. Goes out: [`Outputs`].

use std::sync::Arc;

use burn::{
    module::{Module, ModuleVisitor, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::{
    batch::{PairIndex, RowIndex},
    entity::pretrained::PretrainedConfig,
    modality::{Modality, ModalitySet, ModalityWeights},
    rows::Rows,
    schema::{DrugBatch, SideBatch, SideDims, TargetBatch},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    device::generator,
    encoder::{
        bioassay::BioassayEncoder,
        graph::{GraphEncoder, GraphEncoderConfig},
        sequence::{SequenceEncoder, SequenceEncoderConfig},
        text::{TextEncoder, TextEncoderConfig},
        transcriptome::{TranscriptomeEncoder, TranscriptomeEncoderConfig},
    },
    fusion::{
        alignment::{Aligned, Alignment, AlignmentConfig},
        entity::{EntityFusion, Fused, FusionConfig, Part},
        fused::FusedHead,
        interaction::{Interaction, InteractionConfig},
        neighbours::{NeighbourConfig, NeighbourEncoder},
        retrieval::{Retrieval, RetrievalConfig},
    },
    head::{HeadConfig, Heads, Output},
    layer::{dense::dense, dropout::Dropout, pair::Pairs},
    limits,
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

    /// Refuses widths and depths that no machine has the memory for.
    fn check_sizes(&self) -> Result<(), Error> {
        let channels = [
            ("width", self.width),
            ("graph.dim", self.graph.dim),
            ("graph.substructures", self.graph.substructures),
            ("sequence.composition", self.sequence.composition),
            ("sequence.motifs", self.sequence.motifs),
            ("sequence.motif_length", self.sequence.motif_length),
            ("text.words", self.text.words),
            ("text.dim", self.text.dim),
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
        limits::at_most("text.terms", self.text.terms, limits::MOST_INPUTS)?;
        let layers = [
            ("graph.layers", self.graph.layers),
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
        let model = Model {
            graph: self.graph.init(self.width, device),
            drug_side: SideEncoders::new(&self.drug, self, device),
            drug_fusion: self.fuser(&self.drug, device),
            sequence: self.sequence.init(self.width, device),
            target_side: SideEncoders::new(&self.target, self, device),
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

/// Modality embeddings of a batch of entities, `[B, width]` each, the structure first.
pub(crate) type ModalityEmbeddings = Vec<(Modality, Tensor<2>)>;

/// Encoders of the side modalities of one side.
#[derive(Module, Debug)]
struct SideEncoders {
    text: Option<TextEncoder>,
    transcriptome: Option<TranscriptomeEncoder>,
    bioassay: Option<BioassayEncoder>,
    embeddings: Vec<Linear>,
}

impl SideEncoders {
    fn new(dim: &SideDims, config: &ModelConfig, device: &Device) -> Self {
        let width = config.width;
        Self {
            text: (dim.text > 0).then(|| config.text.init(dim.text, width, device)),
            transcriptome: (dim.transcriptome > 0).then(|| config.transcriptome.init(dim.transcriptome, width, device)),
            bioassay: (dim.bioassay > 0).then(|| BioassayEncoder::new(dim.bioassay, width, device)),
            embeddings: (dim.embeddings.iter())
                .map(|(_, inputs)| LinearConfig::new(*inputs, width).with_bias(false).init(device))
                .collect(),
        }
    }

    /// All modalities of an entity in the order of [`Modality::ALL`], which begins with `structure`. An embedding from another
    /// model is added to the output of the encoder of its modality.
    fn forward(&self, structure: (Modality, Tensor<2>), input: &SideBatch, device: &Device) -> ModalityEmbeddings {
        let text = self
            .text
            .as_ref()
            .zip(input.text.as_ref())
            .map(|(e, (terms, words))| e.forward(terms, words, device));
        let transcriptome = self.transcriptome.as_ref().zip(input.transcriptome.as_ref());
        let transcriptome = transcriptome.map(|(e, (rows, offsets))| e.forward(rows, offsets, device));
        let bioassay = self
            .bioassay
            .as_ref()
            .zip(input.bioassay.as_ref())
            .map(|(e, x)| e.forward(x));
        let mut all = [
            (structure.0, Some(structure.1)),
            (Modality::Text, text),
            (Modality::Transcriptome, transcriptome),
            (Modality::Bioassay, bioassay),
        ];
        for (linear, (modality, rows)) in self.embeddings.iter().zip(&input.embeddings) {
            let count = rows.values.len() / rows.width;
            let data = TensorData::new(rows.values.clone(), [count, rows.width]);
            let embedded = dense(Tensor::<2>::from_data(data, device), linear); // [B, width]
            if let Some((_, slot)) = all.iter_mut().find(|(m, _)| m == modality) {
                *slot = Some(slot.take().map_or(embedded.clone(), |native| native + embedded));
            }
        }
        all.into_iter().filter_map(|(m, x)| Some((m, x?))).collect()
    }
}

/// Fuses the modalities of each entity.
fn fuse(
    fusion: &EntityFusion,
    modalities: ModalityEmbeddings,
    (present, modality_weights): (&[ModalitySet], &[ModalityWeights]),
) -> Fused {
    let part = |(m, embedding): (Modality, Tensor<2>)| Part {
        embedding,
        present: present.iter().map(|set| f32::from(u8::from(set.contains(m)))).collect(),
        modality_weights: modality_weights
            .iter()
            .map(|modality_weights| modality_weights.of(m))
            .collect(),
    };
    fusion.forward(modalities.into_iter().map(part).collect())
}

/// Drug-target model over the modalities of both sides and the neighbour features.
#[derive(Module, Debug)]
pub struct Model {
    graph: GraphEncoder,
    drug_side: SideEncoders,
    drug_fusion: EntityFusion,
    sequence: SequenceEncoder,
    target_side: SideEncoders,
    target_fusion: EntityFusion,
    dropout: Dropout,
    interaction: Interaction,
    neighbours: Option<NeighbourEncoder>,
    retrieval: Option<Retrieval>,
    heads: Heads,
    drug_alignment: Option<Alignment>,
    target_alignment: Option<Alignment>,
}

/// Outputs of a model for the pairs of a batch.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// Of the encoders with the neighbour features.
    pub joint: Output,
    /// Of the neighbour head alone, where the model reads neighbour features.
    pub neighbours: Option<Output>,
    /// Of the retrieval vectors alone, where the model has them.
    pub retrieval: Option<Output>,
    /// Cosines of the retrieval vectors of all drugs with those of all targets, `[Bd, Bt]`, while a model trains with alignment.
    pub cosines: Option<Tensor<2>>,
    /// How well the modalities of each entity agree, while a model trains with alignment.
    pub aligned: Option<Aligned>,
}

impl Model {
    /// Logit for each unit of similarity to the nearest active, see [`NeighbourConfig::similarity`].
    pub(crate) fn similarity(&self) -> f32 {
        self.neighbours.as_ref().map_or(0.0, NeighbourEncoder::similarity)
    }

    /// Embeds distinct drugs: `[Bd, width]`.
    pub fn encode_drugs(&self, drugs: &DrugBatch, device: &Device) -> Tensor<2> {
        self.embed_drugs(
            self.read_drugs(drugs, device),
            (&drugs.present, &drugs.modality_weights),
        )
    }

    /// Fuses the modality embeddings of drugs: entity embeddings `[Bd, width]`, and attention weights `[Bd, M]`.
    pub(crate) fn fuse_drugs(&self, read: ModalityEmbeddings, present: (&[ModalitySet], &[ModalityWeights])) -> Fused {
        self.activated(fuse(&self.drug_fusion, read, present))
    }

    /// Fuses the modality embeddings of targets: entity embeddings `[Bt, width]`, and attention weights `[Bt, M]`.
    pub(crate) fn fuse_targets(
        &self,
        read: ModalityEmbeddings,
        present: (&[ModalitySet], &[ModalityWeights]),
    ) -> Fused {
        self.activated(fuse(&self.target_fusion, read, present))
    }

    fn activated(&self, fused: Fused) -> Fused {
        Fused {
            embedding: self.dropout.relu(fused.embedding),
            ..fused
        }
    }

    /// Embeds drugs from their modality embeddings: `[Bd, width]`.
    pub(crate) fn embed_drugs(
        &self,
        read: ModalityEmbeddings,
        present: (&[ModalitySet], &[ModalityWeights]),
    ) -> Tensor<2> {
        self.embed(fuse(&self.drug_fusion, read, present))
    }

    fn embed(&self, fused: Fused) -> Tensor<2> {
        self.dropout.relu(fused.embedding)
    }

    /// Modality embeddings of distinct drugs, the graph first.
    pub(crate) fn read_drugs(&self, drugs: &DrugBatch, device: &Device) -> ModalityEmbeddings {
        let graph = (Modality::Graph, self.graph.forward(drugs, device));
        self.drug_side.forward(graph, &drugs.side, device)
    }

    /// Weight of each modality in drug embeddings, `[Bd, M]`, in the order of [`ModelConfig::drug_modalities`].
    pub fn drug_weights(&self, drugs: &DrugBatch, device: &Device) -> Tensor<2> {
        let read = self.read_drugs(drugs, device);
        fuse(&self.drug_fusion, read, (&drugs.present, &drugs.modality_weights)).weights
    }

    /// Embeds distinct targets: `[Bt, width]`.
    pub fn encode_targets(&self, targets: &TargetBatch, device: &Device) -> Tensor<2> {
        self.embed_targets(
            self.read_targets(targets, device),
            (&targets.present, &targets.modality_weights),
        )
    }

    /// Embeds targets from their modality embeddings: `[Bt, width]`.
    pub(crate) fn embed_targets(
        &self,
        read: ModalityEmbeddings,
        present: (&[ModalitySet], &[ModalityWeights]),
    ) -> Tensor<2> {
        self.embed(fuse(&self.target_fusion, read, present))
    }

    /// Modality embeddings of distinct targets, the sequence first.
    pub(crate) fn read_targets(&self, targets: &TargetBatch, device: &Device) -> ModalityEmbeddings {
        let sequence = (Modality::Sequence, self.sequence.forward(targets, device));
        self.target_side.forward(sequence, &targets.side, device)
    }

    /// Weight of each modality in target embeddings, `[Bt, M]`, in the order of [`ModelConfig::target_modalities`].
    pub fn target_weights(&self, targets: &TargetBatch, device: &Device) -> Tensor<2> {
        let read = self.read_targets(targets, device);
        fuse(&self.target_fusion, read, (&targets.present, &targets.modality_weights)).weights
    }

    /// Scores index pairs between embedded drugs and embedded targets. `neighbours` holds a row per pair, `[P, F + K]`, and is
    /// required by a model that reads neighbour features.
    pub fn score(&self, drugs: Tensor<2>, targets: Tensor<2>, pairs: PairIndex, neighbours: Option<&Rows>) -> Outputs {
        let (drug_rows, target_rows, device) = (drugs.dims()[0], targets.dims()[0], drugs.device());
        let count = pairs.len();
        let pairs = Arc::new(Pairs {
            drug: RowIndex::new(pairs.drug, drug_rows),
            target: RowIndex::new(pairs.target, target_rows),
        });
        let neighbours = self.neighbours.as_ref().map(|encoder| {
            let rows = neighbours.expect("a model that reads neighbour features is given some");
            let data = TensorData::new(rows.values.clone(), [count, rows.width]);
            (encoder, Tensor::<2>::from_data(data, &device))
        });
        let extra = neighbours.as_ref().map(|(encoder, rows)| encoder.embed(rows.clone())); // [P, H]
        Outputs {
            retrieval: (self.retrieval.as_ref()).map(|r| r.score(drugs.clone(), targets.clone(), &pairs)),
            joint: self
                .heads
                .forward(self.interaction.forward(drugs, targets, &pairs, extra)),
            neighbours: neighbours.map(|(encoder, rows)| encoder.score(rows)),
            cosines: None,
            aligned: None,
        }
    }

    /// All that follows the encoders as one pass without gradients; the number of affinity columns that it gives, and whether a logit
    /// follows them.
    pub(crate) fn fused_head(&self) -> (FusedHead, (usize, bool)) {
        let head = FusedHead::new(&self.interaction, self.neighbours.as_ref(), &self.heads);
        (head, self.heads.shape())
    }

    /// Retrieval vectors of embedded drugs and of embedded targets, where the model has them.
    pub fn retrieval_vectors(&self, drugs: Tensor<2>, targets: Tensor<2>) -> Option<[Tensor<2>; 2]> {
        let retrieval = self.retrieval.as_ref()?;
        Some([retrieval.drugs(drugs), retrieval.targets(targets)])
    }

    /// Encodes each entity once, scores the pairs and, where the model aligns modalities, computes how well they agree.
    pub fn forward(
        &self,
        (drugs, targets): (&DrugBatch, &TargetBatch),
        pairs: PairIndex,
        neighbours: Option<&Rows>,
        device: &Device,
    ) -> Outputs {
        let (of_drugs, of_targets) = (self.read_drugs(drugs, device), self.read_targets(targets, device));
        let aligned = self.agree((&of_drugs, drugs), (&of_targets, targets));
        let of_drugs = self.embed_drugs(of_drugs, (&drugs.present, &drugs.modality_weights));
        let of_targets = self.embed_targets(of_targets, (&targets.present, &targets.modality_weights));
        let retrieval = self.retrieval.as_ref().filter(|_| aligned.is_some());
        let cosines = retrieval.map(|r| {
            r.drugs(of_drugs.clone())
                .matmul(r.targets(of_targets.clone()).transpose())
        });
        Outputs {
            cosines,
            aligned,
            ..self.score(of_drugs, of_targets, pairs, neighbours)
        }
    }

    /// How well the modalities of each entity agree, without any pair; `None` for a model that does not align.
    pub fn align(&self, (drugs, targets): (&DrugBatch, &TargetBatch), device: &Device) -> Option<Aligned> {
        let (of_drugs, of_targets) = (self.read_drugs(drugs, device), self.read_targets(targets, device));
        self.agree((&of_drugs, drugs), (&of_targets, targets))
    }

    fn agree(
        &self,
        (of_drugs, drugs): (&ModalityEmbeddings, &DrugBatch),
        (of_targets, targets): (&ModalityEmbeddings, &TargetBatch),
    ) -> Option<Aligned> {
        let of_drugs = (self.drug_alignment.as_ref()).map(|a| a.forward(of_drugs, &drugs.present, &drugs.aligned));
        let of_targets =
            (self.target_alignment.as_ref()).map(|a| a.forward(of_targets, &targets.present, &targets.aligned));
        match (of_drugs, of_targets) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        }
    }
}
