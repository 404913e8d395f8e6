//! Gradient-boosted trees, from a crate: on folded substructure counts and folded composition, and on rows of other origin.

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

/// Column-major features of pairs, `[D + T][P]`.
fn matrix(drugs: &[Vec<f32>], targets: &[Vec<f32>], pairs: &[(u32, u32)]) -> Vec<f64> {
    let width = |rows: &[Vec<f32>]| rows.first().map_or(0, Vec::len);
    let of_drugs = (0..width(drugs)).flat_map(|column| pairs.iter().map(move |pair| drugs[pair.0 as usize][column]));
    let of_targets =
        (0..width(targets)).flat_map(|column| pairs.iter().map(move |pair| targets[pair.1 as usize][column]));
    of_drugs.chain(of_targets).map(f64::from).collect()
}

/// Predictions from substructures and composition, or nothing if the crate refuses the data.
pub(super) fn predict(context: &BaselineContext<'_>) -> Option<Vec<f64>> {
    let dataset = context.dataset;
    let drugs = rows(dataset.drugs.len(), |i, row| {
        substructure::fold(&dataset.drugs[i].molecule.graph.substructures, row)
    });
    let targets = rows(dataset.targets.len(), |i, row| {
        composition::fold(&dataset.targets[i].protein.features.residues, row)
    });
    boosted(context, &drugs, &targets)
}

/// Predictions of trees that read a row of each drug, `[D]`, and of each target, `[T]`; NaN is missing.
pub(super) fn boosted(context: &BaselineContext<'_>, drugs: &[Vec<f32>], targets: &[Vec<f32>]) -> Option<Vec<f64>> {
    let pairs: Vec<(u32, u32)> = context.train.iter().map(|t| (t.0, t.1)).collect();
    let values: Vec<f64> = context.train.iter().map(|t| t.2).collect();
    let features = matrix(drugs, targets, &pairs);
    let columns = features.len() / pairs.len().max(1);
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_iterations(ITERATIONS)
        .set_learning_rate(0.2)
        .set_max_depth(9)
        .set_max_leaves(64)
        .set_nbins(64);
    booster
        .fit_unweighted(&Matrix::new(&features, pairs.len(), columns), &values, None)
        .ok()?;
    drop(features);
    let features = matrix(drugs, targets, &context.pairs);
    Some(booster.predict(&Matrix::new(&features, context.pairs.len(), columns), true))
}
