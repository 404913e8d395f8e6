//! Pairs that a model did not see, with what it says of them.
//!
//! Comes in: the scored pairs of a hold-out. Goes out: [`HeldOutPair`]s.

use fusebind_data::table::{Censoring, Interaction};
use fusebind_model::{
    scoring::Scores,
    trained::{Description, OutputScale},
    trust::{Output, PairEvidence},
};

use crate::objective::scale_name;

/// An exact affinity and its prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HeldOutAffinity {
    pub truth: f64,
    pub predicted: f64,
    pub output: Output,
}

/// A pair that a model did not see.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HeldOutPair {
    /// Number of the hold-out.
    pub fold: u32,
    pub evidence: PairEvidence,
    /// By scale.
    pub affinity: Vec<Option<HeldOutAffinity>>,
    /// Whether it binds, and the logit.
    pub binding: Option<(bool, Output)>,
}

/// Pairs with their scores and what the model knows of their entities.
pub(super) fn pairs(
    interactions: &[&Interaction],
    description: &Description,
    scores: &Scores,
    evidence: &[PairEvidence],
    fold: u32,
) -> Vec<HeldOutPair> {
    let pair = |(row, interaction): (usize, &&Interaction)| HeldOutPair {
        fold,
        evidence: evidence[row],
        affinity: (description.scales.iter().enumerate())
            .map(|(column, scale)| affinity(interaction, scores, (row, column), scale))
            .collect(),
        binding: (interaction.binds).zip(scores.binding_output(row)),
    };
    interactions.iter().enumerate().map(pair).collect()
}

fn affinity(
    interaction: &Interaction,
    scores: &Scores,
    (row, column): (usize, usize),
    scale: &OutputScale,
) -> Option<HeldOutAffinity> {
    let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
    let output = scores.affinity_output(row, column);
    (affinity.censoring == Censoring::Exact).then_some(HeldOutAffinity {
        truth: affinity.value,
        predicted: output.value * scale.std + scale.mean,
        output,
    })
}
