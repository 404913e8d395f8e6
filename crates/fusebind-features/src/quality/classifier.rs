//! Classifiers: logistic models that separate own values of one source from wrong ones, by their agreement with a reference source.
//!
//! Comes in: similarities of entities to a reference. Goes out: log-likelihood ratios, to be summed and calibrated by [`super`].

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{
    BOUND, LEAST,
    agreement::{FEATURES, MismatchQuery, agreement},
};
use crate::{
    neighbours::{Queries, ReferenceEntities, Similarities},
    random::Stream,
};

/// Features, their squares and their products.
const TERMS: usize = FEATURES + FEATURES * (FEATURES + 1) / 2;
/// Penalty of the squared weights, per entity.
const RIDGE: f32 = 1e-3;
/// Steps of accelerated gradient descent.
const STEPS: usize = 400;

/// Tells own values of one source from permuted ones, by one reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MismatchClassifier {
    /// Positions of the checked and of the reference source.
    pub sources: [usize; 2],
    mean: Vec<f32>,
    factor: Vec<f32>,
    /// Intercept, then a weight per term, against each kind of wrong values.
    weights: Vec<Vec<f32>>,
}

/// Whether either value of each entity of a reference is excluded.
fn excluded_by(sources: [usize; 2], excluded: &BTreeMap<usize, Vec<bool>>, count: usize) -> Vec<bool> {
    let of = |source: &usize, at: usize| excluded.get(source).is_some_and(|b| b[at]);
    (0..count)
        .map(|at| sources.iter().any(|source| of(source, at)))
        .collect()
}

/// Examples that a classifier learns from, one row of terms each.
struct Examples {
    /// Values with their own entities.
    own: Vec<[f32; TERMS]>,
    /// Values with other entities.
    permuted: Vec<[f32; TERMS]>,
    /// Chimeras of several values; empty where there are none.
    mixed: Vec<[f32; TERMS]>,
}

/// What examples are made from.
struct Origin<'a, 's> {
    side: &'a ReferenceEntities,
    similar: &'a [Similarities<'s>],
    sources: [usize; 2],
    /// Entities that take no part as neighbours.
    excluded: &'a [bool],
    /// Entities that have both values, without the excluded ones.
    having: &'a [u32],
}

impl Origin<'_, '_> {
    fn examples(&self, random: &mut ChaCha8Rng) -> Examples {
        let mut permuted_from = self.having.to_vec();
        permuted_from.shuffle(random);
        let query = |(&entity, value): (&u32, u32)| MismatchQuery {
            value,
            entity,
            left_out: [Some(entity), Some(value)],
        };
        let own = self.having.iter().map(|e| query((e, *e)));
        let permuted = self.having.iter().zip(&permuted_from).filter(|(e, d)| e != d);
        let queries: Vec<MismatchQuery> = own.chain(permuted.map(|(e, d)| query((e, *d)))).collect();
        let known = self.sources.map(|at| &self.similar[at]);
        let features = agreement(self.side, self.sources, known, &queries, self.excluded);
        let (mut own, mut permuted) = (Vec::new(), Vec::new());
        for (query, features) in queries.iter().zip(features) {
            let examples = if query.value == query.entity {
                &mut own
            } else {
                &mut permuted
            };
            examples.extend(features.map(|features| terms(&features)));
        }
        let mixed = self.chimeras(random);
        Examples { own, permuted, mixed }
    }

    /// Chimeras of several values of the checked source, one for each entity.
    fn chimeras(&self, random: &mut ChaCha8Rng) -> Vec<[f32; TERMS]> {
        let checked = &self.side.sources[self.sources[0]].1;
        let Some(chimeras) = checked.chimeras(self.having, self.having.len(), random) else {
            return Vec::new();
        };
        let of = |(value, entity): (usize, &u32)| MismatchQuery {
            value: value as u32,
            entity: *entity,
            left_out: [Some(*entity), None],
        };
        let queries: Vec<MismatchQuery> = self.having.iter().enumerate().map(of).collect();
        let chimeras = Similarities::of(checked, &chimeras);
        let similar = [&chimeras, &self.similar[self.sources[1]]];
        let features = agreement(self.side, self.sources, similar, &queries, self.excluded);
        features
            .into_iter()
            .flatten()
            .map(|features| terms(&features))
            .collect()
    }
}

/// Entities with their descriptors, and their similarities to a reference by source.
#[derive(Clone, Copy)]
pub(super) struct Queried<'a, 'b> {
    pub entities: &'a Queries<'b>,
    pub similar: &'a [Similarities<'b>],
}

impl MismatchClassifier {
    /// Fits on the entities of `side` that have both sources and are not `excluded`; `None` where they are too few.
    pub fn fit(
        side: &ReferenceEntities,
        similar: &[Similarities<'_>],
        sources: [usize; 2],
        excluded: &BTreeMap<usize, Vec<bool>>,
        stream: Stream,
    ) -> Option<Self> {
        let excluded = excluded_by(sources, excluded, side.keys.len());
        let [checked, compared] = sources.map(|at| &side.sources[at].1);
        let having: Vec<u32> = (0..side.keys.len())
            .filter(|at| checked.is_present(*at) && compared.is_present(*at) && !excluded[*at])
            .map(|at| at as u32)
            .collect();
        if having.len() < LEAST {
            return None;
        }
        let origin = Origin {
            side,
            similar,
            sources,
            excluded: &excluded,
            having: &having,
        };
        let examples = origin.examples(&mut stream.generator());
        let enough = examples.own.len() >= LEAST && examples.permuted.len() >= LEAST;
        enough.then(|| Self::learn(sources, &examples))
    }

    /// Fits the scale of the terms on own and permuted values, and the weights against each kind of wrong values.
    fn learn(sources: [usize; 2], examples: &Examples) -> Self {
        let Examples { own, permuted, mixed } = examples;
        let rows: Vec<&[f32; TERMS]> = own.iter().chain(permuted).collect();
        let count = rows.len() as f32;
        let mean: Vec<f32> = (0..TERMS)
            .map(|t| rows.iter().map(|r| r[t]).sum::<f32>() / count)
            .collect();
        let factor: Vec<f32> = (0..TERMS)
            .map(|t| {
                let variance = rows.iter().map(|r| (r[t] - mean[t]) * (r[t] - mean[t])).sum::<f32>() / count;
                if variance > 1e-8 { 1.0 / variance.sqrt() } else { 0.0 }
            })
            .collect();
        let mut classifier = Self {
            sources,
            mean,
            factor,
            weights: Vec::new(),
        };
        let against = |wrong: &Vec<[f32; TERMS]>| {
            let rows: Vec<[f32; TERMS]> = own.iter().chain(wrong).map(|row| classifier.standard(*row)).collect();
            let truth: Vec<f32> = (0..rows.len()).map(|at| f32::from(u8::from(at < own.len()))).collect();
            logistic(&rows, &truth)
        };
        let kinds = [permuted, mixed].into_iter().filter(|wrong| wrong.len() >= LEAST);
        classifier.weights = kinds.map(against).collect();
        classifier
    }

    /// Whether all its parts are there and finite.
    pub fn is_whole(&self) -> bool {
        let whole = |values: &[f32], count: usize| values.len() == count && values.iter().all(|v| v.is_finite());
        whole(&self.mean, TERMS)
            && whole(&self.factor, TERMS)
            && !self.weights.is_empty()
            && self.weights.iter().all(|weights| whole(weights, TERMS + 1))
    }

    fn standard(&self, mut row: [f32; TERMS]) -> [f32; TERMS] {
        for ((value, mean), factor) in row.iter_mut().zip(&self.mean).zip(&self.factor) {
            *value = ((*value - mean) * factor).clamp(-4.0, 4.0);
        }
        row
    }

    /// Log-likelihood ratio of own against wrong for each entity, with the value of the entity at its position in `permuted_from`
    /// where that is given; `None` where either value is missing.
    pub fn ratios(
        &self,
        reference: &ReferenceEntities,
        queried: Queried<'_, '_>,
        excluded: &BTreeMap<usize, Vec<bool>>,
        permuted_from: Option<&[u32]>,
    ) -> Vec<Option<f32>> {
        let excluded = excluded_by(self.sources, excluded, reference.keys.len());
        let queries: Vec<MismatchQuery> = (queried.entities.own.iter().enumerate())
            .map(|(at, own)| {
                let partner = permuted_from.map(|permuted_from| permuted_from[at]);
                MismatchQuery {
                    value: partner.unwrap_or(at as u32),
                    entity: at as u32,
                    left_out: [*own, partner.and_then(|partner| queried.entities.own[partner as usize])],
                }
            })
            .collect();
        let features = agreement(
            reference,
            self.sources,
            self.sources.map(|at| &queried.similar[at]),
            &queries,
            &excluded,
        );
        features
            .into_iter()
            .map(|features| {
                let row = self.standard(terms(&features?));
                let against = self.weights.iter().map(|w| logit(w, &row));
                Some(against.fold(f32::INFINITY, f32::min).clamp(-BOUND, BOUND))
            })
            .collect()
    }
}

fn terms(features: &[f32; FEATURES]) -> [f32; TERMS] {
    let mut row = [0.0; TERMS];
    row[..FEATURES].copy_from_slice(features);
    let mut at = FEATURES;
    for a in 0..FEATURES {
        for b in a..FEATURES {
            row[at] = features[a] * features[b];
            at += 1;
        }
    }
    row
}

fn logit(weights: &[f32], row: &[f32; TERMS]) -> f32 {
    weights[0] + row.iter().zip(&weights[1..]).map(|(x, w)| x * w).sum::<f32>()
}

/// Ridge logistic regression, both classes of the same weight, by accelerated gradient descent (Nesterov 1983). The step is the inverse of
/// a bound on the curvature.
fn logistic(rows: &[[f32; TERMS]], truth: &[f32]) -> Vec<f32> {
    let count = rows.len() as f32;
    let right = truth.iter().sum::<f32>() / count;
    let balance = |truth: f32| 0.5 / if truth > 0.5 { right } else { 1.0 - right }.max(1e-3);
    // The curvature of the mean loss is at most a quarter of the mean squared norm of a row.
    let norm = rows
        .iter()
        .map(|r| 1.0 + r.iter().map(|x| x * x).sum::<f32>())
        .sum::<f32>()
        / count;
    let step = 1.0 / (0.25 * balance(1.0).max(balance(0.0)) * norm + RIDGE);
    let (mut weights, mut ahead) = (vec![0.0f32; TERMS + 1], vec![0.0f32; TERMS + 1]);
    for turn in 0..STEPS {
        let mut gradient = vec![0.0f32; TERMS + 1];
        for (row, truth) in rows.iter().zip(truth) {
            let residual = balance(*truth) * (1.0 / (1.0 + (-logit(&ahead, row)).exp()) - truth);
            gradient[0] += residual;
            gradient[1..].iter_mut().zip(row).for_each(|(g, x)| *g += residual * x);
        }
        let momentum = turn as f32 / (turn as f32 + 3.0);
        for ((weight, ahead), gradient) in weights.iter_mut().zip(&mut ahead).zip(gradient) {
            let next = *ahead - step * (gradient / count + RIDGE * *ahead);
            *ahead = next + momentum * (next - *weight);
            *weight = next;
        }
    }
    weights
}
