//! Labels of another kind than a model predicts, scored by rank.
//!
//! Comes in: a part none of whose pairs has a label that the model predicts: affinities on another scale (pIC50 for a model of pKd, anything
//! for one of binding), or classes for a model of affinities. Goes out: how the model and the baselines order these pairs. Errors,
//! thresholds and the intervals of predictions mean nothing here.

use std::collections::BTreeMap;

use fusebind_data::table::{Interaction, Scale};
use fusebind_eval::{classification::ClassificationMetrics, regression::RegressionMetrics};

use super::{
    evaluation::Evaluation,
    scored_part::{Beside, RANKINGS, ScoredPart, affinity_on, class, named},
    within_entity::{AFFINITY, BINDING},
};
use crate::{objective::scale_name, scored_labels::ScoredLabels};

impl ScoredPart<'_> {
    /// Scores the affinities on the scale that most pairs have, or else the classes; nothing where there are neither.
    pub fn add_by_rank(&self, evaluation: &mut Evaluation) {
        match self.most_frequent_scale() {
            Some(scale) => {
                let truth = move |i: &Interaction| i.affinity.filter(|a| a.scale == scale).map(|a| a.value);
                let labels = self.ranked(truth);
                self.rank(
                    evaluation,
                    &scale_name(scale),
                    &Beside {
                        labels: &labels,
                        is_labelled: &|i| truth(i).is_some(),
                        learned: &|i| self.learned(i),
                        intervals: &AFFINITY,
                        within: &AFFINITY,
                        of_baseline: &|p| named(&RegressionMetrics::compute(&labels.truth, p), ""),
                    },
                );
            }
            None => {
                let labels = self.ranked(|i| i.binds);
                self.rank(
                    evaluation,
                    "binding",
                    &Beside {
                        labels: &labels,
                        is_labelled: &|i| i.binds.is_some(),
                        learned: &|i| self.learned(i),
                        intervals: &BINDING[..1],
                        within: &BINDING,
                        of_baseline: &|p| named(&ClassificationMetrics::compute(&labels.truth, p, None), ""),
                    },
                );
            }
        }
    }

    fn rank<T: Copy>(&self, evaluation: &mut Evaluation, labels: &str, beside: &Beside<'_, T>) {
        let n = beside.labels.truth.len();
        if n == 0 {
            return;
        }
        let of = |predicted: &[f64]| {
            let mut metrics = (beside.of_baseline)(predicted);
            metrics.retain(|name, _| RANKINGS.contains(&name.as_str()));
            metrics
        };
        evaluation.n = n;
        evaluation.metrics.extend(of(&beside.labels.predicted));
        self.add_beside(
            evaluation,
            &Beside {
                of_baseline: &of,
                ..*beside
            },
        );
        let first = self.description.scales.first();
        let predicted = first.map_or("binding", |scale| scale.name.as_str());
        evaluation.notes.push(format!(
            "the labels are of {labels} and the model predicts {predicted}: only how it orders the pairs is scored"
        ));
        evaluation.by_rank = Some(labels.to_string());
        evaluation.calibration = None;
    }

    /// What the model learned of a training pair, on its first scale.
    fn learned(&self, interaction: &Interaction) -> Option<f64> {
        match self.description.scales.first() {
            Some(scale) => affinity_on(interaction, scale),
            None => class(interaction),
        }
    }

    /// Labels beside what orders the pairs: the affinity on the first scale of the model, or the logit of binding.
    fn ranked<T>(&self, truth: impl Fn(&Interaction) -> Option<T>) -> ScoredLabels<T> {
        let scores = self.scores;
        let of = |(row, interaction): (usize, &&Interaction)| {
            let first = row * scores.scales;
            let score = scores.affinity.get(first).filter(|_| scores.scales > 0);
            let score = score.or_else(|| scores.binding.get(row))?;
            Some((truth(interaction)?, f64::from(*score)))
        };
        self.interactions.iter().enumerate().filter_map(of).collect()
    }

    fn most_frequent_scale(&self) -> Option<Scale> {
        let mut counts: BTreeMap<Scale, usize> = BTreeMap::new();
        let scales = self.interactions.iter().filter_map(|i| Some(i.affinity?.scale));
        scales.for_each(|scale| *counts.entry(scale).or_default() += 1);
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(scale, _)| scale)
    }
}
