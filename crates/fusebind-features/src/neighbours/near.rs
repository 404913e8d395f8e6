//! Training entities near those of pairs: similarities of a drug, computed once for all its pairs, and those of a group of targets.
//!
//! Comes in: the reference and queried entities. Goes out: [`NearDrugs`] of one drug, [`NearTargets`] of a group.

use std::cell::RefCell;

use rayon::prelude::*;

use super::{
    Counterpart, Descriptors, Queries, ReferenceSet, SimilarityKind,
    counterpart::equal_compound,
    descriptor::Weights,
    nearest_active::{Actives, Anchor},
    summary::Summary,
};

/// Nearest drugs whose labels take part in a crossed block.
const NEAREST_DRUGS: usize = 64;
/// Nearest targets whose labels take part in it.
const NEAREST_TARGETS: usize = 8;

/// What the reference knows of an entity: under its own name, or under that of its counterpart.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub id: Option<u32>,
    pub weight: f32,
    /// Whether it is the entity itself.
    pub is_own: bool,
}

impl Known {
    pub fn new(own: Option<u32>, counterpart: Option<Counterpart>) -> Self {
        Self {
            id: own.or(counterpart.map(|c| c.id)),
            weight: match (own, counterpart) {
                (None, Some(counterpart)) => counterpart.weight,
                _ => 1.0,
            },
            is_own: own.is_some(),
        }
    }

    /// What must not be seen among the partners of `other`: the pair itself, where both of its entities are known under their own names.
    pub fn excluded(self, other: Self) -> Option<u32> {
        self.id.filter(|_| self.is_own && other.is_own)
    }
}

/// Similarities of one drug to the reference's drugs, by source.
pub(super) struct NearDrugs {
    pub known: Known,
    /// `[sources][drugs]`
    pub similarities: Vec<Vec<f32>>,
    /// Weights of these similarities.
    pub weights: Vec<Vec<Weights>>,
    /// Nearest other drugs by source, each with the weights of its labels.
    pub nearest: Vec<Vec<(u32, Weights)>>,
    /// What was tested on a target of the reference, summarised for this drug: by source, each once for all pairs of the drug.
    pub of_targets: Vec<RefCell<OfTargets>>,
}

/// Summaries of targets of the reference, as they are asked for.
#[derive(Default)]
pub(super) struct OfTargets {
    /// Place of each target among the summaries, from 1 on, `[targets]`; 0 where it was not asked for.
    places: Vec<u32>,
    summaries: Vec<Summary>,
}

impl NearDrugs {
    /// Outcomes of all drugs but this one with the target `other` of the reference.
    pub fn of_target(&self, reference: &ReferenceSet, source: usize, other: u32) -> Summary {
        let summarise = || {
            let mut summary = Summary::default();
            let weights = &self.weights[source];
            let partners = reference.known.of_target(Some(other));
            for (partner, value) in partners.ids.iter().zip(partners.values) {
                if self.known.id != Some(*partner) {
                    summary.add(*value, weights[*partner as usize]);
                }
            }
            summary
        };
        let OfTargets { places, summaries } = &mut *self.of_targets[source].borrow_mut();
        if places.is_empty() {
            places.resize(reference.targets.keys.len(), 0);
        }
        let place = &mut places[other as usize];
        if *place == 0 {
            summaries.push(summarise());
            *place = summaries.len() as u32;
        }
        summaries[*place as usize - 1]
    }

    pub fn new(reference: &ReferenceSet, drugs: &Queries<'_>, drug: usize) -> Self {
        let count = reference.drugs.keys.len();
        let similarities: Vec<Vec<f32>> = (drugs.descriptors.iter().enumerate())
            .map(|(source, queries)| {
                let (comparer, described) = reference.drugs.comparer(source);
                let mut row = vec![0.0; count];
                comparer.similarities(described, queries, drug, &mut row);
                row
            })
            .collect();
        let graph = (reference.drugs.sources.iter()).position(|(kind, _)| *kind == SimilarityKind::Graph);
        let counterpart = match (drugs.own[drug], graph) {
            (None, Some(graph)) => equal_compound(&similarities[graph]),
            _ => None,
        };
        let known = Known::new(drugs.own[drug], counterpart);
        let nearest = similarities
            .iter()
            .zip(&reference.drugs.sources)
            .map(|(row, (source, _))| {
                let others = |at: u32| known.id != Some(at);
                let near = nearest(row, NEAREST_DRUGS, others);
                near.into_iter().map(|(at, s)| (at, source.weights(s))).collect()
            })
            .collect();
        let kinds = reference.drugs.sources.iter().map(|(kind, _)| kind);
        let weights = kinds
            .zip(&similarities)
            .map(|(kind, row)| row.iter().map(|similarity| kind.weights(*similarity)).collect())
            .collect();
        Self {
            known,
            weights,
            similarities,
            nearest,
            of_targets: drugs.descriptors.iter().map(|_| RefCell::default()).collect(),
        }
    }
}

impl NearDrugs {
    /// Excess of the similarity to the nearest active of `anchor`, for a drug without labels.
    pub fn excess(&self, actives: &Actives<'_>, anchor: &Anchor) -> Option<f32> {
        let graph = actives.graph?;
        let new = self.known.id.is_none();
        new.then(|| anchor.excess(actives, &self.similarities[graph]))
    }
}

/// Where the nearest active is looked for, for each target of the pairs of a group, `[G]`.
pub(super) fn anchors(
    reference: &ReferenceSet,
    actives: &Actives<'_>,
    targets: &Queries<'_>,
    near: &[NearTargets],
    (first, group, pairs): (u32, &[u32], &[(u32, u32)]),
) -> Vec<Option<Anchor>> {
    let mut of_group: Vec<u32> = group.iter().map(|at| pairs[*at as usize].1).collect();
    of_group.sort_unstable();
    of_group.dedup();
    let sequence = (reference.targets.sources.iter()).position(|(kind, _)| *kind == SimilarityKind::Sequence3);
    let Some(sequence) = sequence.filter(|_| actives.graph.is_some()) else {
        return Vec::new();
    };
    let anchor = |target: &u32| {
        let at = *target as usize;
        let known = Known::new(targets.own[at], targets.counterpart(at));
        let own = known.id.map(|id| (id, known.weight));
        let near = near[sequence].row((target - first) as usize).nearest.iter();
        let mut near: Vec<(u32, f32)> = near.map(|(at, [.., similarity])| (*at, *similarity)).collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        actives.anchor(own.into_iter().chain(near))
    };
    let found: Vec<Option<Anchor>> = of_group.par_iter().map(anchor).collect();
    let count = of_group.last().map_or(0, |last| (last - first) as usize + 1);
    let mut anchors: Vec<Option<Anchor>> = (0..count).map(|_| None).collect();
    for (target, anchor) in of_group.into_iter().zip(found) {
        anchors[(target - first) as usize] = anchor;
    }
    anchors
}

/// The most similar of a row of similarities, in the order of their positions.
pub(super) fn nearest(row: &[f32], most: usize, wanted: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
    let mut near: Vec<(u32, f32)> = (row.iter().enumerate())
        .filter(|(at, s)| **s > 0.0 && wanted(*at as u32))
        .map(|(at, s)| (at as u32, *s))
        .collect();
    if near.len() > most {
        near.select_nth_unstable_by(most, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(most);
    }
    near.sort_unstable_by_key(|n| n.0);
    near
}

/// Similarities of a group of targets to the reference's targets, for one source.
pub(super) struct NearTargets {
    count: usize,
    /// `[group, targets]`
    similarities: Vec<f32>,
    /// Their weights, all 0 for the target itself.
    weights: Vec<Weights>,
    /// Nearest other targets of each, with the weights of their labels.
    nearest: Vec<Vec<(u32, Weights)>>,
}

/// A row of [`NearTargets`].
#[derive(Clone, Copy)]
pub(super) struct NearTarget<'a> {
    pub similarities: &'a [f32],
    pub weights: &'a [Weights],
    pub nearest: &'a [(u32, Weights)],
}

impl NearTargets {
    pub fn row(&self, target: usize) -> NearTarget<'_> {
        let range = target * self.count..(target + 1) * self.count;
        NearTarget {
            similarities: &self.similarities[range.clone()],
            weights: &self.weights[range],
            nearest: &self.nearest[target],
        }
    }
}

pub(super) fn near_targets(
    reference: &ReferenceSet,
    targets: &Queries<'_>,
    group: std::ops::Range<u32>,
) -> Vec<NearTargets> {
    let count = reference.targets.keys.len();
    let of_source = |(at, ((source, _), queries)): (usize, (&(SimilarityKind, _), &&Descriptors))| {
        let (comparer, described) = reference.targets.comparer(at);
        let mut similarities = vec![0.0; group.len() * count];
        let mut weights = vec![Weights::default(); similarities.len()];
        let nearest = similarities
            .par_chunks_mut(count.max(1))
            .zip(weights.par_chunks_mut(count.max(1)))
            .enumerate()
            .map(|(at, (row, weights))| {
                let target = group.start as usize + at;
                comparer.similarities(described, queries, target, row);
                for (weights, similarity) in weights.iter_mut().zip(row.iter()) {
                    *weights = source.weights(*similarity);
                }
                let known = Known::new(targets.own[target], targets.counterpart(target)).id;
                if let Some(known) = known {
                    weights[known as usize] = Weights::default();
                }
                let near = nearest(row, NEAREST_TARGETS, |at| known != Some(at));
                near.into_iter().map(|(at, s)| (at, source.weights(s))).collect()
            })
            .collect();
        NearTargets {
            count,
            similarities,
            weights,
            nearest,
        }
    };
    (reference.targets.sources.iter().zip(&targets.descriptors))
        .enumerate()
        .map(of_source)
        .collect()
}

impl NearTarget<'_> {
    /// Outcomes of the drug `other` of the reference with all targets but this one.
    pub fn of_drug(&self, reference: &ReferenceSet, other: u32) -> Summary {
        let mut summary = Summary::default();
        let partners = reference.known.of_drug(Some(other));
        for (partner, value) in partners.ids.iter().zip(partners.values) {
            summary.add(*value, self.weights[*partner as usize]);
        }
        summary
    }
}
