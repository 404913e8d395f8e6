//! What the model reads: the distinct drugs and targets of a batch, packed from stores that are featurised once per run.
//!
//! Axis legend: `B` entities, `S` substructure channels, `K` composition channels, `P` pairs.

use std::sync::Arc;

use fusebind_features::{
    batch::{GraphBatch, SequenceBatch},
    entity::{molecule::Molecule, protein::Protein},
    feature::{composition, graph::GraphFeatures, sequence::SequenceFeatures, substructure},
};
use rayon::prelude::*;

use crate::encoder::{graph::GraphEncoderConfig, sequence::SequenceEncoderConfig};

/// A dense row per entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Values, `[B, width]`.
    pub values: Vec<f32>,
    /// Channels per row.
    pub width: usize,
}

impl Rows {
    /// Rows of `width` channels, each written by `write` from the row's index; rows are zero on entry.
    pub fn build(rows: usize, width: usize, write: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        let mut values = vec![0.0; rows * width];
        if width > 0 {
            values.par_chunks_mut(width).enumerate().for_each(|(index, row)| write(index, row));
        }
        Self { values, width }
    }

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
    /// Featurises `molecules` as an encoder of `config` reads them.
    pub fn new<'a>(molecules: impl Iterator<Item = &'a Molecule>, config: &GraphEncoderConfig) -> Self {
        let molecules: Vec<&Molecule> = molecules.collect();
        let substructures = Rows::build(molecules.len(), config.substructures, |index, row| {
            substructure::fold(&molecules[index].graph.substructures, row);
        });
        Self { graphs: molecules.iter().map(|m| m.graph.clone()).collect(), substructures }
    }

    /// Packs the drugs at `indices`.
    pub fn batch(&self, indices: &[u32]) -> DrugInput {
        DrugInput {
            graphs: GraphBatch::pack(indices.iter().map(|&i| &self.graphs[i as usize])),
            substructures: self.substructures.select(indices),
        }
    }
}

impl TargetStore {
    /// Featurises `proteins` as an encoder of `config` reads them.
    pub fn new<'a>(proteins: impl Iterator<Item = &'a Protein>, config: &SequenceEncoderConfig) -> Self {
        let proteins: Vec<&Protein> = proteins.collect();
        let composition = Rows::build(proteins.len(), config.composition, |index, row| {
            composition::fold(&proteins[index].features.residues, row);
        });
        Self { sequences: proteins.iter().map(|p| p.features.clone()).collect(), composition }
    }

    /// Packs the targets at `indices`.
    pub fn batch(&self, indices: &[u32]) -> TargetInput {
        TargetInput {
            sequences: Arc::new(SequenceBatch::pack(indices.iter().map(|&i| &self.sequences[i as usize]))),
            composition: self.composition.select(indices),
        }
    }
}
