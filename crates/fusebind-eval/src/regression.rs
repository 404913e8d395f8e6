//! Scores of predicted numbers: errors, correlations, concordance index and rm2.

use serde::{Deserialize, Serialize};

use crate::error::{Undefined, paired};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean squared error.
pub fn mse(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    Ok(truth.iter().zip(predicted).map(|(t, p)| (t - p) * (t - p)).sum::<f64>() / truth.len() as f64)
}

/// Root mean squared error.
pub fn rmse(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    mse(truth, predicted).map(f64::sqrt)
}

/// Mean absolute error.
pub fn mae(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    Ok(truth.iter().zip(predicted).map(|(t, p)| (t - p).abs()).sum::<f64>() / truth.len() as f64)
}

/// Pearson correlation.
pub fn pearson(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    let (mt, mp) = (mean(truth), mean(predicted));
    let (mut tp, mut tt, mut pp) = (0.0, 0.0, 0.0);
    for (t, p) in truth.iter().zip(predicted) {
        tp += (t - mt) * (p - mp);
        tt += (t - mt) * (t - mt);
        pp += (p - mp) * (p - mp);
    }
    if tt <= 0.0 || pp <= 0.0 {
        Err(Undefined::Constant)
    } else {
        Ok(tp / (tt.sqrt() * pp.sqrt()))
    }
}

/// Ranks from 1, ties sharing the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = first as f64 + (group.len() as f64 + 1.0) / 2.0;
        group.iter().for_each(|i| ranks[*i] = rank);
        first += group.len();
    }
    ranks
}

/// Spearman rank correlation, ties averaged.
pub fn spearman(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    pearson(&ranks(truth), &ranks(predicted))
}

/// Coefficient of determination.
pub fn r2(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    let m = mean(truth);
    let total: f64 = truth.iter().map(|t| (t - m) * (t - m)).sum();
    if total <= 0.0 {
        return Err(Undefined::Constant);
    }
    let residual: f64 = truth.iter().zip(predicted).map(|(t, p)| (t - p) * (t - p)).sum();
    Ok(1.0 - residual / total)
}

/// Concordance index (Gönen & Heller 2005, doi 10.1093/biomet/92.4.965): over all pairs with different truth, the share that
/// the prediction orders alike, equal predictions counting one half. O(n log n) by a Fenwick tree over predicted ranks.
pub fn concordance_index(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    let mut levels = predicted.to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let level: Vec<usize> = predicted.iter().map(|p| levels.partition_point(|l| l < p)).collect();
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|a, b| truth[*a].total_cmp(&truth[*b]));
    let mut tree = vec![0u64; levels.len() + 1];
    let mut seen = 0u64;
    // Twice the concordant pairs, so that halves stay whole.
    let (mut concordant, mut comparable) = (0u128, 0u128);
    for group in order.chunk_by(|a, b| truth[*a] == truth[*b]) {
        for i in group {
            let below = count(&tree, level[*i]);
            let equal = count(&tree, level[*i] + 1) - below;
            concordant += u128::from(2 * below + equal);
            comparable += u128::from(seen);
        }
        for i in group {
            let mut node = level[*i] + 1;
            while node < tree.len() {
                tree[node] += 1;
                node += node & node.wrapping_neg();
            }
            seen += 1;
        }
    }
    if comparable == 0 {
        Err(Undefined::Constant)
    } else {
        Ok(concordant as f64 / (2 * comparable) as f64)
    }
}

/// Entries of the Fenwick tree on levels below `level`.
fn count(tree: &[u64], level: usize) -> u64 {
    let (mut node, mut sum) = (level, 0);
    while node > 0 {
        sum += tree[node];
        node &= node - 1;
    }
    sum
}

/// Modified squared correlation (Roy et al. 2009; Pratim Roy et al. 2009, doi 10.3390/molecules14051660):
/// `rm2 = r2 (1 - sqrt(|r2 - r0^2|))` with `r0^2` of the regression through the origin, predictions regressing the truth.
pub fn rm2(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    let r2 = pearson(truth, predicted)?.powi(2);
    let slope =
        truth.iter().zip(predicted).map(|(t, p)| t * p).sum::<f64>() / predicted.iter().map(|p| p * p).sum::<f64>();
    let m = mean(truth);
    let total: f64 = truth.iter().map(|t| (t - m) * (t - m)).sum();
    let residual: f64 = truth
        .iter()
        .zip(predicted)
        .map(|(t, p)| (t - slope * p) * (t - slope * p))
        .sum();
    Ok(r2 * (1.0 - (r2 - (1.0 - residual / total)).abs().sqrt()))
}

/// All regression scores; `None` where a score is undefined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegressionMetrics {
    /// Mean squared error.
    pub mse: Option<f64>,
    /// Root mean squared error.
    pub rmse: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Concordance index.
    pub ci: Option<f64>,
    /// Modified squared correlation.
    pub rm2: Option<f64>,
    /// Pearson correlation.
    pub pearson: Option<f64>,
    /// Spearman correlation.
    pub spearman: Option<f64>,
    /// Coefficient of determination.
    pub r2: Option<f64>,
}

impl RegressionMetrics {
    /// Computes all scores.
    pub fn compute(truth: &[f64], predicted: &[f64]) -> Self {
        Self {
            mse: mse(truth, predicted).ok(),
            rmse: rmse(truth, predicted).ok(),
            mae: mae(truth, predicted).ok(),
            ci: concordance_index(truth, predicted).ok(),
            rm2: rm2(truth, predicted).ok(),
            pearson: pearson(truth, predicted).ok(),
            spearman: spearman(truth, predicted).ok(),
            r2: r2(truth, predicted).ok(),
        }
    }
}
