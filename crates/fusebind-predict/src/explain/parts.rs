//! The atoms and residues that a prediction rests on: occlusion through the whole model, neighbours included.
//!
//! Comes in: a pair. Goes out: [`PartReasons`]: the prediction less the one without an atom and its substructures, or with unknown residues in
//! a window (Zeiler & Fergus 2014, arXiv:1311.2901). What is known of the drug and the target from training stays known: only the structure changes.

use fusebind_features::{
    feature::{
        occlusion::{WithoutAtom, windows, without_atoms, without_window},
        sequence::SequenceFeatures,
    },
    modality::Modality,
    neighbours::Mask,
};
use serde::Serialize;

use super::pair::Explained;

/// Residues of a window.
const WINDOW: usize = 15;
/// Most windows of a protein; longer proteins have them further apart.
const MOST_WINDOWS: usize = 100;

/// Effect of one part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartReason {
    /// First atom or residue, from 1.
    pub first: usize,
    /// Last atom or residue, from 1; of an atom the same.
    pub last: usize,
    /// The prediction less the one without this part, in the unit of the explanation.
    pub effect: f64,
}

/// Effects of all parts of a structure.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PartReasons {
    /// By part, in order.
    pub parts: Vec<PartReason>,
    /// What the whole structure adds: the prediction less the one that does without it.
    pub whole: f64,
    /// `whole` less the sum of all effects, an effect of windows that overlap counted by its share: what the parts do not explain one by one.
    pub unexplained: f64,
}

/// Effects of the atoms of the drug.
pub(super) fn atoms(explained: Explained<'_>, switched_off: Mask) -> Option<PartReasons> {
    let (drugs, targets) = explained.stores;
    let (drug, target) = explained.pair;
    let variants: Vec<WithoutAtom> = without_atoms(&drugs.graphs[drug as usize])?;
    let scale = &explained.trained.description.inputs.substructures;
    let drugs = drugs.with_variants(drug, &variants, scale);
    let pairs: Vec<(u32, u32)> = (0..=variants.len() as u32).map(|at| (at, target)).collect();
    let scores = explained.trained.score((&drugs, targets), &pairs, switched_off, |_| {});
    let of = |row: usize| explained.value(&scores, row);
    let part = |at: usize| PartReason {
        first: at,
        last: at,
        effect: of(0) - of(at),
    };
    let parts: Vec<PartReason> = (1..=variants.len()).map(part).collect();
    let mut without = switched_off;
    without.drug.insert(Modality::Graph);
    let whole = of(0) - alone(explained, without);
    let sum: f64 = parts.iter().map(|part| part.effect).sum();
    Some(PartReasons {
        parts,
        whole,
        unexplained: whole - sum,
    })
}

/// Effects of windows of residues of the target.
pub(super) fn residues(explained: Explained<'_>, switched_off: Mask) -> PartReasons {
    let (drugs, targets) = explained.stores;
    let (drug, target) = explained.pair;
    let sequence = &targets.sequences[target as usize];
    let length = sequence.residues.len();
    let step = (length.div_ceil(MOST_WINDOWS)).max(WINDOW / 3);
    let width = WINDOW.max(step);
    let windows = windows(length, width, step);
    let variants: Vec<SequenceFeatures> = windows.iter().map(|window| without_window(sequence, *window)).collect();
    let scale = &explained.trained.description.inputs.composition;
    let targets = targets.with_variants(target, &variants, scale);
    let pairs: Vec<(u32, u32)> = (0..=variants.len() as u32).map(|at| (drug, at)).collect();
    let scores = explained.trained.score((drugs, &targets), &pairs, switched_off, |_| {});
    let of = |row: usize| explained.value(&scores, row);
    let part = |(at, (start, end)): (usize, &(usize, usize))| PartReason {
        first: start + 1,
        last: *end,
        effect: of(0) - of(at + 1),
    };
    let parts: Vec<PartReason> = windows.iter().enumerate().map(part).collect();
    let mut without = switched_off;
    without.target.insert(Modality::Sequence);
    let whole = of(0) - alone(explained, without);
    // A residue lies in several windows: each counts for its share of the residues.
    let covered: usize = windows.iter().map(|(start, end)| end - start).sum();
    let sum: f64 = parts.iter().map(|part| part.effect).sum::<f64>() * length as f64 / covered.max(1) as f64;
    PartReasons {
        parts,
        whole,
        unexplained: whole - sum,
    }
}

/// What is said of the pair itself under a mask.
fn alone(explained: Explained<'_>, mask: Mask) -> f64 {
    let scores = explained
        .trained
        .score(explained.stores, &[explained.pair], mask, |_| {});
    explained.value(&scores, 0)
}
