//! What a reference knows of the two entities of a pair: what an expected error is estimated from, and what a user is told of it.
//!
//! Comes in: a [`ReferenceSet`] and queried entities. Goes out: an [`EntityEvidence`] for each: the most similar training entity, the number
//! of its training pairs, and the mean and spread of their labels,
//!
//! ```text
//! mean = sum of y / (n + 2)        spread = sqrt((sum of (y - mean)^2 + 2 s^2) / (n + 2))
//! ```
//!
//! with `y` the centred labels and `s` their standard deviation in all of training: two pairs as they are on average are added. A new entity
//! has the labels of its [`NEAREST`] most similar training entities.

use rayon::prelude::*;

use super::{Queries, ReferenceEntities, ReferenceSet, SimilarityKind, counterpart::equal_compound};

/// Similar entities whose labels stand for those of a new one.
const NEAREST: usize = 5;
/// Average pairs that are added to those of an entity.
const PRIOR: f32 = 2.0;

/// What is known of one entity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EntityEvidence {
    /// Whether it is a training entity, letter for letter.
    pub is_known: bool,
    /// Most similar training entity and its similarity in [0, 1]; a training entity is its own.
    pub nearest: Option<(u32, f32)>,
    /// Training pairs of the entity, or of the training entity that it is another form of.
    pub partners: u32,
    /// Mean of the centred labels.
    pub mean: f32,
    /// Standard deviation of the labels.
    pub spread: f32,
}

impl EntityEvidence {
    /// Similarity of the most similar training entity, 0 where there is none.
    pub fn similarity(&self) -> f32 {
        self.nearest.map_or(0.0, |nearest| nearest.1)
    }
}

/// What is known of each of the entities `wanted`, of drugs (`side` 0) or of targets (1), in their order.
pub fn evidence(reference: &ReferenceSet, side: usize, queries: &Queries<'_>, wanted: &[u32]) -> Vec<EntityEvidence> {
    let entities = [&reference.drugs, &reference.targets][side];
    let labels = Labels::new(reference, side);
    let Some((source, kind)) = structure(entities) else {
        return vec![EntityEvidence::default(); wanted.len()];
    };
    let (comparer, described) = entities.comparer(source);
    let of = |scratch: &mut Vec<f32>, entity: &u32| {
        let at = *entity as usize;
        scratch.resize(entities.keys.len(), 0.0);
        comparer.similarities(described, queries.descriptors[source], at, scratch);
        let counterpart = match kind {
            SimilarityKind::Graph => equal_compound(scratch),
            _ => queries.counterpart(at),
        };
        let own = queries.own[at];
        let near = nearest(scratch);
        let known = own.or(counterpart.map(|c| c.id));
        let (partners, mean, spread) = match known {
            Some(id) => labels.of([id].into_iter()),
            None => labels.of(near.iter().map(|n| n.0)),
        };
        EntityEvidence {
            is_known: own.is_some(),
            nearest: own.map(|id| (id, 1.0)).or(near.first().copied()),
            partners: if known.is_some() { partners } else { 0 },
            mean,
            spread,
        }
    };
    wanted.par_iter().map_init(Vec::new, of).collect()
}

/// Similarity of the structure of the entity `at` to every training entity of its side, and how much a label of that one counts for it: 1 for
/// the entity itself.
pub fn similar(reference: &ReferenceSet, side: usize, queries: &Queries<'_>, at: u32) -> Vec<(f32, f32)> {
    let entities = [&reference.drugs, &reference.targets][side];
    let Some((source, kind)) = structure(entities) else {
        return vec![(0.0, 0.0); entities.keys.len()];
    };
    let mut row = vec![0.0; entities.keys.len()];
    let (comparer, described) = entities.comparer(source);
    comparer.similarities(described, queries.descriptors[source], at as usize, &mut row);
    let own = queries.own[at as usize].or(queries.counterpart(at as usize).map(|found| found.id));
    let of = |(id, similarity): (usize, f32)| match own == Some(id as u32) {
        true => (1.0, 1.0),
        false => (similarity, kind.powers(similarity)[1]),
    };
    row.into_iter().enumerate().map(of).collect()
}

/// The source that structures are compared by.
fn structure(entities: &ReferenceEntities) -> Option<(usize, SimilarityKind)> {
    let is_structure = |kind: &SimilarityKind| matches!(kind, SimilarityKind::Graph | SimilarityKind::Sequence3);
    let kinds = entities.sources.iter().map(|(kind, _)| *kind);
    kinds.enumerate().find(|(_, kind)| is_structure(kind))
}

/// The most similar entities, best first; of equal ones the first.
fn nearest(similarities: &[f32]) -> Vec<(u32, f32)> {
    let mut best: Vec<(u32, f32)> = Vec::with_capacity(NEAREST + 1);
    for (at, similarity) in similarities.iter().enumerate() {
        let worst = best.last().map_or(0.0, |last| last.1);
        if *similarity > 0.0 && (best.len() < NEAREST || *similarity > worst) {
            let place = best.partition_point(|other| other.1 >= *similarity);
            best.insert(place, (at as u32, *similarity));
            best.truncate(NEAREST);
        }
    }
    best
}

/// Labels of one side of a reference.
struct Labels<'a> {
    reference: &'a ReferenceSet,
    side: usize,
    /// Variance of all labels.
    variance: f32,
}

impl<'a> Labels<'a> {
    fn new(reference: &'a ReferenceSet, side: usize) -> Self {
        let of_drug = |drug: u32| reference.known.of_drug(Some(drug)).values;
        let values = (0..reference.drugs.keys.len() as u32).flat_map(of_drug);
        let (sum, count) = values.fold((0.0f64, 0usize), |(sum, n), v| (sum + f64::from(v * v), n + 1));
        Self {
            reference,
            side,
            variance: (sum / count.max(1) as f64) as f32,
        }
    }

    /// Number, mean and spread of the labels of `ids`.
    fn of(&self, ids: impl Iterator<Item = u32>) -> (u32, f32, f32) {
        let known = &self.reference.known;
        let partners = ids.map(|id| match self.side {
            0 => known.of_drug(Some(id)),
            _ => known.of_target(Some(id)),
        });
        let values: Vec<f32> = partners.flat_map(|partners| partners.values.iter().copied()).collect();
        let total = values.len() as f32 + PRIOR;
        let mean = values.iter().sum::<f32>() / total;
        let squares: f32 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let spread = ((squares + PRIOR * self.variance) / total).sqrt();
        (values.len() as u32, mean, spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::{Descriptors, InteractionMatrix};

    fn reference() -> ReferenceSet {
        let entities = |rows: &[f32], kind| ReferenceEntities {
            keys: (0..rows.len() / 2).map(|at| at.to_string()).collect(),
            sources: vec![(kind, Descriptors::dense(rows.to_vec(), 2))],
            ..ReferenceEntities::default()
        };
        ReferenceSet {
            drugs: entities(&[1.0, 0.0, 0.6, 0.8], SimilarityKind::Graph),
            targets: entities(&[1.0, 0.0, 0.0, 1.0], SimilarityKind::Sequence3),
            known: InteractionMatrix::new(2, 2, &[(0, 0, 2.0), (0, 1, 0.0), (1, 0, 1.0)]),
        }
    }

    #[test]
    fn known_and_new_entities_have_their_own_and_their_neighbours_labels() {
        let reference = reference();
        let queried = Descriptors::dense(vec![1.0, 0.0, 0.8, 0.6], 2);
        let queries = Queries {
            own: vec![Some(0), None],
            counterparts: &[],
            descriptors: vec![&queried],
        };
        let found = evidence(&reference, 0, &queries, &[1, 0]);
        let variance = 2.0 / 3.0;
        let known = found[1];
        assert!(known.is_known && known.nearest == Some((0, 1.0)) && known.partners == 2);
        assert!(known.mean.abs() < 1e-6 && (known.spread - ((2.0 + 2.0 * variance) / 4.0f32).sqrt()).abs() < 1e-6);
        let new = found[0];
        assert!(!new.is_known && new.partners == 0);
        assert_eq!(new.nearest.map(|n| n.0), Some(1));
        assert!((new.similarity() - 0.96).abs() < 1e-6);
        // All three labels, of both training drugs.
        assert!(
            (new.spread - ((2.0 + 2.0 * variance) / 5.0f32).sqrt()).abs() < 1e-6,
            "{new:?}"
        );
    }

    #[test]
    fn the_best_come_first_and_what_shares_nothing_is_no_neighbour() {
        let found = nearest(&[0.1, 0.9, 0.0, 0.9, 0.2, 0.3, 0.4]);
        assert_eq!(found.iter().map(|n| n.0).collect::<Vec<_>>(), [1, 3, 6, 5, 4]);
        assert!(nearest(&[0.0; 3]).is_empty());
    }
}
