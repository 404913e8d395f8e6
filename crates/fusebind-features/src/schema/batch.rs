//! What an encoder reads: the distinct drugs or targets of a batch, packed from stores that are featurised once per run.
//!
//! Axis legend: `B` entities, `S` substructure features, `K` composition features.

use std::sync::Arc;

use super::side_store::SideBatch;
use crate::{
    batch::{GraphBatch, SequenceBatch},
    modality::{ModalitySet, ModalityWeights},
    rows::Rows,
};

/// The distinct drugs of a batch.
#[derive(Clone, Debug)]
pub struct DrugBatch {
    /// Packed graphs.
    pub graphs: GraphBatch,
    /// Folded substructure counts, `[B, S]`.
    pub substructures: Rows,
    /// Side modalities.
    pub side: SideBatch,
    /// What is present of each drug, `[B]`.
    pub present: Vec<ModalitySet>,
    /// Weight of each modality that is present, `[B]`.
    pub modality_weights: Vec<ModalityWeights>,
    /// Whether an entity takes part in alignment, `[B]`: not a second row of the same one, nor one with values of another.
    pub aligned: Vec<bool>,
}

/// The distinct targets of a batch.
#[derive(Clone, Debug)]
pub struct TargetBatch {
    /// Packed residues.
    pub sequences: Arc<SequenceBatch>,
    /// Folded k-mer composition, `[B, K]`.
    pub composition: Rows,
    /// Side modalities.
    pub side: SideBatch,
    /// What is present of each target, `[B]`.
    pub present: Vec<ModalitySet>,
    /// Weight of each modality that is present, `[B]`.
    pub modality_weights: Vec<ModalityWeights>,
    /// Whether an entity takes part in alignment, `[B]`: not a second row of the same one, nor one with values of another.
    pub aligned: Vec<bool>,
}

impl DrugBatch {
    /// The same drugs without the values of their side modalities.
    pub fn structure_only(mut self) -> Self {
        self.side = self.side.structure_only();
        self
    }

    /// The same drugs; those that are `permuted` take no part in alignment.
    pub fn without_permuted(mut self, permuted: &[bool]) -> Self {
        self.aligned
            .iter_mut()
            .zip(permuted)
            .for_each(|(aligned, permuted)| *aligned &= !permuted);
        self
    }

    /// The same drugs, their modalities weighted no more than `modality_weights` says.
    pub fn weighted(mut self, modality_weights: ModalityWeights) -> Self {
        self.modality_weights
            .iter_mut()
            .for_each(|own| *own = own.and(modality_weights));
        self
    }
}

impl TargetBatch {
    /// The same targets without the values of their side modalities.
    pub fn structure_only(mut self) -> Self {
        self.side = self.side.structure_only();
        self
    }

    /// The same targets; those that are `permuted` take no part in alignment.
    pub fn without_permuted(mut self, permuted: &[bool]) -> Self {
        self.aligned
            .iter_mut()
            .zip(permuted)
            .for_each(|(aligned, permuted)| *aligned &= !permuted);
        self
    }

    /// The same targets, with the weights of their modalities multiplied by `modality_weights`.
    pub fn weighted(mut self, modality_weights: ModalityWeights) -> Self {
        self.modality_weights
            .iter_mut()
            .for_each(|own| *own = own.and(modality_weights));
        self
    }
}
