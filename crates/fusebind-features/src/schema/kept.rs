//! Single entities taken out of a store, to be kept beside their encodings, and put together again for other pairs.
//!
//! Comes in: stores of featurised entities. Goes out: stores of one entity each, without what encoders read, and the join of such stores. They
//! hold all that scoring encoded pairs asks for: identities, descriptors for the neighbours, which side modalities there are, and their weights.

use super::{
    side_store::SideStore,
    store::{DrugStore, TargetStore},
};
use crate::neighbours::{Descriptors, SimilarityKind};

/// Descriptors of one entity.
fn one(all: &[(SimilarityKind, Descriptors)], at: u32) -> Vec<(SimilarityKind, Descriptors)> {
    let of = |(kind, descriptors): &(SimilarityKind, Descriptors)| (*kind, descriptors.select(&[at]));
    all.iter().map(of).collect()
}

/// Appends descriptors of the same kinds in the same order.
fn append(all: &mut Vec<(SimilarityKind, Descriptors)>, more: &[(SimilarityKind, Descriptors)]) {
    match all.is_empty() {
        true => all.extend_from_slice(more),
        false => all
            .iter_mut()
            .zip(more)
            .for_each(|((_, all), (_, more))| all.append(more)),
    }
}

/// Bytes of a key and of descriptors, about.
fn bytes(keys: &[String], descriptors: &[(SimilarityKind, Descriptors)]) -> usize {
    let descriptors = descriptors.iter().map(|(_, descriptors)| descriptors.bytes());
    keys.iter().map(String::len).chain(descriptors).sum()
}

impl SideStore {
    /// What there is of one entity and what it weighs, without the values.
    fn presence_alone(&self, entity: u32) -> Self {
        Self {
            present: vec![self.present(entity)],
            modality_weights: vec![self.modality_weights(entity)],
            ..Self::default()
        }
    }

    fn append_presence(&mut self, other: &Self) {
        self.present.extend_from_slice(&other.present);
        self.modality_weights.extend_from_slice(&other.modality_weights);
    }
}

impl DrugStore {
    /// The drug at `at`, without what encoders read.
    pub fn kept(&self, at: u32) -> Self {
        let inert = self.presumed_inert.get(at as usize);
        Self {
            keys: vec![self.keys[at as usize].clone()],
            presumed_inert: vec![inert.copied().unwrap_or_default()],
            side: self.side.presence_alone(at),
            descriptors: one(&self.descriptors, at),
            ..Self::default()
        }
    }

    /// Kept drugs behind each other.
    pub fn joined<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.keys.extend_from_slice(&part.keys);
            all.presumed_inert.extend_from_slice(&part.presumed_inert);
            all.side.append_presence(&part.side);
            append(&mut all.descriptors, &part.descriptors);
        }
        all
    }

    /// Bytes of kept drugs, about.
    pub fn kept_bytes(&self) -> usize {
        bytes(&self.keys, &self.descriptors)
    }
}

impl TargetStore {
    /// The target at `at`, without what encoders read.
    pub fn kept(&self, at: u32) -> Self {
        Self {
            keys: vec![self.keys[at as usize].clone()],
            counterparts: vec![self.counterparts.get(at as usize).copied().flatten()],
            side: self.side.presence_alone(at),
            descriptors: one(&self.descriptors, at),
            ..Self::default()
        }
    }

    /// Kept targets behind each other.
    pub fn joined<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.keys.extend_from_slice(&part.keys);
            all.counterparts.extend_from_slice(&part.counterparts);
            all.side.append_presence(&part.side);
            append(&mut all.descriptors, &part.descriptors);
        }
        all
    }

    /// Bytes of kept targets, about.
    pub fn kept_bytes(&self) -> usize {
        bytes(&self.keys, &self.descriptors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{
        molecule::{ChematicToolkit, Chemistry, Molecule},
        protein::Protein,
    };

    #[test]
    fn what_is_taken_out_and_joined_again_describes_the_same_entities() {
        let molecules: Vec<Molecule> = (["CCO", "c1ccccc1", "CC(=O)O"].iter())
            .map(|smiles| ChematicToolkit.molecule(smiles).expect("a molecule"))
            .collect();
        let drugs = DrugStore::new(molecules.iter(), 16);
        let joined = DrugStore::joined([2, 0, 2].map(|at| drugs.kept(at)).iter());
        assert_eq!(joined.keys, [2, 0, 2].map(|at: usize| drugs.keys[at].clone()));
        assert_eq!(joined.descriptors[0].1, drugs.descriptors[0].1.select(&[2, 0, 2]));
        assert_eq!(
            joined.presumed_inert,
            [2, 0, 2].map(|at: usize| drugs.presumed_inert[at])
        );
        let proteins = ["MKTAYIAKQRQIS", "MSTNPKPQRKTKR"].map(|s| Protein::parse(s).expect("a protein"));
        let targets = TargetStore::new(proteins.iter(), 16);
        let joined = TargetStore::joined([1, 0].map(|at| targets.kept(at)).iter());
        for (own, all) in joined.descriptors.iter().zip(&targets.descriptors) {
            assert_eq!(own.1, all.1.select(&[1, 0]));
        }
        assert_eq!((joined.keys.len(), joined.counterparts.len()), (2, 2));
        assert!(joined.kept_bytes() > targets.keys[0].len() * 8);
    }
}
