//! Labels of scored pairs beside their predictions.
//!
//! Comes in: interactions and the raw scores of their pairs. Goes out: [`ScoredLabels`] of those that have a label.

use fusebind_data::table::{Censoring, Interaction};
use fusebind_model::{scoring::Scores, trained::OutputScale};

use crate::objective::scale_name;

/// Labels and predictions of the same pairs, in the order of the interactions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ScoredLabels<T> {
    /// Labels.
    pub truth: Vec<T>,
    /// Affinities on the scale of the labels, or probabilities of binding.
    pub predicted: Vec<f64>,
}

impl<T> FromIterator<(T, f64)> for ScoredLabels<T> {
    fn from_iter<I: IntoIterator<Item = (T, f64)>>(pairs: I) -> Self {
        let (truth, predicted) = pairs.into_iter().unzip();
        Self { truth, predicted }
    }
}

impl<T: Copy> ScoredLabels<T> {
    /// The labels at `rows`, which may repeat.
    pub fn at(&self, rows: &[usize]) -> Self {
        rows.iter()
            .map(|row| (self.truth[*row], self.predicted[*row]))
            .collect()
    }
}

impl ScoredLabels<f64> {
    /// Every interaction that has an affinity on `scale`, column `column` of the scores.
    pub fn affinities(interactions: &[&Interaction], scores: &Scores, scale: &OutputScale, column: usize) -> Self {
        let of = |(row, interaction): (usize, &&Interaction)| {
            let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
            let standardised = f64::from(scores.affinity[row * scores.scales + column]);
            Some((affinity.value, standardised * scale.std + scale.mean))
        };
        interactions.iter().enumerate().filter_map(of).collect()
    }
}

impl ScoredLabels<bool> {
    /// Every interaction that has a binding label; empty without a binding head.
    pub fn binding(interactions: &[&Interaction], scores: &Scores) -> Self {
        let of = |(interaction, logit): (&&Interaction, &f32)| Some((interaction.binds?, probability(*logit)));
        interactions.iter().zip(&scores.binding).filter_map(of).collect()
    }
}

/// Probability of binding from the logit of the binding head.
pub(crate) fn probability(logit: f32) -> f64 {
    1.0 / (1.0 + f64::from(-logit).exp())
}

/// The least absolute error where the truth, or the bound of it, lies `above` the prediction.
pub(crate) fn least_error(censoring: Censoring, above: f64) -> f64 {
    match censoring {
        Censoring::Exact => above.abs(),
        Censoring::AtMost => (-above).max(0.0),
        Censoring::AtLeast => above.max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_missed_on_one_side_alone() {
        let errors = |above| [Censoring::Exact, Censoring::AtMost, Censoring::AtLeast].map(|c| least_error(c, above));
        assert_eq!(errors(1.5), [1.5, 0.0, 1.5]);
        assert_eq!(errors(-2.0), [2.0, 2.0, 0.0]);
    }
}
