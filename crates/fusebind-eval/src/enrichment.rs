//! Early recognition: how many binders are at the top of a ranked list.
//!
//! Comes in: classes and scores. Goes out: BEDROC, enrichment factor, LogAUC. Equal scores have no order of their own, so each
//! value is the mean over all orders of the ties: what a table happens to list first cannot raise a score, and a constant
//! prediction scores as chance does.

use crate::{
    error::{Undefined, classes, finite},
    ties::groups,
};

/// BEDROC (Truchon & Bayly 2007, doi 10.1021/ci600426e) at `alpha`: the exponentially weighted sum over the ranks of the
/// actives, scaled so that the worst ranking gives 0 and the best gives 1.
pub fn bedroc(truth: &[bool], scores: &[f64], alpha: f64) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    if !(alpha > 0.0 && alpha.is_finite()) {
        return Err(Undefined::Parameter);
    }
    let total = truth.len() as f64;
    let share = truth.iter().filter(|t| **t).count() as f64 / total;
    // Weight of the ranks from `start` to `end` (both as shares of the list): the sum of exp(-alpha rank / N) over them, less
    // a constant factor that cancels. In this form nothing overflows, however large alpha is.
    let weight = |start: f64, end: f64| -(-alpha * start).exp() * (-alpha * (end - start)).exp_m1();
    let (mut sum, mut start) = (0.0, 0usize);
    for (hits, size, _) in groups(truth, scores) {
        sum += hits as f64 / size as f64 * weight(start as f64 / total, (start + size) as f64 / total);
        start += size;
    }
    let (worst, best) = (weight(1.0 - share, 1.0), weight(0.0, share));
    if best - worst <= 0.0 {
        // So small an alpha gives all ranks the same weight.
        return Err(Undefined::Parameter);
    }
    finite(((sum - worst) / (best - worst)).clamp(0.0, 1.0))
}

/// Share of actives in the top `fraction` over their share in the whole list. The top is rounded up to whole rows.
pub fn enrichment_factor(truth: &[bool], scores: &[f64], fraction: f64) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Undefined::Parameter);
    }
    // 100 * 0.07 is 7.000000000000001 in floating point, and means 7 rows.
    let rows = truth.len() as f64 * fraction;
    let top = ((rows - rows * 4.0 * f64::EPSILON).ceil() as usize).clamp(1, truth.len());
    let (mut found, mut taken) = (0.0, 0usize);
    for (hits, size, _) in groups(truth, scores) {
        let part = size.min(top - taken);
        found += hits as f64 * part as f64 / size as f64;
        taken += part;
        if taken == top {
            break;
        }
    }
    let actives = truth.iter().filter(|t| **t).count() as f64;
    Ok(found / top as f64 / (actives / truth.len() as f64))
}

/// Area under the ROC curve on a logarithmic false-positive axis from `from` to 1, over the area of the unit square
/// (Mysinger & Shoichet 2010, doi 10.1021/ci100214a). Chance gives `(1 - from) / ln(1 / from)`, 0.145 from 0.001.
pub fn log_auc(truth: &[bool], scores: &[f64], from: f64) -> Result<f64, Undefined> {
    classes(truth, scores)?;
    if !(from > 0.0 && from < 1.0) {
        return Err(Undefined::Parameter);
    }
    let actives = truth.iter().filter(|t| **t).count() as f64;
    let decoys = truth.len() as f64 - actives;
    let (mut found, mut passed, mut area) = (0usize, 0usize, 0.0);
    for (hits, size, _) in groups(truth, scores) {
        let (x, y) = (passed as f64 / decoys, found as f64 / actives);
        (found, passed) = (found + hits, passed + size - hits);
        let (end, top) = (passed as f64 / decoys, found as f64 / actives);
        if end > from.max(x) {
            // The ROC curve is y = level + slope x over this group, and its area is the integral of y / x.
            let slope = (top - y) / (end - x);
            let (level, start) = (y - slope * x, x.max(from));
            area += level * (end / start).ln() + slope * (end - start);
        }
    }
    finite(area / (1.0 / from).ln())
}
