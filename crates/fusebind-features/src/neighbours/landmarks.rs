//! Some training compounds that others are compared with, to say where those lie among all that the model was trained on.
//!
//! Comes in: molecules. Goes out: a row of squared Tanimoto coefficients, `[L]`. The sums of neighbour features are sums over such rows. Axis
//! legend: `L` landmarks.

use rayon::prelude::*;

use super::{Descriptors, ReferenceEntities, SimilarityKind, descriptor::Comparer};
use crate::entity::molecule::Molecule;

/// Most landmarks; of more training compounds so many are taken, evenly spaced.
const MOST: usize = 4096;

/// See the file's header.
#[derive(Debug)]
pub struct Landmarks {
    prints: Descriptors,
    comparer: Comparer,
}

impl Landmarks {
    /// Landmarks among the training compounds; none where they are not compared by structure.
    pub fn of(drugs: &ReferenceEntities) -> Option<Self> {
        let graph = drugs.sources.iter().find(|(kind, _)| *kind == SimilarityKind::Graph);
        let Some((_, Descriptors::Bits(prints))) = graph.filter(|(_, prints)| !prints.is_empty()) else {
            return None;
        };
        let count = MOST.min(prints.len());
        let taken = (0..count).map(|at| prints[at * prints.len() / count].clone());
        let prints = Descriptors::Bits(taken.collect());
        Some(Self {
            comparer: Comparer::new(&prints),
            prints,
        })
    }

    /// Number of landmarks `L`.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Squared similarities of `molecules` to the landmarks, `[B, L]`. A landmark with the same fingerprint counts 0: neighbour features leave
    /// a compound out of its own neighbours.
    pub fn profiles(&self, molecules: &[&Molecule]) -> Vec<f32> {
        let queries = Descriptors::fingerprints(molecules.iter().copied());
        let mut rows = vec![0.0; molecules.len() * self.len()];
        rows.par_chunks_mut(self.len()).enumerate().for_each(|(at, row)| {
            self.comparer.similarities(&self.prints, &queries, at, row);
            for value in row {
                *value = if *value < 1.0 { *value * *value } else { 0.0 };
            }
        });
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::molecule::{ChematicToolkit, Chemistry};

    #[test]
    fn profiles_are_squared_similarities_without_the_compound_itself() {
        let molecule = |smiles: &str| ChematicToolkit.molecule(smiles).expect("is valid");
        let (ethanol, propanol, benzene) = (molecule("CCO"), molecule("CCCO"), molecule("c1ccccc1"));
        let drugs = ReferenceEntities {
            sources: vec![(
                SimilarityKind::Graph,
                Descriptors::fingerprints([&ethanol, &benzene].into_iter()),
            )],
            ..ReferenceEntities::default()
        };
        let landmarks = Landmarks::of(&drugs).expect("there are two");
        let similarity = propanol.fingerprint.tanimoto(&ethanol.fingerprint) as f32;
        let rows = landmarks.profiles(&[&ethanol, &propanol]);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[..2], [0.0, 0.0]);
        assert!((rows[2] - similarity * similarity).abs() < 1e-6 && rows[2] > 0.0);
        assert!(Landmarks::of(&ReferenceEntities::default()).is_none());
    }
}
