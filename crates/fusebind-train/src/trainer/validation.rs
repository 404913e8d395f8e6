//! Scores on the validation part, the only scores that a run may choose by.

use std::collections::BTreeMap;

use burn::tensor::Device;
use fusebind_data::{
    split::ValidSet,
    table::{Dataset, Interaction},
};
use fusebind_eval::{classification, regression};
use fusebind_model::{
    bundle::{Description, OutputScale},
    input::{DrugStore, TargetStore},
    model::Model,
    scoring::{Scores, score_pairs},
};

use super::Job;
use crate::{objective::scale_name, run_dir::EpochMetrics};

/// The validation part, ready to be scored.
pub(super) struct Validation<'a> {
    interactions: Vec<&'a Interaction>,
    pairs: Vec<(u32, u32)>,
    scales: &'a [OutputScale],
    stores: (&'a DrugStore, &'a TargetStore),
}

impl<'a> Validation<'a> {
    pub fn new(
        dataset: &'a Dataset,
        valid: &ValidSet,
        scales: &'a [OutputScale],
        stores: (&'a DrugStore, &'a TargetStore),
    ) -> Self {
        let interactions: Vec<&Interaction> = valid
            .indices()
            .iter()
            .map(|&i| &dataset.interactions[i as usize])
            .collect();
        let pairs = interactions.iter().map(|i| (i.drug, i.target)).collect();
        Self {
            interactions,
            pairs,
            scales,
            stores,
        }
    }

    /// Metrics by name; empty without validation pairs.
    pub fn score(&self, model: &Model, device: &Device) -> BTreeMap<String, f64> {
        let mut metrics = BTreeMap::new();
        if self.pairs.is_empty() {
            return metrics;
        }
        let scores = score_pairs(model, self.stores, &self.pairs, device, |_| {});
        for (column, scale) in self.scales.iter().enumerate() {
            let (truth, predicted) = affinity_column(&self.interactions, &scores, scale, column);
            let name = |metric: &str| {
                if column == 0 {
                    metric.to_string()
                } else {
                    format!("{metric}_{}", scale.name)
                }
            };
            if let Ok(mse) = regression::mse(&truth, &predicted) {
                metrics.insert(name("mse"), mse);
            }
            if let Ok(ci) = regression::concordance_index(&truth, &predicted) {
                metrics.insert(name("ci"), ci);
            }
        }
        let (labels, probabilities) = binding_column(&self.interactions, &scores);
        if let Ok(auroc) = classification::auroc(&labels, &probabilities) {
            metrics.insert("auroc".into(), auroc);
        }
        if let Ok(auprc) = classification::auprc(&labels, &probabilities) {
            metrics.insert("auprc".into(), auprc);
        }
        metrics
    }
}

/// Truth and prediction of every interaction that has an affinity on `scale`, on that scale.
pub(crate) fn affinity_column(
    interactions: &[&Interaction],
    scores: &Scores,
    scale: &OutputScale,
    column: usize,
) -> (Vec<f64>, Vec<f64>) {
    interactions
        .iter()
        .enumerate()
        .filter_map(|(row, interaction)| {
            let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
            let standardised = f64::from(scores.affinity[row * scores.scales + column]);
            Some((affinity.value, standardised * scale.deviation + scale.mean))
        })
        .unzip()
}

/// Label and probability of every interaction that has a binding label; empty without a binding head.
pub(crate) fn binding_column(interactions: &[&Interaction], scores: &Scores) -> (Vec<bool>, Vec<f64>) {
    interactions
        .iter()
        .zip(&scores.binding)
        .filter_map(|(interaction, logit)| Some((interaction.binds?, 1.0 / (1.0 + f64::from(-logit).exp()))))
        .unzip()
}

/// What a run chooses by, larger is better: minus the mean squared error, or the area under the ROC curve.
pub(super) fn selection_score(metrics: &EpochMetrics) -> Option<f64> {
    let affinity = metrics.valid.get("mse").map(|mse| -mse);
    let binding = metrics.valid.get("auroc").copied();
    match (affinity, binding) {
        (Some(a), Some(b)) => Some(a + b),
        (one, other) => one.or(other),
    }
}

/// Probability above which a pair is said to bind: best F1 on validation.
pub(super) fn threshold(job: &Job<'_>, description: &Description, model: &Model) -> Option<f64> {
    let drugs = description.drugs(job.dataset.drugs.iter().map(|d| &d.molecule));
    let targets = description.targets(job.dataset.targets.iter().map(|t| &t.protein));
    let validation = Validation::new(job.dataset, &job.split.valid, &[], (&drugs, &targets));
    if validation.pairs.is_empty() {
        return None;
    }
    let scores = score_pairs(model, validation.stores, &validation.pairs, job.device, |_| {});
    let (labels, probabilities) = binding_column(&validation.interactions, &scores);
    classification::best_threshold(&labels, &probabilities).ok()
}
