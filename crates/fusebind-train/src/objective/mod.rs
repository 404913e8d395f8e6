//! What is minimised: a censored squared error on affinities and a cross entropy on binding, jointly where both exist.
//!
//! Affinity, on standardised values, over labelled entries only: `(p - y)^2` where `y` is exact; `max(0, p - y)^2` where
//! the truth is at most `y`; `max(0, y - p)^2` where it is at least `y` (a one-sided, Tobit-like loss). Binding: binary
//! cross entropy on the logit, with optional label smoothing. The sum is weighted by the recipe.
//! Axis legend: `P` pairs, `U` affinity scales.

use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use fusebind_data::table::{Censoring, Interaction};
use fusebind_model::{bundle::OutputScale, head::Output, model::Outputs};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Weights of the parts of the objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectiveConfig {
    /// Weight of the affinity error.
    pub affinity: f32,
    /// Weight of the binding cross entropy.
    pub binding: f32,
    /// Weight of the loss of the retrieval vectors.
    pub retrieval: f32,
    /// Share of a binding label that is spread over both classes.
    pub label_smoothing: f32,
}

impl Default for ObjectiveConfig {
    fn default() -> Self {
        Self {
            affinity: 1.0,
            binding: 1.0,
            retrieval: 0.1,
            label_smoothing: 0.0,
        }
    }
}

impl ObjectiveConfig {
    /// Refuses weights that make no objective.
    pub fn check(&self) -> Result<(), Error> {
        let finite =
            self.affinity >= 0.0 && self.binding >= 0.0 && self.retrieval >= 0.0 && self.affinity + self.binding > 0.0;
        if !finite || !(0.0..0.5).contains(&self.label_smoothing) {
            return Err(Error::new(
                ErrorKind::Recipe,
                "objective: weights must not be negative nor both 0, `label_smoothing` must lie in [0, 0.5)",
            ));
        }
        Ok(())
    }
}

/// Labels of a batch of pairs, as plain arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Standardised affinity, `[P, U]`; 0 where there is none.
    pub affinity: Vec<f32>,
    /// 1 where there is an affinity, `[P, U]`.
    pub measured: Vec<f32>,
    /// -1 where the truth is at most the value, 1 where it is at least the value, else 0, `[P, U]`.
    pub bound: Vec<f32>,
    /// 1 binds, 0 does not, `[P]`; 0 where there is no label.
    pub binds: Vec<f32>,
    /// 1 where there is a binding label, `[P]`.
    pub annotated: Vec<f32>,
}

impl Labels {
    /// Labels of `interactions` under the affinity scales of a model.
    pub fn of<'a>(interactions: impl Iterator<Item = &'a Interaction>, scales: &[OutputScale]) -> Self {
        let mut labels = Self::default();
        for interaction in interactions {
            for scale in scales {
                let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name);
                let value = affinity.map_or(0.0, |a| (a.value - scale.mean) / scale.deviation);
                labels.affinity.push(value as f32);
                labels.measured.push(if affinity.is_some() { 1.0 } else { 0.0 });
                labels.bound.push(match affinity.map(|a| a.censoring) {
                    Some(Censoring::AtMost) => -1.0,
                    Some(Censoring::AtLeast) => 1.0,
                    _ => 0.0,
                });
            }
            labels
                .binds
                .push(if interaction.binds == Some(true) { 1.0 } else { 0.0 });
            labels
                .annotated
                .push(if interaction.binds.is_some() { 1.0 } else { 0.0 });
        }
        labels
    }
}

/// The name of a scale in files.
pub fn scale_name(scale: fusebind_data::table::Scale) -> String {
    serde_json::to_value(scale)
        .ok()
        .and_then(|v| v.as_str().map(str::to_string))
        .unwrap_or_default()
}

/// The objective of a run.
#[derive(Clone, Debug)]
pub struct Objective {
    config: ObjectiveConfig,
}

impl Objective {
    /// An objective with the recipe's weights.
    pub fn new(config: ObjectiveConfig) -> Self {
        Self { config }
    }

    /// Mean loss of a batch, `[1]`: that of structure and evidence together, that of evidence alone, and a share of that of the
    /// retrieval vectors.
    pub fn loss(&self, outputs: &Outputs, labels: &Labels, device: &Device) -> Tensor<1> {
        let joint = self.loss_of(&outputs.joint, labels, device);
        let parts = [(&outputs.evidence, 1.0), (&outputs.retrieval, self.config.retrieval)];
        let parts = parts
            .into_iter()
            .filter_map(|(output, weight)| Some((output.as_ref()?, weight)));
        parts.fold(joint, |sum, (output, weight)| {
            sum + self.loss_of(output, labels, device).mul_scalar(weight)
        })
    }

    /// Mean loss of one reader, `[1]`; entries without a label take no part.
    pub fn loss_of(&self, output: &Output, labels: &Labels, device: &Device) -> Tensor<1> {
        let mut total: Option<Tensor<1>> = None;
        let mut add = |part: Tensor<1>| total = Some(total.take().map_or(part.clone(), |sum| sum + part));
        if let Some(predicted) = &output.affinity {
            let shape = predicted.dims();
            let on_device = |v: &[f32]| Tensor::<2>::from_data(TensorData::new(v.to_vec(), shape), device);
            let residual = predicted.clone() - on_device(&labels.affinity);
            let error = if labels.bound.iter().all(|b| *b == 0.0) {
                residual.clone() * residual
            } else {
                let bound = on_device(&labels.bound);
                // One-sided where censored: -bound * residual is positive only on the refuted side.
                let exact = bound.clone().equal_elem(0.0).float();
                let one_sided = relu(-(bound * residual.clone()));
                exact * residual.clone() * residual + one_sided.clone() * one_sided
            };
            let count: f32 = labels.measured.iter().sum();
            if count > 0.0 {
                add((error * on_device(&labels.measured)).sum() * (self.config.affinity / count));
            }
        }
        if let Some(logit) = &output.binding {
            let count: f32 = labels.annotated.iter().sum();
            if count > 0.0 && self.config.binding > 0.0 {
                let shape = logit.dims();
                let smooth = self.config.label_smoothing;
                let truth: Vec<f32> = labels.binds.iter().map(|b| b * (1.0 - 2.0 * smooth) + smooth).collect();
                let truth = Tensor::<1>::from_data(TensorData::new(truth, shape), device);
                let mask = Tensor::<1>::from_data(TensorData::new(labels.annotated.clone(), shape), device);
                // max(x, 0) - x y + ln(1 + exp(-|x|)): finite for every logit.
                let entropy = relu(logit.clone()) - logit.clone() * truth + ((-logit.clone().abs()).exp() + 1.0).log();
                add((entropy * mask).sum() * (self.config.binding / count));
            }
        }
        total.unwrap_or_else(|| Tensor::zeros([1], device))
    }
}
