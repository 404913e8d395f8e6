//! What the model reads: the distinct drugs and targets of a batch, packed from stores that are featurised once per run.
//!
//! Axis legend: `B` entities, `S` substructure channels, `K` composition channels, `P` pairs.

use std::sync::Arc;

use fusebind_features::{
    batch::{GraphBatch, SequenceBatch},
    entity::{molecule::Molecule, protein::Protein},
    evidence::{Bank, BankSide, Descriptors, Known, Source},
    feature::{composition, graph::GraphFeatures, sequence::SequenceFeatures, substructure},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

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
            values
                .par_chunks_mut(width)
                .enumerate()
                .for_each(|(index, row)| write(index, row));
        }
        Self { values, width }
    }

    /// Subtracts means and multiplies by factors, channel by channel.
    pub fn rescale(&mut self, scale: &InputScale) {
        if self.width == 0 || scale.mean.len() != self.width {
            return;
        }
        self.values.par_chunks_mut(self.width).for_each(|row| {
            for ((value, mean), factor) in row.iter_mut().zip(&scale.mean).zip(&scale.factor) {
                *value = (*value - mean) * factor;
            }
        });
    }

    /// Copies the rows at `indices`.
    pub fn select(&self, indices: &[u32]) -> Self {
        let mut values = Vec::with_capacity(indices.len() * self.width);
        for &index in indices {
            let start = index as usize * self.width;
            values.extend_from_slice(&self.values[start..start + self.width]);
        }
        Self {
            values,
            width: self.width,
        }
    }
}

/// Centring and scaling of input channels: `(x - mean) * factor`. Empty for none.
///
/// `factor = 1 / sqrt(sd * rms)` with `sd` the deviation of the channel and `rms` the root mean square of all deviations:
/// half way between scaling each channel alone, which inflates rare ones, and scaling all alike, which drowns them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputScale {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Factor of each channel; 0 for a channel that never varies.
    pub factor: Vec<f32>,
}

impl InputScale {
    /// Fits the scale on the rows at `indices`, which must be those of training entities.
    pub fn fit(rows: &Rows, indices: &[u32]) -> Self {
        let count = indices.len().max(1) as f64;
        let (mut sum, mut square) = (vec![0.0f64; rows.width], vec![0.0f64; rows.width]);
        for &index in indices {
            let start = index as usize * rows.width;
            for (c, value) in rows.values[start..start + rows.width].iter().enumerate() {
                sum[c] += f64::from(*value);
                square[c] += f64::from(*value) * f64::from(*value);
            }
        }
        let deviations: Vec<f64> = sum
            .iter()
            .zip(&square)
            .map(|(s, q)| (q / count - (s / count).powi(2)).max(0.0).sqrt())
            .collect();
        let rms = (deviations.iter().map(|d| d * d).sum::<f64>() / rows.width.max(1) as f64).sqrt();
        let factor = |d: &f64| {
            if *d > 1e-4 * rms && rms > 0.0 {
                (1.0 / (d * rms).sqrt()) as f32
            } else {
                0.0
            }
        };
        Self {
            mean: sum.iter().map(|s| (s / count) as f32).collect(),
            factor: deviations.iter().map(factor).collect(),
        }
    }
}

impl InputScale {
    /// Centres each channel of `rows` and scales it to unit deviation; a channel that never varies becomes 0.
    pub fn standard(rows: &Rows) -> Self {
        let count = (rows.values.len() / rows.width.max(1)).max(1) as f64;
        let (mut sum, mut square) = (vec![0.0f64; rows.width], vec![0.0f64; rows.width]);
        for row in rows.values.chunks(rows.width.max(1)) {
            for (c, value) in row.iter().enumerate() {
                sum[c] += f64::from(*value);
                square[c] += f64::from(*value) * f64::from(*value);
            }
        }
        let factor = |(s, q): (&f64, &f64)| {
            let variance = q / count - (s / count).powi(2);
            if variance > 1e-9 { (1.0 / variance.sqrt()) as f32 } else { 0.0 }
        };
        Self {
            factor: sum.iter().zip(&square).map(factor).collect(),
            mean: sum.iter().map(|s| (s / count) as f32).collect(),
        }
    }
}

/// Input scales of both sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputScales {
    /// Scale of folded substructure counts.
    pub substructures: InputScale,
    /// Scale of folded composition.
    pub composition: InputScale,
}

/// All drugs of a run, featurised once.
#[derive(Clone, Debug, Default)]
pub struct DrugStore {
    /// Molecular graphs.
    pub graphs: Vec<GraphFeatures>,
    /// Folded substructure counts, `[B, S]`.
    pub substructures: Rows,
    /// Identities: canonical SMILES.
    pub keys: Vec<String>,
    /// What similarities to other drugs are measured on.
    pub descriptors: Vec<(Source, Descriptors)>,
}

/// All targets of a run, featurised once.
#[derive(Clone, Debug, Default)]
pub struct TargetStore {
    /// Residue tokens.
    pub sequences: Vec<SequenceFeatures>,
    /// Folded k-mer composition, `[B, K]`.
    pub composition: Rows,
    /// Identities: sequences.
    pub keys: Vec<String>,
    /// What similarities to other targets are measured on.
    pub descriptors: Vec<(Source, Descriptors)>,
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
    /// The same drugs with scaled substructure counts.
    pub fn scaled(mut self, scale: &InputScale) -> Self {
        self.substructures.rescale(scale);
        self
    }

    /// Featurises `molecules` as an encoder of `config` reads them.
    pub fn new<'a>(molecules: impl Iterator<Item = &'a Molecule>, config: &GraphEncoderConfig) -> Self {
        let molecules: Vec<&Molecule> = molecules.collect();
        let substructures = Rows::build(molecules.len(), config.substructures, |index, row| {
            substructure::fold(&molecules[index].graph.substructures, row);
        });
        Self {
            graphs: molecules.iter().map(|m| m.graph.clone()).collect(),
            substructures,
            keys: molecules.iter().map(|m| m.smiles.clone()).collect(),
            descriptors: vec![(Source::Graph, Descriptors::fingerprints(molecules.iter().copied()))],
        }
    }

    /// Packs the drugs at `indices`.
    pub fn batch(&self, indices: &[u32]) -> DrugInput {
        DrugInput {
            graphs: GraphBatch::pack(indices.iter().map(|&i| &self.graphs[i as usize])),
            substructures: self.substructures.select(indices),
        }
    }
}

/// The entities at `indices` with all their descriptors.
fn bank_side(keys: &[String], descriptors: &[(Source, Descriptors)], indices: &[u32]) -> BankSide {
    BankSide {
        keys: indices.iter().map(|i| keys[*i as usize].clone()).collect(),
        sources: descriptors.iter().map(|(source, d)| (*source, d.select(indices))).collect(),
    }
}

/// A bank of the entities of `outcomes` (drug, target, value), which must be those of training pairs.
pub fn bank(drugs: &DrugStore, targets: &TargetStore, outcomes: &[(u32, u32, f32)]) -> Bank {
    let distinct = |ids: &mut dyn Iterator<Item = u32>| {
        let mut ids: Vec<u32> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let of_drugs = distinct(&mut outcomes.iter().map(|o| o.0));
    let of_targets = distinct(&mut outcomes.iter().map(|o| o.1));
    let place = |ids: &[u32], id: u32| ids.partition_point(|other| *other < id) as u32;
    let placed: Vec<(u32, u32, f32)> = (outcomes.iter())
        .map(|&(d, t, value)| (place(&of_drugs, d), place(&of_targets, t), value))
        .collect();
    Bank {
        drugs: bank_side(&drugs.keys, &drugs.descriptors, &of_drugs),
        targets: bank_side(&targets.keys, &targets.descriptors, &of_targets),
        known: Known::new(of_drugs.len(), of_targets.len(), &placed),
    }
}

impl TargetStore {
    /// The same targets with scaled composition.
    pub fn scaled(mut self, scale: &InputScale) -> Self {
        self.composition.rescale(scale);
        self
    }

    /// Featurises `proteins` as an encoder of `config` reads them.
    pub fn new<'a>(proteins: impl Iterator<Item = &'a Protein>, config: &SequenceEncoderConfig) -> Self {
        let proteins: Vec<&Protein> = proteins.collect();
        let composition = Rows::build(proteins.len(), config.composition, |index, row| {
            composition::fold(&proteins[index].features.residues, row);
        });
        Self {
            sequences: proteins.iter().map(|p| p.features.clone()).collect(),
            composition,
            keys: proteins.iter().map(|p| p.sequence.clone()).collect(),
            descriptors: vec![
                (Source::Sequence3, Descriptors::kmers(proteins.iter().copied(), 3)),
                (Source::Sequence4, Descriptors::kmers(proteins.iter().copied(), 4)),
            ],
        }
    }

    /// Packs the targets at `indices`.
    pub fn batch(&self, indices: &[u32]) -> TargetInput {
        TargetInput {
            sequences: Arc::new(SequenceBatch::pack(
                indices.iter().map(|&i| &self.sequences[i as usize]),
            )),
            composition: self.composition.select(indices),
        }
    }
}
