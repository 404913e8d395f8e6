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
