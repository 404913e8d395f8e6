//! Drug and target bias: `mean + b_drug + b_target`, no structure at all.
//!
//! Alternating ridge least squares; an entity without training pairs has bias 0.

use super::context::BaselineContext;

const RIDGE: f64 = 3.0;
const ROUNDS: usize = 20;

/// Biases of drugs and of targets, and the mean.
pub(super) fn fit(context: &BaselineContext<'_>) -> (Vec<f64>, Vec<f64>, f64) {
    let mean = context.mean();
    let mut drugs = vec![0.0; context.dataset.drugs.len()];
    let mut targets = vec![0.0; context.dataset.targets.len()];
    for _ in 0..ROUNDS {
        update(
            &mut drugs,
            context
                .train
                .iter()
                .map(|&(d, t, y)| (d, y - mean - targets[t as usize])),
        );
        update(
            &mut targets,
            context.train.iter().map(|&(d, t, y)| (t, y - mean - drugs[d as usize])),
        );
    }
    (drugs, targets, mean)
}

fn update(biases: &mut [f64], residuals: impl Iterator<Item = (u32, f64)>) {
    let mut sums = vec![(0.0, RIDGE); biases.len()];
    for (entity, residual) in residuals {
        let sum = &mut sums[entity as usize];
        *sum = (sum.0 + residual, sum.1 + 1.0);
    }
    biases
        .iter_mut()
        .zip(sums)
        .for_each(|(bias, (sum, count))| *bias = sum / count);
}

pub(super) fn predict(context: &BaselineContext<'_>) -> Vec<f64> {
    let (drugs, targets, mean) = fit(context);
    context
        .pairs
        .iter()
        .map(|&(d, t)| mean + drugs[d as usize] + targets[t as usize])
        .collect()
}
