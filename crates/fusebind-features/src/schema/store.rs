//! All drugs and all targets of a run, featurised once.

use std::{collections::HashSet, sync::Arc};

use super::{
    batch::{DrugBatch, TargetBatch},
    side_store::SideStore,
};
use crate::{
    batch::{GraphBatch, SequenceBatch},
    entity::{molecule::Molecule, protein::Protein},
    feature::{composition, graph::GraphFeatures, sequence::SequenceFeatures, substructure},
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::{Counterpart, Descriptors, InteractionMatrix, ReferenceEntities, ReferenceSet, SimilarityKind},
    rows::{InputScale, Rows},
};

/// All drugs of a run, featurised once.
#[derive(Clone, Debug, Default)]
pub struct DrugStore {
    /// Molecular graphs.
    pub graphs: Vec<GraphFeatures>,
    /// Folded substructure counts, `[B, S]`.
    pub substructures: Rows,
    /// Identities: canonical SMILES.
    pub keys: Vec<String>,
    /// Whether each one is presumed to bind nothing; empty where nobody asks.
    pub presumed_inert: Vec<bool>,
    /// Side modalities.
    pub side: SideStore,
    /// What similarities to other drugs are measured on.
    pub descriptors: Vec<(SimilarityKind, Descriptors)>,
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
    /// Training target that each one is recognised as; empty before [`TargetStore::recognise`].
    pub counterparts: Vec<Option<Counterpart>>,
    /// Side modalities.
    pub side: SideStore,
    /// What similarities to other targets are measured on.
    pub descriptors: Vec<(SimilarityKind, Descriptors)>,
}

impl DrugStore {
    /// The same drugs with scaled substructure counts.
    pub fn scaled(mut self, scale: &InputScale) -> Self {
        self.substructures.rescale(scale);
        self
    }

    /// Featurises `molecules`, with counts of substructures folded to `substructures` features.
    pub fn new<'a>(molecules: impl Iterator<Item = &'a Molecule>, substructures: usize) -> Self {
        let molecules: Vec<&Molecule> = molecules.collect();
        let substructures = Rows::build(molecules.len(), substructures, |index, row| {
            substructure::fold(&molecules[index].graph.substructures, row);
        });
        Self {
            graphs: molecules.iter().map(|m| m.graph.clone()).collect(),
            substructures,
            keys: molecules.iter().map(|m| m.smiles.clone()).collect(),
            presumed_inert: molecules.iter().map(|m| m.is_presumed_inert()).collect(),
            side: SideStore::default(),
            descriptors: vec![(
                SimilarityKind::Graph,
                Descriptors::fingerprints(molecules.iter().copied()),
            )],
        }
    }

    /// The same drugs with their side modalities, by which neighbours are found as well.
    pub fn with_side(mut self, side: SideStore) -> Self {
        self.descriptors.extend(side.descriptors());
        self.side = side;
        self
    }

    /// Packs the drugs at `indices`, with everything that is known of them.
    pub fn batch(&self, indices: &[u32]) -> DrugBatch {
        self.batch_without(&indices.iter().map(|i| (*i, ModalitySet::default())).collect::<Vec<_>>())
    }

    /// Packs drugs, each with its modalities to mask.
    pub fn batch_without(&self, drugs: &[(u32, ModalitySet)]) -> DrugBatch {
        let indices: Vec<u32> = drugs.iter().map(|d| d.0).collect();
        let (present, modality_weights) = self.presence(drugs);
        DrugBatch {
            side: self.side.batch(drugs),
            present,
            modality_weights,
            aligned: first_rows(&self.keys, drugs),
            graphs: GraphBatch::pack(indices.iter().map(|&i| &self.graphs[i as usize])),
            substructures: self.substructures.select(&indices),
        }
    }

    /// What is present of drugs, each with its modalities to mask, and the modality weights.
    pub fn presence(&self, drugs: &[(u32, ModalitySet)]) -> (Vec<ModalitySet>, Vec<ModalityWeights>) {
        presence(&self.side, Modality::Graph, drugs)
    }
}

/// Whether each row is the first of its entity.
fn first_rows(keys: &[String], entities: &[(u32, ModalitySet)]) -> Vec<bool> {
    let mut seen = HashSet::with_capacity(entities.len());
    entities
        .iter()
        .map(|e| seen.insert(keys[e.0 as usize].as_str()))
        .collect()
}

/// Structure and side modalities of each entity except masked ones; their weights.
fn presence(
    side: &SideStore,
    structure: Modality,
    entities: &[(u32, ModalitySet)],
) -> (Vec<ModalitySet>, Vec<ModalityWeights>) {
    let present = |(entity, masked): &(u32, ModalitySet)| {
        let mut present = side.present(*entity);
        present.insert(structure);
        present.iter().filter(|m| !masked.contains(*m)).collect()
    };
    (
        entities.iter().map(present).collect(),
        entities.iter().map(|e| side.modality_weights(e.0)).collect(),
    )
}

/// The entities at `indices` with all their descriptors.
pub fn reference_entities(
    keys: &[String],
    descriptors: &[(SimilarityKind, Descriptors)],
    indices: &[u32],
) -> ReferenceEntities {
    ReferenceEntities {
        keys: indices.iter().map(|i| keys[*i as usize].clone()).collect(),
        sources: descriptors
            .iter()
            .map(|(source, d)| (*source, d.select(indices)))
            .collect(),
        ..ReferenceEntities::default()
    }
}

/// A reference of the entities of `outcomes` (drug, target, value), which must be those of training pairs.
pub fn reference_set(drugs: &DrugStore, targets: &TargetStore, outcomes: &[(u32, u32, f32)]) -> ReferenceSet {
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
    ReferenceSet {
        drugs: reference_entities(&drugs.keys, &drugs.descriptors, &of_drugs),
        targets: reference_entities(&targets.keys, &targets.descriptors, &of_targets),
        known: InteractionMatrix::new(of_drugs.len(), of_targets.len(), &placed),
    }
}

impl TargetStore {
    /// The same targets with scaled composition.
    pub fn scaled(mut self, scale: &InputScale) -> Self {
        self.composition.rescale(scale);
        self
    }

    /// Featurises `proteins`, with k-mer counts folded to `composition` features.
    pub fn new<'a>(proteins: impl Iterator<Item = &'a Protein>, composition: usize) -> Self {
        let proteins: Vec<&Protein> = proteins.collect();
        let composition = Rows::build(proteins.len(), composition, |index, row| {
            composition::fold(&proteins[index].features.residues, row);
        });
        Self {
            sequences: proteins.iter().map(|p| p.features.clone()).collect(),
            composition,
            keys: proteins.iter().map(|p| p.sequence.clone()).collect(),
            counterparts: Vec::new(),
            side: SideStore::default(),
            descriptors: vec![
                (
                    SimilarityKind::Sequence3,
                    Descriptors::kmers(proteins.iter().copied(), 3),
                ),
                (
                    SimilarityKind::Sequence4,
                    Descriptors::kmers(proteins.iter().copied(), 4),
                ),
            ],
        }
    }

    /// The same targets, in which one that is a training target in another form (a tag, a construct, a few mutations) is read as that
    /// target; its identity stays its own. `training` are the training targets. Comes before scaling and side modalities.
    pub fn recognise(mut self, training: &ReferenceEntities) -> Self {
        self.counterparts = training.recognise(self.keys.iter().map(String::as_str), &self.descriptors);
        let ids: Vec<Option<u32>> = self
            .counterparts
            .iter()
            .map(|found| found.map(|found| found.id))
            .collect();
        for (at, id) in ids.iter().enumerate().filter_map(|(at, id)| Some((at, (*id)?))) {
            // The keys of a reference are sequences that were read before.
            let Ok(protein) = Protein::parse(&training.keys[id as usize]) else {
                continue;
            };
            let width = self.composition.width;
            let row = &mut self.composition.values[at * width..(at + 1) * width];
            row.fill(0.0);
            composition::fold(&protein.features.residues, row);
            self.sequences[at] = protein.features;
        }
        for (kind, descriptors) in &mut self.descriptors {
            if let Some((_, of_training)) = training.sources.iter().find(|(own, _)| own == kind) {
                *descriptors = descriptors.with_rows_of(of_training, &ids);
            }
        }
        self
    }

    /// The same targets with their side modalities, by which neighbours are found as well.
    pub fn with_side(mut self, side: SideStore) -> Self {
        self.descriptors.extend(side.descriptors());
        self.side = side;
        self
    }

    /// Packs the targets at `indices`, with everything that is known of them.
    pub fn batch(&self, indices: &[u32]) -> TargetBatch {
        self.batch_without(&indices.iter().map(|i| (*i, ModalitySet::default())).collect::<Vec<_>>())
    }

    /// Packs targets, each with its modalities to mask.
    pub fn batch_without(&self, targets: &[(u32, ModalitySet)]) -> TargetBatch {
        let indices: Vec<u32> = targets.iter().map(|t| t.0).collect();
        let (present, modality_weights) = self.presence(targets);
        TargetBatch {
            side: self.side.batch(targets),
            present,
            modality_weights,
            aligned: first_rows(&self.keys, targets),
            sequences: Arc::new(SequenceBatch::pack(
                indices.iter().map(|&i| &self.sequences[i as usize]),
            )),
            composition: self.composition.select(&indices),
        }
    }

    /// What is present of targets, each with its modalities to mask, and the modality weights.
    pub fn presence(&self, targets: &[(u32, ModalitySet)]) -> (Vec<ModalitySet>, Vec<ModalityWeights>) {
        presence(&self.side, Modality::Sequence, targets)
    }
}
