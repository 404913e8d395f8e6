//! Nearest neighbours: what the most similar molecules did on this target, or what this side of the pair alone says.
//!
//! Similarity of molecules is the Tanimoto coefficient of ECFP4 bits, of sequences the cosine of their hashed composition,
//! both cubed so that near neighbours decide. Means shrink towards the bias of the pair, or the mean of all.

use std::collections::HashMap;

use fusebind_data::table::Target;
use fusebind_features::feature::composition;
use rayon::prelude::*;

use super::{BaselineContext, bias};

/// Weight of the value that a neighbourhood shrinks to.
const PRIOR: f64 = 0.2;
const WIDTH: usize = 1024;

/// Per entity: training pairs as (other side, value).
fn by_side(context: &BaselineContext<'_>, drug_side: bool) -> HashMap<u32, Vec<(u32, f64)>> {
    let mut map: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
    for &(drug, target, value) in &context.train {
        let (key, other) = if drug_side { (drug, target) } else { (target, drug) };
        map.entry(key).or_default().push((other, value));
    }
    map
}

pub(super) fn tanimoto(context: &BaselineContext<'_>, a: u32, b: u32) -> f64 {
    let print = |d: u32| &context.dataset.drugs[d as usize].molecule.fingerprint;
    print(a).tanimoto(print(b))
}

fn weighted(values: impl Iterator<Item = (f64, f64)>, prior: f64) -> f64 {
    let (sum, weight) = values.fold((PRIOR * prior, PRIOR), |(s, w), (similarity, value)| {
        let own = similarity.max(0.0).powi(3);
        (s + own * value, w + own)
    });
    sum / weight
}

/// Training drugs of the same target, weighted by similarity; the bias of the pair where there is none.
pub(super) fn pairs(context: &BaselineContext<'_>) -> Vec<f64> {
    let (drugs, targets, mean) = bias::fit(context);
    let known = by_side(context, false);
    context
        .pairs
        .par_iter()
        .map(|&(drug, target)| {
            let prior = mean + drugs[drug as usize] + targets[target as usize];
            let neighbours = known.get(&target).into_iter().flatten();
            weighted(
                neighbours.map(|&(other, value)| (tanimoto(context, drug, other), value)),
                prior,
            )
        })
        .collect()
}

/// Mean value per training entity of one side.
fn means(context: &BaselineContext<'_>, drug_side: bool) -> Vec<(u32, f64)> {
    let mut means: Vec<(u32, f64)> = by_side(context, drug_side)
        .into_iter()
        .map(|(entity, values)| (entity, values.iter().map(|v| v.1).sum::<f64>() / values.len() as f64))
        .collect();
    means.sort_by_key(|m| m.0);
    means
}

/// One value per distinct entity of the pairs, computed once and gathered.
fn gathered(ids: Vec<u32>, predict: impl Fn(u32) -> f64 + Sync) -> Vec<f64> {
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let values: HashMap<u32, f64> = distinct.par_iter().map(|id| (*id, predict(*id))).collect();
    ids.into_iter().map(|id| values[&id]).collect()
}

/// The drug alone: similarity-weighted mean value of training drugs.
pub(super) fn ligands(context: &BaselineContext<'_>) -> Vec<f64> {
    let (known, mean) = (means(context, true), context.mean());
    gathered(context.pairs.iter().map(|p| p.0).collect(), |drug| {
        weighted(
            known
                .iter()
                .map(|&(other, value)| (tanimoto(context, drug, other), value)),
            mean,
        )
    })
}

/// Hashed composition of each sequence, of length 1.
pub(super) struct Compositions {
    rows: Vec<Vec<f32>>,
}

impl Compositions {
    /// Of all targets of the data set.
    pub(super) fn new(context: &BaselineContext<'_>) -> Self {
        let row = |target: &Target| {
            let mut row = vec![0.0; WIDTH];
            composition::fold(&target.protein.features.residues, &mut row);
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            row.iter_mut().for_each(|v| *v /= norm);
            row
        };
        Self {
            rows: context.dataset.targets.par_iter().map(row).collect(),
        }
    }

    /// Cosine of the compositions of two targets.
    pub(super) fn cosine(&self, a: u32, b: u32) -> f64 {
        let products = self.rows[a as usize].iter().zip(&self.rows[b as usize]);
        products.map(|(x, y)| f64::from(x * y)).sum()
    }
}

/// The target alone: similarity-weighted mean value of training targets.
pub(super) fn targets(context: &BaselineContext<'_>) -> Vec<f64> {
    let (known, mean) = (means(context, false), context.mean());
    let compositions = Compositions::new(context);
    gathered(context.pairs.iter().map(|p| p.1).collect(), |target| {
        weighted(
            known
                .iter()
                .map(|&(other, value)| (compositions.cosine(target, other), value)),
            mean,
        )
    })
}
