//! One entity and variants of it that lack a part of its structure, as the rows of a store.
//!
//! Comes in: a store, one of its rows, and the structures of the variants. Goes out: a store whose row 0 is the entity itself and whose
//! further rows are the variants. All have the identity and the side modalities of the entity: what is known of it stays known.

use super::{DrugStore, TargetStore};
use crate::{
    entity::protein::Protein,
    feature::{composition, occlusion::WithoutAtom, sequence::SequenceFeatures, substructure},
    neighbours::{Descriptors, SimilarityKind},
    rows::{InputScale, Rows},
};

/// Descriptors of variants: their structures, and otherwise those of the entity.
fn descriptors(
    of_store: &[(SimilarityKind, Descriptors)],
    row: u32,
    count: usize,
    structure: impl Fn(SimilarityKind) -> Option<Descriptors>,
) -> Vec<(SimilarityKind, Descriptors)> {
    let of = |(kind, all): &(SimilarityKind, Descriptors)| {
        let same = || all.select(&vec![row; count]);
        (*kind, structure(*kind).unwrap_or_else(same))
    };
    of_store.iter().map(of).collect()
}

impl DrugStore {
    /// The drug in `row`, and `variants` of it, with substructure counts scaled by `scale` as those of the store are.
    pub fn with_variants(&self, row: u32, variants: &[WithoutAtom], scale: &InputScale) -> Self {
        let (one, count) = (row as usize, variants.len() + 1);
        let own = self.substructures.select(&[row]);
        let mut further = Rows::build(variants.len(), own.width, |at, out| {
            substructure::fold(&variants[at].graph.substructures, out);
        });
        further.rescale(scale);
        let prints = |kind: SimilarityKind| match (kind, self.descriptors.iter().find(|(k, _)| *k == kind)) {
            (SimilarityKind::Graph, Some((_, Descriptors::Bits(prints)))) => {
                let all = std::iter::once(&prints[one]).chain(variants.iter().map(|v| &v.fingerprint));
                Some(Descriptors::Bits(all.cloned().collect()))
            }
            _ => None,
        };
        let graphs = std::iter::once(&self.graphs[one]).chain(variants.iter().map(|v| &v.graph));
        Self {
            graphs: graphs.cloned().collect(),
            substructures: Rows {
                values: [own.values, further.values].concat(),
                width: own.width,
            },
            keys: vec![self.keys[one].clone(); count],
            presumed_inert: vec![self.presumed_inert[one]; count],
            side: self.side.repeated(row, count),
            descriptors: descriptors(&self.descriptors, row, count, prints),
        }
    }
}

impl TargetStore {
    /// The target in `row`, and `variants` of it, with the composition scaled by `scale` as that of the store is.
    pub fn with_variants(&self, row: u32, variants: &[SequenceFeatures], scale: &InputScale) -> Self {
        let (one, count) = (row as usize, variants.len() + 1);
        let own = self.composition.select(&[row]);
        let mut further = Rows::build(variants.len(), own.width, |at, out| {
            composition::fold(&variants[at].residues, out);
        });
        further.rescale(scale);
        let sequences: Vec<SequenceFeatures> = std::iter::once(&self.sequences[one]).chain(variants).cloned().collect();
        let proteins: Vec<Protein> = (sequences.iter())
            .map(|features| Protein {
                sequence: self.keys[one].clone(),
                features: features.clone(),
            })
            .collect();
        let kmers = |kind: SimilarityKind| {
            let length = match kind {
                SimilarityKind::Sequence3 => 3,
                SimilarityKind::Sequence4 => 4,
                _ => return None,
            };
            Some(Descriptors::kmers(proteins.iter(), length))
        };
        Self {
            composition: Rows {
                values: [own.values, further.values].concat(),
                width: own.width,
            },
            keys: vec![self.keys[one].clone(); count],
            counterparts: self
                .counterparts
                .get(one)
                .map_or_else(Vec::new, |found| vec![*found; count]),
            side: self.side.repeated(row, count),
            descriptors: descriptors(&self.descriptors, row, count, kmers),
            sequences,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;
    use crate::{
        entity::molecule::{ChematicToolkit, Chemistry},
        feature::occlusion::without_atoms,
    };

    #[test]
    fn the_first_row_is_the_entity_and_the_others_lack_a_part() {
        let molecules = ["CCO", "CC(=O)Nc1ccccc1"].map(|smiles| ChematicToolkit.molecule(smiles).unwrap());
        let store = DrugStore::new(molecules.iter(), 64);
        let variants = without_atoms(&molecules[1].graph).unwrap();
        let found = store.with_variants(1, &variants, &InputScale::default());
        assert_eq!(found.keys, vec![store.keys[1].clone(); variants.len() + 1]);
        assert_eq!(found.substructures.select(&[0]), store.substructures.select(&[1]));
        assert!(
            (1..found.keys.len() as u32)
                .all(|at| found.substructures.select(&[at]) != store.substructures.select(&[1]))
        );
        let protein = Protein::parse("MKTAYIAKQRQISFVKSHFSRQ").unwrap();
        let targets = TargetStore::new([&protein].into_iter(), 64);
        let cut = crate::feature::occlusion::without_window(&protein.features, (3, 9));
        let found = targets.with_variants(0, &[cut], &InputScale::default());
        assert_eq!(found.composition.select(&[0]), targets.composition);
        assert_ne!(found.composition.select(&[1]), targets.composition);
        assert_eq!(found.descriptors.len(), 2);
    }
}
