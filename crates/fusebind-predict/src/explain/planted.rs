//! Whether reasons point at what is known to matter, and whether they change when the model is another one.
//!
//! Comes in: pairs with the atoms and residues that make them bind, as a simulation planted them. Goes out: [`PlantedScores`]: within each pair, the
//! area under the ROC curve of the effects of atoms (planted or not) and of windows of residues (of which at least half is planted or none is).
//! The effects of another model, for instance one that was trained on shuffled labels, can be compared with those of this one.

use fusebind_eval::{classification::auroc, regression::spearman};
use fusebind_features::neighbours::Mask;
use serde::Serialize;

use super::{
    pair::Explained,
    parts::{self, PartReason},
};

/// What makes a pair bind: atoms of the canonical SMILES and residues, from 1.
pub type PlantedPair = [Vec<usize>; 2];

/// How well reasons find what was planted: means over pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PlantedScores {
    /// Pairs that were explained.
    pub pairs: usize,
    /// AUROC of the effects of atoms.
    pub atoms: Option<f64>,
    /// AUROC of the effects of windows of residues.
    pub residues: Option<f64>,
    /// Rank correlation of the effects of atoms with those of another model, where one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atoms_of_other: Option<f64>,
    /// The same of windows of residues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residues_of_other: Option<f64>,
}

/// Scores the reasons for pairs of a model; `other` are the same pairs of another model, or none.
pub(crate) fn scores(
    pairs: &[(Explained<'_>, &PlantedPair)],
    other: &[Explained<'_>],
    switched_off: Mask,
) -> PlantedScores {
    let atoms = |pair: Explained<'_>| {
        parts::atoms(pair, switched_off)
            .map(|found| found.parts)
            .unwrap_or_default()
    };
    let residues = |pair: Explained<'_>| parts::residues(pair, switched_off).parts;
    let own: Vec<[Vec<PartReason>; 2]> = pairs.iter().map(|(pair, _)| [atoms(*pair), residues(*pair)]).collect();
    let found = |side: usize| {
        let of = |(effects, (_, planted)): (&[Vec<PartReason>; 2], &(Explained<'_>, &PlantedPair))| {
            area(&effects[side], &planted[side])
        };
        mean(own.iter().zip(pairs).filter_map(of))
    };
    let others: Vec<[Vec<PartReason>; 2]> = other.iter().map(|pair| [atoms(*pair), residues(*pair)]).collect();
    let resemblance = |side: usize| {
        let of = |(own, other): (&[Vec<PartReason>; 2], &[Vec<PartReason>; 2])| {
            let [own, other] =
                [own, other].map(|effects| effects[side].iter().map(|part| part.effect).collect::<Vec<_>>());
            spearman(&own, &other).ok()
        };
        mean(own.iter().zip(&others).filter_map(of))
    };
    PlantedScores {
        pairs: pairs.len(),
        atoms: found(0),
        residues: found(1),
        atoms_of_other: resemblance(0),
        residues_of_other: resemblance(1),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Area under the ROC curve of the effects of parts for whether they are planted; a part of which less than half is planted counts for nothing.
fn area(parts: &[PartReason], planted: &[usize]) -> Option<f64> {
    let labelled = parts.iter().filter_map(|part| {
        let hit = planted
            .iter()
            .filter(|at| (part.first..=part.last).contains(at))
            .count();
        let is_planted = 2 * hit > part.last - part.first;
        (is_planted || hit == 0).then_some((is_planted, part.effect))
    });
    let (truth, effects): (Vec<bool>, Vec<f64>) = labelled.unzip();
    auroc(&truth, &effects).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_parts_are_told_from_the_rest_and_half_ones_left_out() {
        let part = |first: usize, last: usize, effect: f64| PartReason { first, last, effect };
        let atoms = [part(1, 1, 0.1), part(2, 2, 0.9), part(3, 3, 0.4)];
        assert_eq!(area(&atoms, &[2]), Some(1.0));
        assert_eq!(area(&atoms, &[1]), Some(0.0));
        assert_eq!(area(&atoms, &[]), None, "nothing is planted");
        // Of the second window a tenth is planted: it is neither.
        let windows = [part(1, 10, 0.1), part(11, 20, 9.0), part(21, 30, 0.5)];
        let planted: Vec<usize> = (20..=30).collect();
        assert_eq!(area(&windows, &planted), Some(1.0));
    }
}
