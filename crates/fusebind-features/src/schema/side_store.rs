//! Side modalities of all entities of a run, and of the entities of a batch.
//!
//! Comes in: rows that [`super::SideSchema`] featurised. Goes out: [`SideBatch`], with masked modalities left out. Axis legend: `B`
//! entities, `V` terms, `S` signatures, `G` genes, `A` assays, `E` embedding dimensions.

use std::sync::Arc;

use super::side_dims::{STRUCTURES, SideDims};
use crate::{
    batch::{Bag, Words},
    feature::bioassay,
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::{Descriptors, SimilarityKind},
    rows::Rows,
    sparse_rows::SparseRows,
};

/// Side modalities of all entities of a run, featurised once.
#[derive(Clone, Debug, Default)]
pub struct SideStore {
    pub(super) text: SparseRows,
    pub(super) words: Vec<Vec<u32>>,
    pub(super) signatures: Rows,
    pub(super) of_entity: Vec<Vec<u32>>,
    pub(super) bioassay: SparseRows,
    /// Rows of zeros where there is none.
    pub(super) embeddings: Vec<(Modality, Rows)>,
    /// Whether neighbours are found by embeddings as well.
    pub(super) compare_embeddings: bool,
    pub(super) present: Vec<ModalitySet>,
    /// Empty where every weight is 1.
    pub(super) modality_weights: Vec<ModalityWeights>,
    pub(super) channels: SideDims,
}

/// Side modalities of the entities of a batch.
#[derive(Clone, Debug)]
pub struct SideBatch {
    /// Weighted terms, `[B, V]`, and words in order where they are read.
    pub text: Option<(Arc<Bag>, Words)>,
    /// Signatures `[S, G]`, and the first of each entity, `[B + 1]`.
    pub transcriptome: Option<(Rows, Arc<Vec<u32>>)>,
    /// Assay tokens, `[B, 3 A]`.
    pub bioassay: Option<Arc<Bag>>,
    /// Embeddings from other models, each `[B, E]`; zero where there is none.
    pub embeddings: Vec<(Modality, Rows)>,
}

impl SideBatch {
    /// What is left without side modalities: embeddings of the structure from other models.
    pub(super) fn structure_only(self) -> Self {
        let embeddings = self.embeddings.into_iter().filter(|(m, _)| STRUCTURES.contains(m));
        Self {
            text: None,
            transcriptome: None,
            bioassay: None,
            embeddings: embeddings.collect(),
        }
    }
}

impl SideStore {
    /// Whether no side modality is read.
    pub fn is_empty(&self) -> bool {
        self.channels == SideDims::default()
    }

    /// Side modalities that an entity has.
    pub fn present(&self, entity: u32) -> ModalitySet {
        self.present.get(entity as usize).copied().unwrap_or_default()
    }

    /// Weights of the modalities of an entity.
    pub fn modality_weights(&self, entity: u32) -> ModalityWeights {
        self.modality_weights.get(entity as usize).copied().unwrap_or_default()
    }

    /// Sets the modality weights of each entity.
    pub fn set_modality_weights(&mut self, modality_weights: Vec<ModalityWeights>) {
        self.modality_weights = modality_weights;
    }

    /// What similarities between entities are measured on.
    pub fn descriptors(&self) -> Vec<(SimilarityKind, Descriptors)> {
        let mut all = Vec::new();
        if self.channels.text > 0 {
            all.push((SimilarityKind::Text, Descriptors::Sparse(self.text.clone())));
        }
        if self.channels.transcriptome > 0 {
            let width = self.signatures.width;
            let mean = Rows::build(self.of_entity.len(), width, |entity, out| {
                for row in &self.of_entity[entity] {
                    let start = *row as usize * width;
                    let signature = &self.signatures.values[start..start + width];
                    out.iter_mut().zip(signature).for_each(|(o, v)| *o += v);
                }
            });
            all.push((SimilarityKind::Transcriptome, Descriptors::dense(mean.values, width)));
        }
        if self.channels.bioassay > 0 {
            all.push((
                SimilarityKind::Bioassay,
                Descriptors::Sparse(bioassay::likeness(&self.bioassay)),
            ));
        }
        if self.compare_embeddings {
            all.extend(self.embedded());
        }
        all
    }

    /// Embeddings of each modality; several of one modality stand behind each other in a row, so that their cosines are averaged.
    fn embedded(&self) -> Vec<(SimilarityKind, Descriptors)> {
        let of = |modality: Modality| {
            let kind = SimilarityKind::of_embedding(modality)?;
            let mine = || {
                self.embeddings
                    .iter()
                    .filter(|(own, _)| *own == modality)
                    .map(|(_, rows)| rows)
            };
            let width: usize = mine().map(|rows| rows.width).sum();
            let joined = Rows::build(self.present.len(), width, |entity, mut out| {
                for rows in mine() {
                    let (own, rest) = out.split_at_mut(rows.width);
                    own.copy_from_slice(&rows.values[entity * rows.width..(entity + 1) * rows.width]);
                    out = rest;
                }
            });
            (width > 0).then(|| (kind, Descriptors::dense(joined.values, width)))
        };
        [Modality::Graph, Modality::Sequence, Modality::Text]
            .into_iter()
            .filter_map(of)
            .collect()
    }

    /// One entity `count` times.
    pub(super) fn repeated(&self, entity: u32, count: usize) -> Self {
        let ids = vec![entity; count];
        let one = entity as usize;
        let sparse = |rows: &SparseRows| match rows.len() {
            0 => SparseRows::default(),
            _ => rows.select(&ids),
        };
        Self {
            text: sparse(&self.text),
            words: self
                .words
                .get(one)
                .map_or_else(Vec::new, |words| vec![words.clone(); count]),
            signatures: self.signatures.clone(),
            of_entity: self
                .of_entity
                .get(one)
                .map_or_else(Vec::new, |rows| vec![rows.clone(); count]),
            bioassay: sparse(&self.bioassay),
            embeddings: (self.embeddings.iter())
                .map(|(modality, rows)| (*modality, rows.select(&ids)))
                .collect(),
            compare_embeddings: self.compare_embeddings,
            present: vec![self.present(entity); count],
            modality_weights: vec![self.modality_weights(entity); count],
            channels: self.channels.clone(),
        }
    }

    /// Packs the entities at `indices`, each with its modalities to mask.
    pub fn batch(&self, entities: &[(u32, ModalitySet)]) -> SideBatch {
        let bag = |rows: &SparseRows, modality: Modality, width: usize| {
            let row = |(entity, masked): &(u32, ModalitySet)| match masked.contains(modality) {
                true => (&[][..], &[][..]),
                false => rows.row(*entity as usize),
            };
            (width > 0).then(|| Arc::new(Bag::new(entities.iter().map(row), width)))
        };
        let transcriptome = (self.channels.transcriptome > 0).then(|| {
            let (mut picked, mut offsets) = (Vec::new(), vec![0u32]);
            for (entity, masked) in entities {
                if !masked.contains(Modality::Transcriptome) {
                    picked.extend_from_slice(&self.of_entity[*entity as usize]);
                }
                offsets.push(picked.len() as u32);
            }
            (self.signatures.select(&picked), Arc::new(offsets))
        });
        SideBatch {
            text: bag(&self.text, Modality::Text, self.channels.text).map(|bag| {
                let row = |(entity, masked): &(u32, ModalitySet)| match masked.contains(Modality::Text) {
                    true => Vec::new(),
                    false => self.words[*entity as usize].clone(),
                };
                let rows = entities.iter().map(row).collect();
                (bag, Words { rows })
            }),
            transcriptome,
            bioassay: bag(&self.bioassay, Modality::Bioassay, self.channels.bioassay),
            embeddings: (self.embeddings.iter())
                .map(|(modality, rows)| {
                    let picked = Rows::build(entities.len(), rows.width, |at, out| {
                        let (entity, masked) = entities[at];
                        if !masked.contains(*modality) {
                            let start = entity as usize * rows.width;
                            out.copy_from_slice(&rows.values[start..start + rows.width]);
                        }
                    });
                    (*modality, picked)
                })
                .collect(),
        }
    }
}
