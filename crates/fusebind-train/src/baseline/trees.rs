//! Gradient-boosted trees on folded substructure counts and folded composition, from a crate.

use forust_ml::{data::Matrix, gradientbooster::GradientBooster, objective::ObjectiveType};
use fusebind_features::feature::{composition, substructure};
use rayon::prelude::*;

use super::context::BaselineContext;

/// Channels per side.
const WIDTH: usize = 96;
const ITERATIONS: usize = 120;

fn rows(count: usize, fold: impl Fn(usize, &mut [f32]) + Sync) -> Vec<Vec<f32>> {
    (0..count)
        .into_par_iter()
        .map(|index| {
            let mut row = vec![0.0; WIDTH];
            fold(index, &mut row);
            row
        })
        .collect()
}

/// Column-major features of pairs, `[2 * WIDTH][P]`.
fn matrix(drugs: &[Vec<f32>], targets: &[Vec<f32>], pairs: &[(u32, u32)]) -> Vec<f64> {
    (0..2 * WIDTH)
        .flat_map(|column| {
            pairs.iter().map(move |&(drug, target)| {
                let value = if column < WIDTH {
                    drugs[drug as usize][column]
                } else {
                    targets[target as usize][column - WIDTH]
                };
                f64::from(value)
            })
        })
        .collect()
}

/// Predictions, or nothing if the crate refuses the data.
pub(super) fn predict(context: &BaselineContext<'_>) -> Option<Vec<f64>> {
    let dataset = context.dataset;
    let drugs = rows(dataset.drugs.len(), |i, row| {
        substructure::fold(&dataset.drugs[i].molecule.graph.substructures, row)
    });
    let targets = rows(dataset.targets.len(), |i, row| {
        composition::fold(&dataset.targets[i].protein.features.residues, row)
    });
    let pairs: Vec<(u32, u32)> = context.train.iter().map(|t| (t.0, t.1)).collect();
    let values: Vec<f64> = context.train.iter().map(|t| t.2).collect();
    let features = matrix(&drugs, &targets, &pairs);
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_iterations(ITERATIONS)
        .set_learning_rate(0.2)
        .set_max_depth(9)
        .set_max_leaves(64)
        .set_nbins(64);
    booster
        .fit_unweighted(&Matrix::new(&features, pairs.len(), 2 * WIDTH), &values, None)
        .ok()?;
    drop(features);
    let features = matrix(&drugs, &targets, &context.pairs);
    Some(booster.predict(&Matrix::new(&features, context.pairs.len(), 2 * WIDTH), true))
}
