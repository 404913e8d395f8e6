//! What each input adds to a prediction: exact Shapley values.
//!
//! ```text
//! share(i) = sum over S without i of |S|! (n - |S| - 1)! / n! (f(S + i) - f(S))
//! ```
//!
//! (Shapley 1953; for predictions Štrumbelj & Kononenko 2010). The inputs are the modalities that the drug and the target have, and what is known
//! of each of them from its training pairs; `f(S)` is what the model says when it does without the others, `f` of nothing is the prior. Comes in: a pair.
//! Goes out: [`Shares`], which add up to the prediction.

use fusebind_features::{
    modality::{Modality, ModalitySet},
    neighbours::Mask,
};
use serde::Serialize;

use super::pair::Explained;
use crate::inputs::name;

/// Most inputs whose subsets are all scored; further ones count with the structure of their side.
const MOST: usize = 11;

/// What one input adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// A modality such as `graph` or `drug text`, or `drug pairs` and `target pairs` for what training pairs tell.
    pub input: String,
    /// What it adds to the prior.
    pub share: f64,
}

/// What all inputs add.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Shares {
    /// What is said of a pair of which nothing is known.
    pub prior: f64,
    /// By input; `prior` and all shares add up to `prediction`.
    pub shares: Vec<Share>,
    /// What is said with all inputs.
    pub prediction: f64,
}

/// An input that can be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    Modality(usize, Modality),
    Pairs(usize),
}

impl Input {
    fn name(self) -> String {
        let side = |side: usize| ["drug", "target"][side];
        match self {
            Self::Modality(of, modality) => name(side(of), modality),
            Self::Pairs(of) => format!("{} pairs", side(of)),
        }
    }

    fn leave_out(self, mask: &mut Mask) {
        match self {
            Self::Modality(0, modality) => mask.drug.insert(modality),
            Self::Modality(_, modality) => mask.target.insert(modality),
            Self::Pairs(0) => mask.drug_labels = true,
            Self::Pairs(_) => mask.target_labels = true,
        }
    }
}

/// What each input of the pair adds; what `switched_off` masks is no input.
pub(super) fn shares(explained: Explained<'_>, switched_off: Mask) -> Shares {
    let inputs = inputs(explained, switched_off);
    let mask = |subset: usize| {
        let mut mask = switched_off;
        let left_out = inputs.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 0);
        left_out.for_each(|(_, input)| input.leave_out(&mut mask));
        mask
    };
    let masks: Vec<Mask> = (1..1 << inputs.len()).map(mask).collect();
    let scores = explained.trained.score_masked(explained.stores, explained.pair, &masks);
    let said = scores.iter().map(|scores| explained.value(scores, 0));
    let of_subset: Vec<f64> = std::iter::once(explained.prior()).chain(said).collect();
    let found = shapley(&of_subset, inputs.len());
    Shares {
        prior: of_subset[0],
        prediction: of_subset[of_subset.len() - 1],
        shares: (inputs.iter().zip(found))
            .map(|(input, share)| Share {
                input: input.name(),
                share,
            })
            .collect(),
    }
}

fn inputs(explained: Explained<'_>, switched_off: Mask) -> Vec<Input> {
    let (drugs, targets) = explained.stores;
    let (drug, target) = explained.pair;
    let present = |side: ModalitySet, structure: Modality, off: ModalitySet| {
        let mut present = side;
        present.insert(structure);
        present.iter().filter(move |m| !off.contains(*m)).collect::<Vec<_>>()
    };
    let of_drug = present(drugs.side.present(drug), Modality::Graph, switched_off.drug);
    let of_target = present(targets.side.present(target), Modality::Sequence, switched_off.target);
    let known = explained
        .trained
        .neighbours
        .as_ref()
        .map(|reference| reference.is_known(explained.stores));
    let known = known.map_or([false; 2], |[d, t]| [d[drug as usize], t[target as usize]]);
    let pairs = [0, 1].into_iter().filter(|side| known[*side]).map(Input::Pairs);
    let modalities = of_drug.into_iter().map(|m| Input::Modality(0, m));
    let modalities = modalities.chain(of_target.into_iter().map(|m| Input::Modality(1, m)));
    pairs.chain(modalities).take(MOST).collect()
}

/// Shapley values of `n` players; `value[S]` is that of the subset whose bits are set in `S`.
fn shapley(value: &[f64], n: usize) -> Vec<f64> {
    // Weight of a subset of each size, by the recurrence of |S|! (n - |S| - 1)! / n!.
    let mut weights = vec![1.0 / n.max(1) as f64];
    for size in 1..n {
        weights.push(weights[size - 1] * size as f64 / (n - size) as f64);
    }
    let of = |player: usize| {
        let without = (0..value.len()).filter(|subset| subset >> player & 1 == 0);
        without
            .map(|subset| weights[subset.count_ones() as usize] * (value[subset | 1 << player] - value[subset]))
            .sum()
    };
    (0..n).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_fair_and_add_up() {
        // Two players who are worth something only together, and one who adds 3 to everything.
        let value: Vec<f64> = (0..8u32)
            .map(|s| if s & 3 == 3 { 10.0 } else { 0.0 } + if s & 4 == 4 { 3.0 } else { 0.0 })
            .collect();
        let found = shapley(&value, 3);
        for (share, expected) in found.iter().zip([5.0, 5.0, 3.0]) {
            assert!((share - expected).abs() < 1e-12, "{found:?}");
        }
        let value: Vec<f64> = (0..64u32).map(|s| f64::from(s * s % 37)).collect();
        let total: f64 = shapley(&value, 6).iter().sum();
        assert!((total - (value[63] - value[0])).abs() < 1e-9);
        assert!(shapley(&[1.0], 0).is_empty());
    }
}
