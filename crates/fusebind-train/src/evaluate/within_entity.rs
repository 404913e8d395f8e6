//! Scores within a target and within a drug, beside those of the baselines.
//!
//! Comes in: the labelled pairs of a part with their predictions. Goes out: [`WithinScores`] of each side, and a sentence for each
//! baseline that ranks better than the model.

use std::collections::BTreeMap;

use fusebind_eval::{
    Undefined, classification, enrichment, regression,
    resample::Interval,
    within::{WithinConfig, within, within_difference},
};
use serde::Serialize;

use crate::{baseline::Baseline, scored_labels::ScoredLabels};

/// Fewest scored pairs of an entity that counts: a ranking of fewer says little.
const LEAST_PAIRS: usize = 5;

const CONFIG: WithinConfig = WithinConfig {
    least_rows: LEAST_PAIRS,
    rounds: 1000,
    level: 0.95,
    seed: 1,
};

/// Score of labels and predictions.
pub(super) type Score<T> = fn(&[T], &[f64]) -> Result<f64, Undefined>;

/// What is scored within an entity where labels are binary: AUROC, BEDROC at alpha 20, and enrichment of the top hundredth.
pub(super) const BINDING: [(&str, Score<bool>); 3] = [
    ("auroc", classification::auroc),
    ("bedroc", |truth, scores| enrichment::bedroc(truth, scores, 20.0)),
    ("ef1", |truth, scores| {
        enrichment::enrichment_factor(truth, scores, 0.01)
    }),
];

/// What is scored within an entity where labels are affinities.
pub(super) const AFFINITY: [(&str, Score<f64>); 1] = [("ci", regression::concordance_index)];

/// Mean scores over the entities of one side.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WithinScores {
    /// Entities with at least five scored pairs on which the first score is defined.
    pub entities: usize,
    /// Mean over entities by score: `auroc`, `bedroc`, `ef1` of binding, `ci` of affinities.
    #[serde(flatten)]
    pub scores: BTreeMap<String, f64>,
    /// 95 % interval over entities, by score.
    pub intervals: BTreeMap<String, Interval>,
    /// The same means of each baseline.
    pub baselines: BTreeMap<String, BTreeMap<String, f64>>,
}

/// One side of the pairs that are scored.
pub(super) struct Entities<'a> {
    /// Drug or target of each labelled pair.
    pub of_rows: &'a [u32],
    /// What a ranking within one of them ranks, for sentences: `the compounds of a target`.
    pub ranked: &'a str,
}

impl WithinScores {
    /// Adds scores of the model and of baselines; returns a sentence for each baseline that ranks better.
    pub(super) fn add<T: Copy>(
        &mut self,
        entities: &Entities<'_>,
        labels: &ScoredLabels<T>,
        baselines: &[Baseline],
        scores: &[(&str, Score<T>)],
    ) -> Vec<String> {
        let mut sentences = Vec::new();
        for (at, (name, score)) in scores.iter().enumerate() {
            let of = |predictions: &'_ [f64], rows: &[usize]| {
                let of_row = |row: &usize| (labels.truth[*row], predictions[*row]);
                let (truth, predicted): (Vec<T>, Vec<f64>) = rows.iter().map(of_row).unzip();
                score(&truth, &predicted)
            };
            let model = |rows: &[usize]| of(&labels.predicted, rows);
            let Ok(found) = within(entities.of_rows, &CONFIG, model) else {
                continue;
            };
            self.entities = self.entities.max(found.entities);
            self.scores.insert(name.to_string(), found.mean.value);
            self.intervals.insert(name.to_string(), found.mean);
            for baseline in baselines {
                let other = |rows: &[usize]| of(&baseline.predictions, rows);
                if let Ok(score) = within(entities.of_rows, &CONFIG, other) {
                    let scores = self.baselines.entry(baseline.name.to_string()).or_default();
                    scores.insert(name.to_string(), score.mean.value);
                }
                let difference = within_difference(entities.of_rows, &CONFIG, model, other);
                // The first score is the one that rankings are chosen by.
                if let Ok(difference) = difference
                    && at == 0
                    && difference.mean.low > 0.0
                {
                    sentences.push(format!(
                        "{} ranks {} better than the model: {name} higher by {:.3} [{:.3}, {:.3}]",
                        baseline.name,
                        entities.ranked,
                        difference.mean.value,
                        difference.mean.low,
                        difference.mean.high
                    ));
                }
            }
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_that_ranks_better_is_named() {
        // Twelve targets of eight pairs; the model ranks at random, the baseline rightly.
        let targets: Vec<u32> = (0..12).flat_map(|target| [target; 8]).collect();
        let truth: Vec<bool> = (0..targets.len()).map(|row| row % 4 == 0).collect();
        let predicted: Vec<f64> = (0..targets.len()).map(|row| (row * 37 % 101) as f64).collect();
        let right: Vec<f64> = truth.iter().map(|binds| f64::from(u8::from(*binds))).collect();
        let labels: ScoredLabels<bool> = truth.iter().copied().zip(predicted).collect();
        let baseline = |predictions: &[f64]| Baseline {
            name: "other",
            predictions: predictions.to_vec(),
            ranks_only: true,
        };
        let entities = Entities {
            of_rows: &targets,
            ranked: "the compounds of a target",
        };
        let mut scores = WithinScores::default();
        let sentences = scores.add(&entities, &labels, &[baseline(&right)], &BINDING);
        assert_eq!(scores.entities, 12);
        assert_eq!(scores.baselines["other"]["auroc"], 1.0);
        assert!(
            sentences.len() == 1 && sentences[0].contains("auroc higher by"),
            "{sentences:?}"
        );
        let same = WithinScores::default().add(&entities, &labels, &[baseline(&labels.predicted)], &BINDING);
        assert!(same.is_empty(), "{same:?}");
        let json = serde_json::to_value(&scores).expect("numbers");
        for name in ["auroc", "bedroc", "ef1", "entities"] {
            assert!(json[name].is_number(), "{json}");
        }
    }
}
