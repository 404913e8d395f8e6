//! What is minimised: a censored squared error on affinities and a cross entropy on binding, jointly where both exist.
//!
//! Affinity, on standardised values, over labelled entries only: `(p - y)^2` where `y` is exact; `max(0, p - y)^2` where
//! the truth is at most `y`; `max(0, y - p)^2` where it is at least `y` (a one-sided, Tobit-like loss). Binding: binary
//! cross entropy on the logit, with optional label smoothing. A ranking of affinities may
//! join them (`ranking.rs`). The sum is weighted by the recipe.
//! Axis legend: `P` pairs, `U` affinity scales.

mod ranking;

use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use fusebind_data::table::{Censoring, Interaction};
use fusebind_model::{fusion::alignment::Aligned, head::Output, model::Outputs, trained::OutputScale};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};
use ranking::Comparisons;

/// Temperature of the alignment of drugs with targets.
const TEMPERATURE: f32 = 0.1;

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
    /// Weight of the alignment between the modalities of an entity; needs `model.alignment.dim`.
    pub alignment: f32,
    /// Weight of the alignment between two views of one modality; needs the same.
    pub consistency: f32,
    /// Weight of the alignment of drugs with the targets that they bind, by their retrieval vectors; needs the same.
    pub contrast: f32,
    /// Weight of the ranking of affinities, in proportion to that of the affinity error.
    pub ranking: f32,
    /// Share of a binding label that is spread over both classes.
    pub label_smoothing: f32,
}

impl Default for ObjectiveConfig {
    fn default() -> Self {
        Self {
            affinity: 1.0,
            binding: 1.0,
            retrieval: 0.1,
            alignment: 0.1,
            consistency: 0.0,
            contrast: 0.0,
            ranking: 0.0,
            label_smoothing: 0.0,
        }
    }
}

impl ObjectiveConfig {
    /// Refuses weights that make no objective.
    pub fn check(&self) -> Result<(), Error> {
        let finite =
            self.affinity >= 0.0 && self.binding >= 0.0 && self.retrieval >= 0.0 && self.affinity + self.binding > 0.0;
        let further = [self.alignment, self.consistency, self.contrast, self.ranking]
            .iter()
            .all(|w| *w >= 0.0);
        if !finite || !further || !(0.0..0.5).contains(&self.label_smoothing) {
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
    /// Comparisons of affinities, as positions in `[P, U]`; empty where nobody asks.
    pub compared: Comparisons,
}

impl Labels {
    /// Labels of `interactions` under the affinity scales of a model.
    pub fn of<'a>(interactions: impl Iterator<Item = &'a Interaction>, scales: &[OutputScale]) -> Self {
        let mut labels = Self::default();
        for interaction in interactions {
            for scale in scales {
                let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name);
                let value = affinity.map_or(0.0, |a| (a.value - scale.mean) / scale.std);
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

    /// With comparisons between pairs; `pairs` are the drug and the target of each.
    pub fn compared(mut self, pairs: &[[u32; 2]]) -> Self {
        let scales = self.affinity.len() / pairs.len().max(1);
        let affinity = |scale: usize| {
            let bounds = |pair: usize| {
                let at = pair * scales + scale;
                let value = self.affinity[at];
                let bounds = match self.bound[at] {
                    bound if bound < 0.0 => [f32::NEG_INFINITY, value],
                    bound if bound > 0.0 => [value, f32::INFINITY],
                    _ => [value; 2],
                };
                (self.measured[at] > 0.0).then_some(bounds)
            };
            Comparisons::of(pairs, bounds).in_column(scale, scales)
        };
        self.compared = (0..scales).map(affinity).collect();
        self
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

    /// Mean loss of a batch, `[1]`: that of the encoders, that of the neighbour head, and a share of that of the
    /// retrieval vectors.
    pub fn loss(&self, outputs: &Outputs, labels: &Labels, device: &Device) -> Tensor<1> {
        let joint = self.loss_of(&outputs.joint, labels, device);
        let parts = [(&outputs.neighbours, 1.0), (&outputs.retrieval, self.config.retrieval)];
        let parts = parts
            .into_iter()
            .filter_map(|(output, weight)| Some((output.as_ref()?, weight)));
        parts.fold(joint, |sum, (output, weight)| {
            sum + self.loss_of(output, labels, device).mul_scalar(weight)
        })
    }

    /// `loss` with the terms of alignment, where the model has them. `binding` is 1 where a drug of the batch is known to bind a target
    /// of it, `[Bd, Bt]`.
    ///
    /// Drugs are aligned with targets by InfoNCE over the cosines `c_dt` of their retrieval vectors, with weights `e_dt = exp(c_dt /
    /// tau)`: a known binder competes with every target of the batch that the drug is not known to bind, and likewise from the
    /// target's side: `mean over binders of ln(e_dt + sum_{t' no binder} e_dt') - c_dt / tau`.
    pub fn aligned(&self, loss: Tensor<1>, outputs: &Outputs, binding: Vec<f32>) -> Tensor<1> {
        let mut loss = loss;
        if let Some(aligned) = &outputs.aligned {
            if self.config.alignment > 0.0 {
                loss = loss + aligned.between.clone() * self.config.alignment;
            }
            if self.config.consistency > 0.0 {
                loss = loss + aligned.within.clone() * self.config.consistency;
            }
        }
        let binders: f32 = binding.iter().sum();
        match &outputs.cosines {
            Some(cosines) if self.config.contrast > 0.0 && binders > 0.0 => {
                let binding = Tensor::<2>::from_data(TensorData::new(binding, cosines.dims()), &cosines.device());
                let scores = cosines.clone() / TEMPERATURE;
                let weights = scores.clone().exp();
                let others = weights.clone() * binding.clone().neg().add_scalar(1.0);
                let against = |axis: usize| (weights.clone() + others.clone().sum_dim(axis)).log() - scores.clone();
                let terms = (against(0) + against(1)) * binding;
                loss + terms.sum() * (self.config.contrast / (2.0 * binders))
            }
            _ => loss,
        }
    }

    /// Loss of label-free pre-training, with the weights between modalities and within them in proportion.
    pub fn pretraining(&self, aligned: &Aligned) -> Tensor<1> {
        let total = (self.config.alignment + self.config.consistency).max(1e-6);
        aligned.between.clone() * (self.config.alignment / total)
            + aligned.within.clone() * (self.config.consistency / total)
    }

    /// Loss of each pair, on the host, without gradients; 0 for a pair without labels.
    pub fn losses(&self, output: &Output, labels: &Labels) -> Vec<f32> {
        let host = |data: burn::tensor::TensorData| data.try_into_vec::<f32>().expect("model outputs are f32");
        let mut losses = vec![0.0; labels.binds.len()];
        if let Some(predicted) = &output.affinity {
            let columns = predicted.dims()[1];
            let predicted = host(predicted.clone().into_data());
            for (at, value) in predicted.into_iter().enumerate() {
                let residual = value - labels.affinity[at];
                let counts = labels.measured[at] > 0.0 && labels.bound[at] * residual <= 0.0;
                losses[at / columns] += if counts {
                    self.config.affinity * residual * residual
                } else {
                    0.0
                };
            }
        }
        if let Some(logit) = &output.binding {
            for (at, x) in host(logit.clone().into_data()).into_iter().enumerate() {
                let entropy = x.max(0.0) - x * labels.binds[at] + (-x.abs()).exp().ln_1p();
                losses[at] += self.config.binding * labels.annotated[at] * entropy;
            }
        }
        losses
    }

    /// Mean loss of one output, `[1]`; entries without a label take no part.
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
            if let Some(cost) = labels.compared.cost(predicted, device) {
                add(cost * (self.config.affinity * self.config.ranking));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_pairs_add_up_to_the_mean_loss() {
        let device = Device::flex();
        let objective = Objective::new(ObjectiveConfig::default());
        let labels = Labels {
            affinity: vec![0.5, -1.0, 0.0],
            measured: vec![1.0, 1.0, 0.0],
            bound: vec![0.0, -1.0, 0.0],
            binds: vec![1.0, 0.0, 1.0],
            annotated: vec![1.0; 3],
            ..Labels::default()
        };
        let output = Output {
            affinity: Some(Tensor::<2>::from_data([[0.0], [-2.0], [9.0]], &device)),
            binding: Some(Tensor::<1>::from_data([2.0, -1.0, 0.5], &device)),
        };
        let losses = objective.losses(&output, &labels);
        let entropy = |x: f32| (-x).exp().ln_1p();
        // The second affinity is at most -1, and -2 is.
        for (loss, expected) in losses.iter().zip([0.25 + entropy(2.0), entropy(1.0), entropy(0.5)]) {
            assert!((loss - expected).abs() < 1e-6, "{losses:?}");
        }
        let mean = objective.loss_of(&output, &labels, &device).into_scalar::<f32>();
        let expected = 0.25 / 2.0 + (entropy(2.0) + entropy(1.0) + entropy(0.5)) / 3.0;
        assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
    }

    #[test]
    fn a_wrong_order_costs_as_much_as_the_recipe_says() {
        let device = Device::flex();
        let of = |ranking: f32| {
            Objective::new(ObjectiveConfig {
                ranking,
                ..ObjectiveConfig::default()
            })
        };
        // Three pairs of one target with two scales. On the first the second pair is at most -1, which is below the first and not certainly below the
        // third; on the second scale the third pair is above the first.
        let labels = Labels {
            affinity: vec![0.5, 0.0, -1.0, 0.0, -2.0, 1.0],
            measured: vec![1.0, 1.0, 1.0, 0.0, 1.0, 1.0],
            bound: vec![0.0, 0.0, -1.0, 0.0, 0.0, 0.0],
            binds: vec![0.0; 3],
            annotated: vec![0.0; 3],
            ..Labels::default()
        };
        let compared = labels.clone().compared(&[[0, 0], [1, 0], [2, 0]]);
        let output = Output {
            affinity: Some(Tensor::<2>::from_data([[0.0, 1.0], [0.5, 9.0], [-1.0, 0.0]], &device)),
            binding: None,
        };
        let loss = |ranking, labels: &Labels| of(ranking).loss_of(&output, labels, &device).into_scalar::<f32>();
        // Leads of -0.5 and 1 on the first scale and of -1 on the second, in quarters.
        let cost = [-0.5f32, 1.0, -1.0].map(|lead| (-4.0 * lead).exp().ln_1p());
        let expected = 0.3 * cost.iter().sum::<f32>() / 3.0;
        assert!((loss(0.3, &compared) - loss(0.0, &compared) - expected).abs() < 1e-5);
        assert_eq!(loss(0.3, &labels), loss(0.0, &labels), "nothing is compared");
        assert!(of(-0.1).config.check().is_err());
    }

    #[test]
    fn drugs_are_drawn_to_what_they_bind() {
        let device = Device::flex();
        let objective = Objective::new(ObjectiveConfig {
            contrast: 1.0,
            ..ObjectiveConfig::default()
        });
        let empty = Output {
            affinity: None,
            binding: None,
        };
        let cost = |cosines: [[f32; 2]; 2], binding: Vec<f32>| {
            let outputs = Outputs {
                joint: empty.clone(),
                neighbours: None,
                retrieval: None,
                cosines: Some(Tensor::<2>::from_data(cosines, &device)),
                aligned: None,
            };
            let zero = Tensor::<1>::zeros([1], &device);
            objective.aligned(zero, &outputs, binding).into_scalar::<f32>()
        };
        let binders = vec![1.0, 0.0, 0.0, 1.0];
        let (near, far) = ([[0.9, 0.1], [0.1, 0.9]], [[0.1, 0.9], [0.9, 0.1]]);
        assert!(cost(near, binders.clone()) < 0.01 && cost(far, binders) > 5.0);
        assert_eq!(cost(far, vec![0.0; 4]), 0.0, "no binder, nothing to learn");
        // Another binder of the same drug is no rival.
        assert!(cost(far, vec![1.0, 1.0, 0.0, 0.0]) < cost(far, vec![1.0, 0.0, 0.0, 0.0]));
    }
}
