//! What the model reads: the distinct drugs and targets of a batch, packed from stores that are featurised once per run.
//!
//! Axis legend: `B` entities, `S` substructure channels, `K` composition channels, `P` pairs.

use std::sync::Arc;

use fusebind_features::{
    batch::{GraphBatch, SequenceBatch},
    feature::{graph::GraphFeatures, sequence::SequenceFeatures},
};

/// A dense row per entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Values, `[B, width]`.
    pub values: Vec<f32>,
    /// Channels per row.
    pub width: usize,
}

impl Rows {
    /// Copies the rows at `indices`.
    pub fn select(&self, indices: &[u32]) -> Self {
        let mut values = Vec::with_capacity(indices.len() * self.width);
        for &index in indices {
            let start = index as usize * self.width;
            values.extend_from_slice(&self.values[start..start + self.width]);
        }
        Self { values, width: self.width }
    }
}

/// All drugs of a run, featurised once.
#[derive(Clone, Debug, Default)]
pub struct DrugStore {
    /// Molecular graphs.
    pub graphs: Vec<GraphFeatures>,
    /// Folded substructure counts, `[B, S]`.
    pub substructures: Rows,
}

/// All targets of a run, featurised once.
#[derive(Clone, Debug, Default)]
pub struct TargetStore {
    /// Residue tokens.
    pub sequences: Vec<SequenceFeatures>,
    /// Folded k-mer composition, `[B, K]`.
    pub composition: Rows,
}

/// The distinct drugs of a batch.
#[derive(Clone, Debug)]
pub struct DrugInput {
    /// Packed graphs.
    pub graphs: GraphBatch,
    /// Folded substructure counts, `[B, S]`.
    pub substructures: Rows,
}

/// The distinct targets of a batch.
#[derive(Clone, Debug)]
pub struct TargetInput {
    /// Packed residues.
    pub sequences: Arc<SequenceBatch>,
    /// Folded k-mer composition, `[B, K]`.
    pub composition: Rows,
}

impl DrugStore {
    /// Packs the drugs at `indices`.
    pub fn batch(&self, indices: &[u32]) -> DrugInput {
        DrugInput {
            graphs: GraphBatch::pack(indices.iter().map(|&i| &self.graphs[i as usize])),
            substructures: self.substructures.select(indices),
        }
    }
}

impl TargetStore {
    /// Packs the targets at `indices`.
    pub fn batch(&self, indices: &[u32]) -> TargetInput {
        TargetInput {
            sequences: Arc::new(SequenceBatch::pack(indices.iter().map(|&i| &self.sequences[i as usize]))),
            composition: self.composition.select(indices),
        }
    }
}
