//! What fits to the pairs of several hold-outs have in common: how many pairs they ask for, and quantiles by group.
//!
//! Comes in: numbers of hold-outs, or scores and their groups. Goes out: the hold-outs there are, or the quantile of each group.

use fusebind_eval::conformal::mondrian;
use fusebind_model::trust::groups::PARENTS;

/// Promised shares.
pub(super) const LEVELS: [f64; 3] = [0.8, 0.9, 0.95];
/// Fewest held-out pairs of a group with a quantile of its own.
pub(super) const LEAST: usize = 100;
/// Fewest held-out pairs that anything is fitted on.
pub(super) const FEWEST: usize = 50;

/// The numbers of hold-outs, each once.
pub(super) fn folds(of: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut folds: Vec<u32> = of.collect();
    folds.sort_unstable();
    folds.dedup();
    folds
}

/// The quantile of each group; none where there are too few scores for a finite one.
pub(super) fn quantiles(scores: &[f64], groups: &[usize], level: f64) -> Vec<Option<f64>> {
    match mondrian(scores, groups, &PARENTS, 1.0 - level, LEAST) {
        Ok(found) => found
            .iter()
            .map(|of| of.quantile.is_finite().then_some(of.quantile))
            .collect(),
        Err(_) => vec![None; PARENTS.len()],
    }
}
