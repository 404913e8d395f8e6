//! Pairs that a model did not see, with what it says of them.
//!
//! Comes in: the scored test part of a hold-out. Goes out: [`HeldOutPair`]s.

use fusebind_data::table::{Censoring, Interaction};
use fusebind_model::{
    trained::{Description, OutputScale},
    trust::{Output, PairEvidence},
};

use crate::{
    evaluate::{EvaluationSet, ScoredSet},
    objective::scale_name,
};

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

/// The pairs of the part of `set` that `scored` are the scores of.
pub(super) fn pairs(
    set: &EvaluationSet<'_>,
    description: &Description,
    scored: &ScoredSet,
    fold: u32,
) -> Vec<HeldOutPair> {
    let interactions = set.interactions();
    let pair = |(row, interaction): (usize, &&Interaction)| HeldOutPair {
        fold,
        evidence: scored.evidence[row],
        affinity: (description.scales.iter().enumerate())
            .map(|(column, scale)| affinity(interaction, scored, (row, column), scale))
            .collect(),
        binding: (interaction.binds).zip(scored.binding_output(row)),
    };
    interactions.iter().enumerate().map(pair).collect()
}

fn affinity(
    interaction: &Interaction,
    scored: &ScoredSet,
    (row, column): (usize, usize),
    scale: &OutputScale,
) -> Option<HeldOutAffinity> {
    let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
    let output = scored.affinity_output(row, column);
    (affinity.censoring == Censoring::Exact).then_some(HeldOutAffinity {
        truth: affinity.value,
        predicted: output.value * scale.std + scale.mean,
        output,
    })
}
