//! The reference set: training entities with their descriptors, and the outcomes of their pairs.

use rayon::prelude::*;

use super::{
    Counterpart, Descriptors, InteractionMatrix, Layout, Lookup, SimilarityKind, counterpart::recognise,
    descriptor::Comparer, lookup::Built,
};

/// The training entities of one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceEntities {
    /// Identity of each entity: canonical SMILES, or sequence.
    pub keys: Vec<String>,
    /// Similarities, each with the descriptors of all entities.
    pub sources: Vec<(SimilarityKind, Descriptors)>,
    /// What is built to look entities up.
    pub lookup: Lookup,
}

impl ReferenceEntities {
    /// Names of the similarities.
    pub fn names(&self) -> Vec<SimilarityKind> {
        self.sources.iter().map(|(source, _)| *source).collect()
    }

    /// The counterpart of each queried protein whose key is none of the reference's; `queried` are their descriptors.
    pub fn recognise<'k>(
        &self,
        keys: impl Iterator<Item = &'k str>,
        queried: &[(SimilarityKind, Descriptors)],
    ) -> Vec<Option<Counterpart>> {
        let places = &self.built().places;
        let strange: Vec<bool> = keys.map(|key| !places.contains_key(key)).collect();
        let is_kmers = |kind: &SimilarityKind| *kind == SimilarityKind::Sequence4;
        let own = self.sources.iter().position(|(kind, _)| is_kmers(kind));
        let other = queried.iter().find(|(kind, _)| is_kmers(kind));
        match (own, other) {
            (Some(own), Some((_, queried))) if strange.contains(&true) => {
                recognise(self.comparer(own), queried, &strange)
            }
            _ => vec![None; strange.len()],
        }
    }

    pub(super) fn built(&self) -> &Built {
        self.lookup.of(&self.keys, &self.sources)
    }

    /// What compares with the entities by a source, and their descriptors.
    pub(super) fn comparer(&self, source: usize) -> (&Comparer, &Descriptors) {
        (&self.built().comparers[source], &self.sources[source].1)
    }

    /// Similarity of the structure of entities to the most similar other one; of `most` of them, evenly spaced.
    pub fn nearest_others(&self, most: usize) -> Vec<f32> {
        let is_structure = |kind: &SimilarityKind| matches!(kind, SimilarityKind::Graph | SimilarityKind::Sequence3);
        let Some(source) = self.sources.iter().position(|(kind, _)| is_structure(kind)) else {
            return Vec::new();
        };
        let (comparer, descriptors) = self.comparer(source);
        let count = most.min(self.keys.len());
        let of = |row: &mut Vec<f32>, at: usize| {
            let at = at * self.keys.len() / count;
            row.resize(self.keys.len(), 0.0);
            comparer.similarities(descriptors, descriptors, at, row);
            row[at] = 0.0;
            row.iter().copied().fold(0.0, f32::max)
        };
        (0..count).into_par_iter().map_init(Vec::new, of).collect()
    }
}

/// Training entities of both sides and the outcomes of their pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceSet {
    /// Drugs.
    pub drugs: ReferenceEntities,
    /// Targets.
    pub targets: ReferenceEntities,
    /// Outcomes.
    pub known: InteractionMatrix,
}

impl ReferenceSet {
    /// The outcome of a pair of training entities by their keys, letter for letter.
    pub fn outcome(&self, drug: &str, target: &str) -> Option<f32> {
        let place = |entities: &ReferenceEntities, key: &str| entities.built().places.get(key).copied();
        self.known
            .outcome(place(&self.drugs, drug)?, place(&self.targets, target)?)
    }

    /// Which neighbour feature is which.
    pub fn layout(&self) -> Layout {
        Layout::new(&self.drugs.names(), &self.targets.names())
    }
}

/// The entities of one side whose neighbours are looked up, with the descriptors that the reference set has.
#[derive(Clone, Debug)]
pub struct Queries<'a> {
    /// Position in the reference of an entity that is in it.
    pub own: Vec<Option<u32>>,
    /// Counterpart of an entity that is not in it; empty where none were looked for.
    pub counterparts: &'a [Option<Counterpart>],
    /// Descriptors by source, in the reference's order.
    pub descriptors: Vec<&'a Descriptors>,
}

impl<'a> Queries<'a> {
    /// Entities with identities `keys` and `descriptors` in the order of the reference's sources.
    pub fn new<'k>(
        reference: &ReferenceEntities,
        keys: impl Iterator<Item = &'k str>,
        descriptors: Vec<&'a Descriptors>,
    ) -> Self {
        let places = &reference.built().places;
        Self {
            own: keys.map(|key| places.get(key).copied()).collect(),
            counterparts: &[],
            descriptors,
        }
    }

    /// The counterpart of the entity at `at`.
    pub(crate) fn counterpart(&self, at: usize) -> Option<Counterpart> {
        self.counterparts.get(at).copied().flatten()
    }
}
