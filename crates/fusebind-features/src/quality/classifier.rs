//! Classifiers: logistic models that tell own values of one source from wrong ones, by how they agree with one reference.
//!
//! Comes in: similarities of entities to a reference. Goes out: log-likelihood ratios, to be summed and calibrated by [`super`].

use std::collections::BTreeMap;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{
    BOUND, LEAST,
    agreement::{FEATURES, MismatchQuery, agreement},
};
use crate::neighbours::{Queries, ReferenceEntities, Similarities};

/// Features, their squares and their products.
const TERMS: usize = FEATURES + FEATURES * (FEATURES + 1) / 2;
/// Penalty of the squared weights, per entity.
const RIDGE: f32 = 1e-3;
/// Steps of accelerated gradient descent.
const STEPS: usize = 400;

/// Tells own values of one source from swapped ones, by one reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MismatchClassifier {
    /// Positions of the doubted and the reference source.
    pub sources: [usize; 2],
    mean: Vec<f32>,
    factor: Vec<f32>,
    /// Intercept, then a weight per term, against each kind of wrong values.
    weights: Vec<Vec<f32>>,
}

/// Entities of a reference of which either value is set aside.
fn excluded_by(sources: [usize; 2], excluded: &BTreeMap<usize, Vec<bool>>, count: usize) -> Vec<bool> {
    let of = |source: &usize, at: usize| excluded.get(source).is_some_and(|b| b[at]);
    (0..count)
        .map(|at| sources.iter().any(|source| of(source, at)))
        .collect()
}

impl MismatchClassifier {
    pub fn fit(
        side: &ReferenceEntities,
        similar: &[Similarities<'_>],
        sources: [usize; 2],
        (excluded, seed): (&BTreeMap<usize, Vec<bool>>, u64),
    ) -> Option<Self> {
        let excluded = excluded_by(sources, excluded, side.keys.len());
        let [checked, reference] = sources.map(|at| &side.sources[at].1);
        let having: Vec<u32> = (0..side.keys.len())
            .filter(|at| checked.is_present(*at) && reference.is_present(*at) && !excluded[*at])
            .map(|at| at as u32)
            .collect();
        if having.len() < LEAST {
            return None;
        }
        let mut permuted_from = having.clone();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        permuted_from.shuffle(&mut random);
        let mismatch_prior = |(&entity, value): (&u32, u32)| MismatchQuery {
            value,
            entity,
            left_out: [Some(entity), Some(value)],
        };
        let own = having.iter().map(|e| mismatch_prior((e, *e)));
        let swapped = having.iter().zip(&permuted_from).filter(|(e, d)| e != d);
        let mismatch_queries: Vec<MismatchQuery> = own.chain(swapped.map(|(e, d)| mismatch_prior((e, *d)))).collect();
        let known = sources.map(|at| &similar[at]);
        let log_ratios = agreement(side, sources, known, (&mismatch_queries, &excluded));
        let (mut own, mut swapped, mut mixed) = (Vec::new(), Vec::new(), Vec::new());
        for (mismatch_prior, log_ratios) in mismatch_queries.iter().zip(log_ratios) {
            let examples = if mismatch_prior.value == mismatch_prior.entity {
                &mut own
            } else {
                &mut swapped
            };
            examples.extend(log_ratios.map(|log_ratios| terms(&log_ratios)));
        }
        if let Some(chimeras) = checked.chimeras(&having, having.len(), &mut random) {
            let of = |(value, entity): (usize, &u32)| MismatchQuery {
                value: value as u32,
                entity: *entity,
                left_out: [Some(*entity), None],
            };
            let mismatch_queries: Vec<MismatchQuery> = having.iter().enumerate().map(of).collect();
            let chimeras = Similarities::of(checked, &chimeras);
            let log_ratios = agreement(side, sources, [&chimeras, known[1]], (&mismatch_queries, &excluded));
            mixed.extend(log_ratios.into_iter().flatten().map(|log_ratios| terms(&log_ratios)));
        }
        let rows: Vec<&[f32; TERMS]> = own.iter().chain(&swapped).collect();
        if own.len() < LEAST || swapped.len() < LEAST {
            return None;
        }
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
        let mut judge = Self {
            sources,
            mean,
            factor,
            weights: Vec::new(),
        };
        let against = |wrong: &Vec<[f32; TERMS]>| {
            let rows: Vec<[f32; TERMS]> = own.iter().chain(wrong).map(|row| judge.standard(*row)).collect();
            let truth: Vec<f32> = (0..rows.len()).map(|at| f32::from(u8::from(at < own.len()))).collect();
            logistic(&rows, &truth)
        };
        let kinds = [&swapped, &mixed].into_iter().filter(|wrong| wrong.len() >= LEAST);
        judge.weights = kinds.map(against).collect();
        Some(judge)
    }

    fn standard(&self, mut row: [f32; TERMS]) -> [f32; TERMS] {
        for ((value, mean), factor) in row.iter_mut().zip(&self.mean).zip(&self.factor) {
            *value = ((*value - mean) * factor).clamp(-4.0, 4.0);
        }
        row
    }

    /// Log-likelihood ratio of own against wrong for each entity, or for the value that its donor gives it; `None` where it has not both.
    pub fn ratios(
        &self,
        reference: &ReferenceEntities,
        (asked, similar): (&Queries<'_>, &[Similarities<'_>]),
        excluded: &BTreeMap<usize, Vec<bool>>,
        permuted_from: Option<&[u32]>,
    ) -> Vec<Option<f32>> {
        let excluded = excluded_by(self.sources, excluded, reference.keys.len());
        let mismatch_queries: Vec<MismatchQuery> = (asked.own.iter().enumerate())
            .map(|(at, own)| {
                let permuted_from_one = permuted_from.map(|permuted_from| permuted_from[at]);
                MismatchQuery {
                    value: permuted_from_one.unwrap_or(at as u32),
                    entity: at as u32,
                    left_out: [
                        *own,
                        permuted_from_one.and_then(|permuted_from_one| asked.own[permuted_from_one as usize]),
                    ],
                }
            })
            .collect();
        let log_ratios = agreement(
            reference,
            self.sources,
            self.sources.map(|at| &similar[at]),
            (&mismatch_queries, &excluded),
        );
        log_ratios
            .into_iter()
            .map(|log_ratios| {
                let row = self.standard(terms(&log_ratios?));
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

/// Ridge logistic regression, both classes of the same weight, by accelerated gradient descent (Nesterov 1983) at the step that the largest curvature allows.
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
