//! Pairs that a model did not see, with what it says of them.
//!
//! Comes in: the scored pairs of a hold-out. Goes out: [`HeldOutPair`]s.

use fusebind_data::table::{Censoring, Interaction};
use fusebind_model::{
    scoring::Scores,
    trained::{Description, OutputScale},
    trust::{Output, PairEvidence},
};

use crate::{objective::scale_name, scored_labels::least_error};

/// An affinity and its prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HeldOutAffinity {
    pub truth: f64,
    /// Whether the truth is the value itself, or only a bound of it.
    pub censoring: Censoring,
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
    Some(HeldOutAffinity {
        truth: affinity.value,
        censoring: affinity.censoring,
        predicted: output.value * scale.std + scale.mean,
        output,
    })
}

impl HeldOutAffinity {
    /// Whether the truth is known, and not only a bound of it.
    pub fn is_exact(&self) -> bool {
        self.censoring == Censoring::Exact
    }

    /// The absolute error of the prediction moved by `offset`; of a bound the least that it can be, 0 where the prediction agrees with it.
    pub fn error(&self, offset: f64) -> f64 {
        least_error(self.censoring, self.truth - self.predicted - offset)
    }
}

#[cfg(test)]
pub(super) mod sample {
    use fusebind_features::neighbours::EntityEvidence;

    use super::*;

    /// Pairs of two hold-outs: errors of new drugs are three times as large, and their logits are worth half.
    pub fn pairs(n: usize, offset: f64) -> Vec<HeldOutPair> {
        let pair = |i: usize| {
            let u = ((i as f64 + offset) * 0.618_033_988_749_895).fract();
            let v = ((i as f64 + offset) * 0.754_877_666_246_693).fract();
            let is_known = i.is_multiple_of(2);
            let entity = |is_known: bool| EntityEvidence {
                is_known,
                nearest: Some((0, if is_known { 1.0 } else { 0.4 })),
                partners: 5,
                mean: 0.0,
                spread: 1.0,
            };
            let logit = 6.0 * u - 3.0;
            let z = if is_known { logit } else { 0.5 * logit };
            let output = |value| Output {
                value,
                prior_shift: 0.0,
                disagreement: 0.1,
            };
            HeldOutPair {
                fold: (i / 2 % 2) as u32,
                evidence: PairEvidence {
                    drug: entity(is_known),
                    target: entity(true),
                },
                affinity: vec![Some(HeldOutAffinity {
                    truth: 5.0,
                    censoring: Censoring::Exact,
                    predicted: 5.0 + if is_known { v } else { 3.0 * v },
                    output: output(0.0),
                })],
                binding: Some((v < 1.0 / (1.0 + (-z).exp()), output(logit))),
            }
        };
        (0..n).map(pair).collect()
    }
}
