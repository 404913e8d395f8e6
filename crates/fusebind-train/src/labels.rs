//! Label scaling, fitted on training pairs only.
//!
//! Comes in: interactions and a [`TrainSet`]. Goes out: one [`OutputScale`] per affinity scale that occurs in training.

use std::collections::BTreeMap;

use fusebind_data::{split::TrainSet, table::Interaction};
use fusebind_model::trained::OutputScale;

use crate::{Error, ErrorKind, objective::scale_name, recipe::Task};

/// What the labels of a training part allow a model to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPlan {
    /// Affinity scales, most frequent first.
    pub scales: Vec<OutputScale>,
    /// Whether binding is learned.
    pub binding: bool,
    /// Share of binding pairs among the labelled ones, where binding is learned.
    pub prior: Option<f64>,
}

impl LabelPlan {
    /// Fits mean and standard deviation of every affinity scale, and decides the heads under `task`.
    pub fn fit(interactions: &[Interaction], train: &TrainSet, task: Task) -> Result<Self, Error> {
        let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut annotated = [0u32; 2];
        for &index in train.indices() {
            let interaction = &interactions[index as usize];
            if let Some(affinity) = interaction.affinity {
                values
                    .entry(scale_name(affinity.scale))
                    .or_default()
                    .push(affinity.value);
            }
            if let Some(binds) = interaction.binds {
                annotated[usize::from(binds)] += 1;
            }
        }
        let mut counted: Vec<(String, Vec<f64>)> = values.into_iter().collect();
        counted.sort_by_key(|(_, v)| std::cmp::Reverse(v.len()));
        let scales = counted
            .into_iter()
            .map(|(name, values)| standardise(name, &values))
            .collect::<Vec<_>>();
        let both_classes = annotated[0] > 0 && annotated[1] > 0;
        let rate = f64::from(annotated[1]) / f64::from((annotated[0] + annotated[1]).max(1));
        let (scales, binding) = match task {
            Task::Affinity => (scales, false),
            Task::Binding => (Vec::new(), both_classes),
            Task::Joint => (scales, both_classes),
            // A binding label beside an affinity is nearly always a cut through it and teaches nothing new.
            Task::Auto => {
                let binding = scales.is_empty() && both_classes;
                (scales, binding)
            }
        };
        let plan = Self {
            scales,
            binding,
            prior: binding.then_some(rate),
        };
        let wanted = match task {
            Task::Affinity => plan.scales.is_empty().then_some("an affinity"),
            Task::Binding => (!plan.binding).then_some("binding labels of both classes"),
            Task::Joint => {
                (plan.scales.is_empty() || !plan.binding).then_some("an affinity and binding labels of both classes")
            }
            Task::Auto => (plan.scales.is_empty() && !plan.binding).then_some("an affinity or labels of both classes"),
        };
        match wanted {
            None => Ok(plan),
            Some(wanted) => Err(Error::new(ErrorKind::Data, format!("the training pairs lack {wanted}"))
                .hint("check the label columns with `fusebind data check`, or set another `task` in the recipe")),
        }
    }
}

impl LabelPlan {
    /// The label that neighbouring pairs may know: the standardised affinity, or else 1 for binding and 0 for not binding, which a model of both
    /// standardises as well.
    pub fn outcome(&self, interaction: &Interaction) -> Option<f32> {
        let class = || interaction.binds.map(|binds| f64::from(u8::from(binds)));
        if self.scales.is_empty() {
            return class().map(|class| class as f32);
        }
        let affinity = interaction.affinity.and_then(|affinity| {
            let name = scale_name(affinity.scale);
            let scale = self.scales.iter().find(|scale| scale.name == name)?;
            Some((affinity.value - scale.mean) / scale.std)
        });
        let of_class = || {
            let prior = self.prior?;
            Some((class()? - prior) / (prior * (1.0 - prior)).sqrt())
        };
        affinity.or_else(of_class).map(|outcome| outcome as f32)
    }
}

fn standardise(name: String, values: &[f64]) -> OutputScale {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    // Constant labels leave nothing to scale by.
    let deviation = if variance > 1e-12 { variance.sqrt() } else { 1.0 };
    OutputScale {
        name,
        mean,
        std: deviation,
    }
}

#[cfg(test)]
mod tests {
    use fusebind_data::table::{Affinity, Censoring, Scale};

    use super::*;

    #[test]
    fn a_model_of_both_knows_classes_where_there_is_no_affinity() {
        let plan = |prior: Option<f64>| LabelPlan {
            scales: vec![OutputScale {
                name: "pKd".into(),
                mean: 6.0,
                std: 2.0,
            }],
            binding: prior.is_some(),
            prior,
        };
        let pair = |value: Option<f64>, binds: bool| Interaction {
            drug: 0,
            target: 0,
            affinity: value.map(|value| Affinity {
                value,
                scale: Scale::PKd,
                censoring: Censoring::Exact,
            }),
            binds: Some(binds),
            row: 1,
        };
        let of = |prior, value, binds| plan(prior).outcome(&pair(value, binds));
        assert_eq!(of(Some(0.2), Some(8.0), false), Some(1.0), "the affinity says more");
        assert_eq!(of(Some(0.2), None, true), Some(2.0));
        assert_eq!(of(Some(0.2), None, false), Some(-0.5));
        assert_eq!(of(None, None, true), None, "a model of affinities alone");
    }
}
