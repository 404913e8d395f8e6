//! How much nearer a new compound is to the actives of a target than compounds in general are.
//!
//! ```text
//! excess(d, t) = w (max over a in A(t*) of tanimoto(d, a) - mean over d' of max over a in A(t*) of tanimoto(d', a))
//! ```
//!
//! `A(t*)` are the training compounds whose outcome with `t*` is above the mean of training; `t*` is the target itself (`w` 1), or the nearest
//! training target with actives (`w` its similarity); `d'` are training compounds, evenly spaced. The mean is what a target has for
//! having many actives. A compound with labels of its own has 0: those say more. The nearest active alone is hard to beat in ranking a library
//! (Sheridan & Kearsley 2002, doi 10.1016/S1359-6446(02)02411-X), and a loss over all pairs does not reward order among the best.

use super::{Descriptors, ReferenceSet, SimilarityKind};
use crate::feature::fingerprint::Fingerprint;

/// Training compounds that the mean is taken over.
const SAMPLE: usize = 128;

/// Actives of the targets of a reference.
pub(super) struct Actives<'a> {
    reference: &'a ReferenceSet,
    /// Position of the graph similarity among the drug sources.
    pub graph: Option<usize>,
    prints: &'a [Fingerprint],
    sample: Vec<u32>,
}

/// A training target whose actives are looked at.
pub(super) struct Anchor {
    target: u32,
    weight: f32,
    /// What a compound in general has.
    expected: f32,
}

impl<'a> Actives<'a> {
    pub fn new(reference: &'a ReferenceSet) -> Self {
        let graph = (reference.drugs.sources.iter()).position(|(kind, _)| *kind == SimilarityKind::Graph);
        let prints: &[Fingerprint] = match graph.map(|at| &reference.drugs.sources[at].1) {
            Some(Descriptors::Bits(prints)) => prints,
            _ => &[],
        };
        let taken = SAMPLE.min(prints.len());
        Self {
            reference,
            graph: graph.filter(|_| !prints.is_empty()),
            prints,
            sample: (0..taken).map(|at| (at * prints.len() / taken) as u32).collect(),
        }
    }

    fn of(&self, target: u32) -> impl Iterator<Item = u32> + '_ {
        let partners = self.reference.known.of_target(Some(target));
        let pairs = partners.ids.iter().zip(partners.values);
        pairs.filter(|(_, value)| **value > 0.0).map(|(id, _)| *id)
    }

    /// The first of `targets` with actives.
    pub fn anchor(&self, mut targets: impl Iterator<Item = (u32, f32)>) -> Option<Anchor> {
        let (target, weight) = targets.find(|(target, _)| self.of(*target).next().is_some())?;
        let nearest = |drug: &u32| {
            let others = self.of(target).filter(|active| active != drug);
            let print = &self.prints[*drug as usize];
            others.fold(0.0, |most, active| {
                print.tanimoto(&self.prints[active as usize]).max(most)
            })
        };
        let total: f64 = self.sample.iter().map(nearest).sum();
        Some(Anchor {
            target,
            weight,
            expected: (total / self.sample.len().max(1) as f64) as f32,
        })
    }
}

impl Anchor {
    /// Excess of a compound by its similarities to all training compounds.
    pub fn excess(&self, actives: &Actives<'_>, similarities: &[f32]) -> f32 {
        let similarity = |active: u32| similarities[active as usize];
        let nearest = actives.of(self.target).map(similarity).fold(0.0, f32::max);
        self.weight * (nearest - self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::{InteractionMatrix, ReferenceEntities};

    fn print(bits: &[u32]) -> Fingerprint {
        let mut print = Fingerprint::default();
        bits.iter().for_each(|bit| print.set(*bit));
        print
    }

    /// Four compounds; the first binds target 0, the last target 1, and nothing binds target 2.
    fn reference() -> ReferenceSet {
        let prints = vec![print(&[1, 2]), print(&[1, 3]), print(&[4, 5]), print(&[6, 7])];
        ReferenceSet {
            drugs: ReferenceEntities {
                keys: ["a", "b", "c", "d"].map(String::from).into(),
                sources: vec![(SimilarityKind::Graph, Descriptors::Bits(prints))],
                ..ReferenceEntities::default()
            },
            targets: ReferenceEntities {
                keys: ["x", "y", "z"].map(String::from).into(),
                sources: Vec::new(),
                ..ReferenceEntities::default()
            },
            known: InteractionMatrix::new(4, 3, &[(0, 0, 1.0), (1, 0, 0.0), (3, 1, 1.0), (2, 2, 0.0)]),
        }
    }

    #[test]
    fn a_compound_gains_by_how_much_nearer_it_is_than_others_are() {
        let reference = reference();
        let actives = Actives::new(&reference);
        let anchor = actives.anchor([(0, 1.0)].into_iter()).expect("target 0 has an active");
        // Of the training compounds b shares one bit of three with a; a itself is left out of its own comparison.
        assert!(
            (anchor.expected - (1.0 / 3.0) / 4.0).abs() < 1e-6,
            "{}",
            anchor.expected
        );
        let excess = anchor.excess(&actives, &[0.5, 0.9, 0.0, 0.0]);
        assert!(
            (excess - (0.5 - 1.0 / 12.0)).abs() < 1e-6,
            "what does not bind does not count: {excess}"
        );
    }

    #[test]
    fn a_target_without_actives_takes_those_of_the_nearest_that_has_some() {
        let reference = reference();
        let actives = Actives::new(&reference);
        let anchor = actives
            .anchor([(2, 1.0), (1, 0.4)].into_iter())
            .expect("target 1 has one");
        assert_eq!((anchor.target, anchor.weight), (1, 0.4));
        assert!(actives.anchor([(2, 1.0)].into_iter()).is_none());
    }
}
