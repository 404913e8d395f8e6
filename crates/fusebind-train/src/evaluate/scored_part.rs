//! The scores of one part: metrics, intervals and baselines of affinities and of binding.
//!
//! Comes in: raw scores of the pairs of a part. Goes out: entries of an [`Evaluation`].

use fusebind_data::{split::OverlapAudit, table::Interaction};
use fusebind_eval::{
    Undefined,
    classification::{self, ClassificationMetrics},
    regression::{self, RegressionMetrics},
    resample::{Interval, Units, bootstrap},
};
use fusebind_model::{
    scoring::Scores,
    trained::{Description, OutputScale},
};
use serde::Serialize;

use super::{
    evaluation::{Evaluation, Metrics, PairPrediction},
    sampling::Sampling,
    set::{EvaluationConfig, EvaluationSet},
    within_entity::{AFFINITY, BINDING, Entities, Score},
};
use crate::{
    baseline::{Baseline, BaselineContext, baselines, by_key},
    objective::scale_name,
    scored_labels::{ScoredLabels, probability},
};

/// Rounds of the bootstrap.
const ROUNDS: usize = 200;
/// Level of its intervals.
const LEVEL: f64 = 0.95;
/// Its seed.
const SEED: u64 = 1;

/// What is scored of predictions that only rank.
pub(super) const RANKINGS: [&str; 5] = ["ci", "pearson", "spearman", "auroc", "auprc"];

/// A part whose pairs are scored.
pub(super) struct ScoredPart<'a> {
    pub description: &'a Description,
    pub set: &'a EvaluationSet<'a>,
    pub config: &'a EvaluationConfig<'a>,
    pub interactions: &'a [&'a Interaction],
    pub scores: &'a Scores,
    pub leakage: &'a OverlapAudit,
}

/// Scored pairs, and what stands beside the scores of the model on them.
pub(super) struct Beside<'a, T> {
    /// Labels and predictions.
    pub labels: &'a ScoredLabels<T>,
    /// Whether a pair is among them.
    pub is_labelled: &'a dyn Fn(&Interaction) -> bool,
    /// What baselines learn of a training pair.
    pub learned: &'a dyn Fn(&Interaction) -> Option<f64>,
    /// Scores with an interval over all pairs.
    pub intervals: &'a [(&'a str, Score<T>)],
    /// Scores within entities; the first decides which baseline is better.
    pub within: &'a [(&'a str, Score<T>)],
    /// Scores of a baseline over all pairs, from its predictions.
    pub of_baseline: &'a dyn Fn(&[f64]) -> Metrics,
}

impl ScoredPart<'_> {
    /// What a resample of the pairs with a label samples.
    pub fn sampling(&self, is_labelled: impl Fn(&Interaction) -> bool) -> Sampling {
        let labelled = self.interactions.iter().filter(|interaction| is_labelled(interaction));
        Sampling::new(self.leakage, labelled.map(|i| (i.drug, i.target)))
    }

    /// Scores the affinities on one scale of the model; intervals and baselines are of the first alone.
    pub fn add_affinities(&self, evaluation: &mut Evaluation, column: usize, scale: &OutputScale) {
        let labels = ScoredLabels::affinities(self.interactions, self.scores, scale, column);
        let suffix = if column == 0 {
            String::new()
        } else {
            format!("_{}", scale.name)
        };
        if labels.truth.is_empty() {
            return;
        }
        evaluation.n = evaluation.n.max(labels.truth.len());
        let metrics = |predicted: &[f64]| named(&RegressionMetrics::compute(&labels.truth, predicted), &suffix);
        evaluation.metrics.extend(metrics(&labels.predicted));
        if column > 0 {
            return;
        }
        let learned = |i: &Interaction| affinity_on(i, scale);
        let beside = Beside {
            labels: &labels,
            is_labelled: &|i| learned(i).is_some(),
            learned: &learned,
            intervals: &[("mse", regression::mse), ("ci", regression::concordance_index)],
            within: &AFFINITY,
            of_baseline: &metrics,
        };
        self.add_beside(evaluation, &beside);
    }

    /// Scores the probabilities of binding, where the model gives some; baselines only where affinities have none.
    pub fn add_binding(&self, evaluation: &mut Evaluation) {
        let labels = ScoredLabels::binding(self.interactions, self.scores);
        if labels.truth.is_empty() {
            return;
        }
        evaluation.n = evaluation.n.max(labels.truth.len());
        let metrics = ClassificationMetrics::compute(&labels.truth, &labels.predicted, self.description.threshold);
        evaluation.metrics.extend(named(&metrics, ""));
        let has_baselines = !evaluation.baselines.is_empty();
        let scores: [(&str, Score<bool>); 2] = [("auroc", classification::auroc), ("auprc", classification::auprc)];
        let beside = Beside {
            labels: &labels,
            is_labelled: &|i| i.binds.is_some(),
            learned: &|i| class(i).filter(|_| !has_baselines),
            intervals: &scores,
            within: &BINDING,
            of_baseline: &|predicted| {
                let defined = scores
                    .iter()
                    .filter_map(|(name, score)| Some((name.to_string(), score(&labels.truth, predicted).ok()?)));
                defined.collect()
            },
        };
        self.add_beside(evaluation, &beside);
    }

    /// Adds what stands beside the scores of the model: intervals, baselines, rankings within entities.
    pub fn add_beside<T: Copy>(&self, evaluation: &mut Evaluation, beside: &Beside<'_, T>) {
        let Beside { labels, within, .. } = *beside;
        let sampling = self.sampling(beside.is_labelled);
        add_intervals(evaluation, labels, sampling.units(labels.truth.len()), beside.intervals);
        let baselines = self.baselines(beside);
        for baseline in &baselines {
            let mut metrics = (beside.of_baseline)(&baseline.predictions);
            if baseline.ranks_only {
                metrics.retain(|name, _| RANKINGS.contains(&name.as_str()));
            }
            evaluation.baselines.insert(baseline.name.to_string(), metrics);
        }
        if let Some((score, _)) = within.first() {
            add_sentences(evaluation, score);
        }
        self.add_within(evaluation, beside, &baselines);
    }

    /// Scores the rankings within each target and within each drug.
    fn add_within<T: Copy>(&self, evaluation: &mut Evaluation, beside: &Beside<'_, T>, baselines: &[Baseline]) {
        let labelled = self
            .interactions
            .iter()
            .filter(|interaction| (beside.is_labelled)(interaction));
        let (drugs, targets): (Vec<u32>, Vec<u32>) = labelled.map(|i| (i.drug, i.target)).unzip();
        let of_targets = Entities {
            of_rows: &targets,
            ranked: "the compounds of a target",
        };
        let of_drugs = Entities {
            of_rows: &drugs,
            ranked: "the targets of a drug",
        };
        let (labels, scores) = (beside.labels, beside.within);
        let better = [
            evaluation.within_target.add(&of_targets, labels, baselines, scores),
            evaluation.within_drug.add(&of_drugs, labels, baselines, scores),
        ];
        evaluation.better_baselines.extend(better.into_iter().flatten());
    }

    /// Baselines fitted on the training pairs, with their predictions for the labelled pairs of the part; none where the configuration wants
    /// none.
    fn baselines<T>(&self, beside: &Beside<'_, T>) -> Vec<Baseline> {
        if !self.config.baselines {
            return Vec::new();
        }
        let of = |index: u32| &self.set.dataset.interactions[index as usize];
        let indices = self.set.indices().iter().copied();
        let labelled: Vec<u32> = indices.filter(|index| (beside.is_labelled)(of(*index))).collect();
        let learned = |index| (beside.learned)(of(index));
        let context = BaselineContext::new(self.set.dataset, &self.set.split.train, &labelled, learned)
            .with_side([self.set.drug_side, self.set.target_side]);
        let mut found = baselines(&context);
        // Without any there was nothing to learn from.
        if let Some(presence) = self.config.presence.filter(|_| !found.is_empty()) {
            found.push(by_key(&context, "which modalities exist", presence));
        }
        found
    }

    /// Predictions for every pair of the part.
    pub fn predictions(&self) -> Vec<PairPrediction> {
        let scales = &self.description.scales;
        let prediction = |(row, index): (usize, &u32)| PairPrediction {
            interaction: *index,
            affinity: (scales.iter().enumerate())
                .map(|(c, s)| f64::from(self.scores.affinity[row * self.scores.scales + c]) * s.std + s.mean)
                .collect(),
            probability: self.scores.binding.get(row).copied().map(probability),
        };
        self.set.indices().iter().enumerate().map(prediction).collect()
    }
}

/// The affinity of a pair on a scale of the model.
pub(super) fn affinity_on(interaction: &Interaction, scale: &OutputScale) -> Option<f64> {
    let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name);
    affinity.map(|a| a.value)
}

/// 1 where a pair binds, 0 where it does not.
pub(super) fn class(interaction: &Interaction) -> Option<f64> {
    interaction.binds.map(|binds| f64::from(u8::from(binds)))
}

/// A sentence for each baseline whose `score` over all pairs is higher than the model's.
fn add_sentences(evaluation: &mut Evaluation, score: &str) {
    let Some(model) = evaluation.metrics.get(score).copied() else {
        return;
    };
    for (name, metrics) in &evaluation.baselines {
        if let Some(found) = metrics.get(score).filter(|found| **found > model) {
            evaluation.better_baselines.push(format!(
                "{name} has the higher {score} over all pairs: {found:.3} against {model:.3}"
            ));
        }
    }
}

/// Adds the interval of each score that has one.
fn add_intervals<T: Copy>(
    evaluation: &mut Evaluation,
    labels: &ScoredLabels<T>,
    units: Units<'_>,
    scores: &[(&str, Score<T>)],
) {
    for (name, score) in scores {
        let interval: Result<Interval, Undefined> = bootstrap(units, ROUNDS, LEVEL, SEED, |rows| {
            let resampled = labels.at(rows);
            score(&resampled.truth, &resampled.predicted)
        });
        evaluation
            .intervals
            .extend(interval.ok().map(|interval| (name.to_string(), interval)));
    }
}

/// The defined metrics of a metrics struct by name.
pub(super) fn named<T: Serialize>(metrics: &T, suffix: &str) -> Metrics {
    let value = serde_json::to_value(metrics).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, v)| Some((format!("{name}{suffix}"), v.as_f64()?)))
        .collect()
}
