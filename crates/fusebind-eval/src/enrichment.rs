//! Early recognition: how many binders stand at the top of a ranked list.

use crate::error::{Undefined, classes};

/// Positions by falling score; equal scores keep their order of input.
fn ranking(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order
}

/// BEDROC (Truchon & Bayly 2007, doi 10.1021/ci600426e) at `alpha`.
pub fn bedroc(truth: &[bool], scores: &[f64], alpha: f64) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    if !(alpha > 0.0 && alpha.is_finite()) {
        return Err(Undefined::Parameter);
    }
    let total = truth.len() as f64;
    let actives = truth.iter().filter(|t| **t).count() as f64;
    let share = actives / total;
    let sum: f64 = ranking(scores)
        .into_iter()
        .enumerate()
        .filter(|(_, i)| truth[*i])
        .map(|(rank, _)| (-alpha * (rank as f64 + 1.0) / total).exp())
        .sum();
    let random = share * (1.0 - (-alpha).exp()) / ((alpha / total).exp() - 1.0);
    let rie = sum / random;
    let scale = share * (alpha / 2.0).sinh() / ((alpha / 2.0).cosh() - (alpha / 2.0 - alpha * share).cosh());
    Ok(rie * scale + 1.0 / (1.0 - (alpha * (1.0 - share)).exp()))
}

/// Share of actives in the top `fraction` over their share in the whole list.
pub fn enrichment_factor(truth: &[bool], scores: &[f64], fraction: f64) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Undefined::Parameter);
    }
    let top = ((truth.len() as f64 * fraction).ceil() as usize).max(1);
    let hits = ranking(scores).into_iter().take(top).filter(|i| truth[*i]).count() as f64;
    let actives = truth.iter().filter(|t| **t).count() as f64;
    Ok(hits / top as f64 / (actives / truth.len() as f64))
}

/// Area under the ROC curve on a logarithmic false-positive axis from `from` to 1, over the area of the unit square
/// (Mysinger & Shoichet 2010, doi 10.1021/ci100214a).
pub fn log_auc(truth: &[bool], scores: &[f64], from: f64) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    if !(from > 0.0 && from < 1.0) {
        return Err(Undefined::Parameter);
    }
    let actives = truth.iter().filter(|t| **t).count() as f64;
    let decoys = truth.len() as f64 - actives;
    let (mut found, mut passed, mut area, mut last) = (0.0, 0.0, 0.0, from);
    for i in ranking(scores) {
        if truth[i] {
            found += 1.0;
            continue;
        }
        passed += 1.0;
        let x: f64 = passed / decoys;
        if x > last {
            area += found / actives * (x / last).ln();
            last = x;
        }
    }
    Ok(area / (1.0 / from).ln())
}
