//! The model: each distinct entity encoded once, gathered to pairs, read by the heads.
//!
//! Comes in: [`DrugBatch`], [`TargetBatch`], index pairs and their rows of neighbour features. Goes out: [`Outputs`].

use std::sync::Arc;

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::{
    batch::{PairIndex, RowIndex},
    modality::{Modality, ModalitySet, ModalityWeights},
    rows::Rows,
    schema::{DrugBatch, TargetBatch},
};

use crate::{
    encoder::{
        Encoder,
        graph::GraphEncoder,
        sequence::SequenceEncoder,
        side::{ModalityEmbeddings, SideEncoders},
    },
    fusion::{
        alignment::{Aligned, Alignment},
        control,
        entity::{EntityFusion, Fused, Part},
        fused::FusedHead,
        interaction::Interaction,
        neighbours::NeighbourEncoder,
        retrieval::Retrieval,
    },
    head::{Heads, Output},
    layer::{dropout::Dropout, pair::Pairs},
};

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
    control::fuse(fusion, modalities.into_iter().map(part).collect())
}

/// Drug-target model over the modalities of both sides and the neighbour features.
#[derive(Module, Debug)]
pub struct Model {
    pub(crate) graph: GraphEncoder,
    pub(crate) drug_side: SideEncoders,
    pub(crate) drug_fusion: EntityFusion,
    pub(crate) sequence: SequenceEncoder,
    pub(crate) target_side: SideEncoders,
    pub(crate) target_fusion: EntityFusion,
    pub(crate) dropout: Dropout,
    pub(crate) interaction: Interaction,
    pub(crate) neighbours: Option<NeighbourEncoder>,
    pub(crate) retrieval: Option<Retrieval>,
    pub(crate) heads: Heads,
    pub(crate) drug_alignment: Option<Alignment>,
    pub(crate) target_alignment: Option<Alignment>,
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
    /// Logit for each unit of similarity to the nearest active, see [`crate::fusion::neighbours::NeighbourConfig::similarity`].
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
        let graph = (Modality::Graph, self.graph.encode(drugs, device));
        self.drug_side.encode(graph, &drugs.side, device)
    }

    /// Weight of each modality in drug embeddings, `[Bd, M]`, in the order of [`crate::config::ModelConfig::drug_modalities`].
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
        let sequence = (Modality::Sequence, self.sequence.encode(targets, device));
        self.target_side.encode(sequence, &targets.side, device)
    }

    /// Weight of each modality in target embeddings, `[Bt, M]`, in the order of [`crate::config::ModelConfig::target_modalities`].
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
