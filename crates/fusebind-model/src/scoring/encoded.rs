//! Encoded entities: what is computed once for each distinct drug and target, whatever pairs they are in.
//!
//! Axis legend: `B` entities of one side, `D` embedding dimensions, `M` modalities that the model reads of that side.

use std::sync::Arc;

use burn::tensor::Tensor;
use fusebind_features::{
    batch::PairIndex,
    modality::{Modality, ModalitySet},
    rows::Rows,
};

use super::shares::PairShares;
use crate::{
    fusion::{
        entity::Fused,
        fused::{FusedHead, Projected},
    },
    model::Model,
};

/// Which of the modalities that an entity has are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSubset {
    /// All of them.
    Everything,
    /// Graph and sequence alone.
    Structure,
}

impl InputSubset {
    /// Both subsets, in the order that [`super::Scorer::combined`] takes.
    pub const BOTH: [Self; 2] = [Self::Everything, Self::Structure];

    /// The subsets that have a share in some prediction.
    pub fn of(shares: &PairShares<'_>) -> &'static [Self] {
        match shares.all().all(|weights| weights.structure_only_share == 0.0) {
            true => &Self::BOTH[..1],
            false => &Self::BOTH,
        }
    }

    /// What is masked of an entity of which `mask` is masked.
    pub(super) fn without(self, mask: ModalitySet) -> ModalitySet {
        match self {
            Self::Everything => mask,
            Self::Structure => mask.union(structure().complement()),
        }
    }
}

/// The modalities that every pair has.
pub(super) fn structure() -> ModalitySet {
    [Modality::Graph, Modality::Sequence].into_iter().collect()
}

/// Distinct values of `ids`, ascending.
pub(crate) fn distinct(ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut entities: Vec<u32> = ids.collect();
    entities.sort_unstable();
    entities.dedup();
    entities
}

/// Encoded entities of one side.
#[derive(Clone, Debug)]
pub(super) struct EncodedSide {
    /// Store rows, ascending.
    pub(super) ids: Vec<u32>,
    /// Embeddings under each subset, `[B, D]`.
    pub(super) embeddings: Vec<Tensor<2>>,
    /// Embeddings of the first member with everything that is read, as plain values, `[B, D]`, where the tensors are not kept.
    pub(super) kept: Vec<f32>,
    /// Attention weights with everything that is read, `[B, M]`.
    pub(super) attention: Rows,
}

impl EncodedSide {
    /// Encodes `ids` in chunks; `encode` gives the fused embeddings of a chunk under each subset.
    pub(super) fn collect(ids: Vec<u32>, chunk: usize, encode: impl Fn(usize, &[u32]) -> Vec<Fused>) -> Self {
        let chunks: Vec<Vec<Fused>> = (ids.chunks(chunk).enumerate())
            .map(|(at, ids)| encode(at, ids))
            .collect();
        let mut attention = Rows::default();
        for fused in chunks.iter().filter_map(|chunk| chunk.first()) {
            attention.width = fused.weights.dims()[1];
            let weights = fused.weights.clone().into_data();
            attention
                .values
                .extend(weights.try_into_vec::<f32>().expect("weights are f32"));
        }
        let subsets = chunks.first().map_or(0, Vec::len);
        let of = |subset: usize| Tensor::cat(chunks.iter().map(|chunk| chunk[subset].embedding.clone()).collect(), 0);
        Self {
            embeddings: (0..subsets).map(of).collect(),
            ids,
            kept: Vec::new(),
            attention,
        }
    }

    fn position(&self, id: u32) -> usize {
        let at = self.ids.partition_point(|other| *other < id);
        assert_eq!(self.ids.get(at), Some(&id), "the entity was encoded");
        at
    }
}

/// Every distinct drug and target of some pairs, encoded once.
#[derive(Clone, Debug)]
pub struct Encoded {
    pub(super) subsets: Vec<InputSubset>,
    pub(super) drugs: EncodedSide,
    pub(super) targets: EncodedSide,
    /// The same entities, as the further members of an ensemble encode them.
    pub(super) further: Vec<Encoded>,
    /// What reads them, where it was taken out of the model before.
    pub(super) ready: Option<Ready>,
}

/// What reads pairs of encoded entities, and the entities projected for it.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub heads: SubsetHeads,
    /// Drugs and targets under each subset.
    pub projected: Vec<[Projected; 2]>,
}

/// What reads pairs of encoded entities under each subset: one and the same, unless structure has a model of its own.
#[derive(Clone, Debug)]
pub(super) struct SubsetHeads {
    everything: Arc<PairHead>,
    structure: Arc<PairHead>,
}

impl SubsetHeads {
    /// Takes them out of `model`, and out of its structure model where it has one.
    pub fn new(model: &Model, structure: Option<&Model>) -> Self {
        let everything = Arc::new(model.fused_head());
        let structure = structure.map_or_else(|| everything.clone(), |model| Arc::new(model.fused_head()));
        Self { everything, structure }
    }

    pub fn of(&self, subset: InputSubset) -> &PairHead {
        match subset {
            InputSubset::Everything => &self.everything,
            InputSubset::Structure => &self.structure,
        }
    }
}

/// The part of a model that reads pairs of encoded entities, as plain values, and the shape of its outputs.
pub(super) type PairHead = (FusedHead, (usize, bool));

/// Mean attention weight of each modality in the embedding of an entity; a row adds up to 1.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a> {
    side: &'a EncodedSide,
}

impl<'a> AttentionWeights<'a> {
    /// Weights of one entity by its store row, in the order of the model's modalities of that side, `[M]`.
    pub fn of(&self, id: u32) -> &'a [f32] {
        let (width, at) = (self.side.attention.width, self.side.position(id));
        &self.side.attention.values[at * width..(at + 1) * width]
    }
}

impl Encoded {
    /// The drugs of `drugs` with the targets of `targets`, both encoded for the same subsets. The embeddings are shared, not copied.
    pub fn joined(drugs: &Self, targets: &Self) -> Self {
        Self {
            subsets: drugs.subsets.clone(),
            drugs: drugs.drugs.clone(),
            targets: targets.targets.clone(),
            further: (drugs.further.iter().zip(&targets.further))
                .map(|(drugs, targets)| Self::joined(drugs, targets))
                .collect(),
            ready: None,
        }
    }

    /// The same entities as each member of an ensemble encodes them, the first member first.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.further)
    }

    /// With what the further members of an ensemble make of the same entities.
    pub(crate) fn with_further(self, further: Vec<Self>) -> Self {
        Self { further, ..self }
    }

    /// These entities, projected for what reads them.
    pub(super) fn projected(&self, heads: SubsetHeads) -> Ready {
        let of = |at: usize| {
            let (head, _) = heads.of(self.subsets[at]);
            [0, 1].map(|side| head.project(self.embeddings(at, side).clone(), side))
        };
        Ready {
            projected: (0..self.subsets.len()).map(of).collect(),
            heads,
        }
    }

    /// Embeddings by the first member of the distinct drugs (`side` 0) or targets (1) under the subset at `subset`, `[B, D]`, in the order of
    /// [`Encoded::ids`].
    pub fn embeddings(&self, subset: usize, side: usize) -> &Tensor<2> {
        &self.side(side).embeddings[subset]
    }

    /// [`Encoded::embeddings`] as plain values, `[B, D]` row by row.
    pub fn embeddings_on_host(&self, subset: usize, side: usize) -> Vec<f32> {
        match self.side(side).embeddings.get(subset) {
            Some(embeddings) if !self.ids(side).is_empty() => {
                let data = embeddings.clone().into_data();
                data.try_into_vec::<f32>().expect("embeddings are f32")
            }
            _ if subset == 0 => self.side(side).kept.clone(),
            _ => Vec::new(),
        }
    }

    /// Store rows of the distinct drugs (`side` 0) or targets (1), ascending, `[B]`.
    pub fn ids(&self, side: usize) -> &[u32] {
        &self.side(side).ids
    }

    /// Attention weights of drugs (`side` 0) or targets (1), of the first member.
    pub fn attention(&self, side: usize) -> AttentionWeights<'_> {
        AttentionWeights { side: self.side(side) }
    }

    pub(super) fn side(&self, side: usize) -> &EncodedSide {
        match side {
            0 => &self.drugs,
            _ => &self.targets,
        }
    }

    /// Positions of the drugs and targets of `pairs` among the encoded ones.
    pub(super) fn positions(&self, pairs: &[(u32, u32)]) -> PairIndex {
        PairIndex {
            drug: pairs.iter().map(|p| self.drugs.position(p.0) as u32).collect(),
            target: pairs.iter().map(|p| self.targets.position(p.1) as u32).collect(),
        }
    }
}
