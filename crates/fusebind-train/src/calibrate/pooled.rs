//! What fits to the pairs of several hold-outs have in common: how many pairs they ask for, scores of pairs that a fit did not see, and quantiles
//! by group.
//!
//! Comes in: pairs with the number of their hold-out, or scores and their groups. Goes out: a score for each pair, or a quantile for each group.

use std::collections::{BTreeMap, BTreeSet};

use fusebind_eval::conformal::{GroupedScores, mondrian};
use fusebind_model::trust::groups::PARENTS;

/// Promised shares.
pub(super) const LEVELS: [f64; 3] = [0.8, 0.9, 0.95];
/// Fewest held-out pairs of a group with a quantile of its own.
pub(super) const LEAST: usize = 100;
/// Fewest held-out pairs that anything is fitted on.
pub(super) const FEWEST: usize = 50;
/// Fewest of the other hold-outs that a pair is scored by a fit to: with the fewest pairs, a fifth may be held out.
pub(super) const FEWEST_OTHERS: usize = 40;

/// Whose pairs a fit is made to, where `T` is what such a fit gives.
#[derive(Debug)]
pub(super) enum Whose<'a, T> {
    /// Those of hold-outs.
    HoldOuts,
    /// A user's, which may be few; with what the model knew before, if anything.
    User(Option<&'a T>),
}

impl<'a, T> Whose<'a, T> {
    /// The same for a part of what the fit gives.
    pub fn part<U>(&self, of: impl FnOnce(&'a T) -> Option<&'a U>) -> Whose<'a, U> {
        match self {
            Self::HoldOuts => Whose::HoldOuts,
            Self::User(before) => Whose::User(before.and_then(of)),
        }
    }
}

/// The score of each item by a fit to the other hold-outs, or by `whole` where these are too few. `fit` takes the items that are wanted, `fold` is the
/// hold-out of an item.
pub(super) fn by_others<T, F>(
    items: &[T],
    whole: &F,
    fold: impl Fn(&T) -> u32,
    fit: impl Fn(&dyn Fn(&T) -> bool) -> Option<F>,
    score: impl Fn(&F, &T) -> f64,
) -> Vec<f64> {
    let folds: BTreeSet<u32> = items.iter().map(&fold).collect();
    let of_others = |own: u32| (own, fit(&|item| fold(item) != own));
    let fits: BTreeMap<u32, Option<F>> = folds.into_iter().map(of_others).collect();
    let of_item = |item: &T| score(fits[&fold(item)].as_ref().unwrap_or(whole), item);
    items.iter().map(of_item).collect()
}

/// The mean over hold-outs of the mean of their losses, of those whose others are enough for a fit that did not see them; infinite where there
/// is none.
pub(super) fn mean_of_folds(losses: impl Iterator<Item = (u32, f64)>) -> f64 {
    let mut of_folds: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
    for (fold, loss) in losses {
        let (count, sum) = of_folds.entry(fold).or_default();
        *count += 1;
        *sum += loss;
    }
    let all: usize = of_folds.values().map(|of| of.0).sum();
    let unseen = of_folds.values().filter(|of| all - of.0 >= FEWEST_OTHERS);
    let means: Vec<f64> = unseen.map(|(count, sum)| sum / *count as f64).collect();
    match means.len() {
        0 => f64::INFINITY,
        folds => means.iter().sum::<f64>() / folds as f64,
    }
}

/// The quantile of each group; none where there are too few scores for a finite one.
pub(super) fn quantiles(grouped: GroupedScores, level: f64) -> Vec<Option<f64>> {
    match mondrian(grouped, &PARENTS, 1.0 - level, LEAST) {
        Ok(found) => found
            .iter()
            .map(|of| of.quantile.is_finite().then_some(of.quantile))
            .collect(),
        Err(_) => vec![None; PARENTS.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_outs_count_the_same_and_fits_that_saw_a_pair_say_nothing() {
        let losses = |counts: &[(u32, usize, f64)]| {
            let all = counts
                .iter()
                .flat_map(|(fold, count, loss)| (0..*count).map(|_| (*fold, *loss)));
            mean_of_folds(all)
        };
        assert_eq!(losses(&[(0, 400, 1.0), (1, 100, 3.0)]), 2.0);
        // The fewest pairs of a user, a fifth of which is held out at a time.
        let fifths: Vec<(u32, usize, f64)> = (0..5).map(|fold| (fold, 10, 0.5)).collect();
        assert_eq!(losses(&fifths), 0.5);
        assert_eq!(
            losses(&[(0, 400, 1.0), (1, 30, 9.0)]),
            9.0,
            "30 others are too few to fit"
        );
        assert_eq!(losses(&[(0, 400, 1.0)]), f64::INFINITY);
    }
}
