//! Scores of predicted numbers: errors, correlations, concordance index and rm2.
//!
//! Comes in: true and predicted values. Goes out: a finite number, or the reason why there is none.

use serde::{Deserialize, Serialize};

use crate::error::{Undefined, finite, paired};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Whether there is no variance. Computed from the values, since the mean of equal values need not be that value in floating point.
fn constant(values: &[f64]) -> bool {
    values.iter().all(|v| *v == values[0])
}

fn squared_residuals(truth: &[f64], predicted: &[f64]) -> f64 {
    truth.iter().zip(predicted).map(|(t, p)| (t - p) * (t - p)).sum()
}

fn squared_deviations(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|v| (v - m) * (v - m)).sum()
}

/// Mean squared error.
pub fn mse(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    finite(squared_residuals(truth, predicted) / truth.len() as f64)
}

/// Standard error of [`mse`] over samples of this size. Needs two values.
pub fn mse_standard_error(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    let mse = mse(truth, predicted)?;
    if truth.len() < 2 {
        return Err(Undefined::OneValue);
    }
    let count = truth.len() as f64;
    let squares = |(t, p): (&f64, &f64)| ((t - p) * (t - p) - mse).powi(2);
    let variance = truth.iter().zip(predicted).map(squares).sum::<f64>() / (count - 1.0);
    finite((variance / count).sqrt())
}

/// Root mean squared error.
pub fn rmse(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    mse(truth, predicted).map(f64::sqrt)
}

/// Mean absolute error.
pub fn mae(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    finite(truth.iter().zip(predicted).map(|(t, p)| (t - p).abs()).sum::<f64>() / truth.len() as f64)
}

/// Pearson correlation.
pub fn pearson(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    paired(truth, predicted)?;
    if constant(truth) || constant(predicted) {
        return Err(Undefined::Constant);
    }
    let (mt, mp) = (mean(truth), mean(predicted));
    let product: f64 = truth.iter().zip(predicted).map(|(t, p)| (t - mt) * (p - mp)).sum();
    let scale = squared_deviations(truth).sqrt() * squared_deviations(predicted).sqrt();
    if scale == 0.0 {
        // Deviations so small that their squares vanish.
        return Err(Undefined::Constant);
    }
    if !scale.is_finite() {
        return Err(Undefined::NotFinite);
    }
    finite((product / scale).clamp(-1.0, 1.0))
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
    let total = squared_deviations(truth);
    if constant(truth) || total == 0.0 {
        return Err(Undefined::Constant);
    }
    finite(1.0 - squared_residuals(truth, predicted) / total)
}

/// Concordance index (Gönen & Heller 2005, doi 10.1093/biomet/92.4.965): over all pairs with different truth, the share that
/// the prediction orders in the same way, equal predictions counting one half. O(n log n) by a Fenwick tree over predicted ranks.
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

/// `r^2`, and `r0^2` of the regression through the origin, with predictions regressing the truth.
fn with_and_without_intercept(truth: &[f64], predicted: &[f64]) -> Result<(f64, f64), Undefined> {
    let squared = pearson(truth, predicted)?.powi(2);
    let product: f64 = truth.iter().zip(predicted).map(|(t, p)| t * p).sum();
    let slope = product / predicted.iter().map(|p| p * p).sum::<f64>();
    let fitted: Vec<f64> = predicted.iter().map(|p| slope * p).collect();
    Ok((
        squared,
        1.0 - squared_residuals(truth, &fitted) / squared_deviations(truth),
    ))
}

/// Modified squared correlation (Pratim Roy et al. 2009, doi 10.3390/molecules14051660), as the papers print it:
/// `rm2 = r2 (1 - sqrt(|r2 - r0^2|))` with `r0^2` of the regression through the origin, predictions regressing the truth.
pub fn rm2(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    let (r2, r02) = with_and_without_intercept(truth, predicted)?;
    finite(r2 * (1.0 - (r2 - r02).abs().sqrt()))
}

/// [`rm2`] as DeepDTA's published script and those after it compute it, which square both terms once more:
/// `r2 (1 - sqrt(|r2^2 - (r0^2)^2|))`. Compare this one with results of such scripts.
pub fn rm2_deepdta(truth: &[f64], predicted: &[f64]) -> Result<f64, Undefined> {
    let (r2, r02) = with_and_without_intercept(truth, predicted)?;
    finite(r2 * (1.0 - (r2 * r2 - r02 * r02).abs().sqrt()))
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
    /// Modified squared correlation, by its formula.
    pub rm2: Option<f64>,
    /// Modified squared correlation, as DeepDTA's script computes it.
    pub rm2_deepdta: Option<f64>,
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
            rm2_deepdta: rm2_deepdta(truth, predicted).ok(),
            pearson: pearson(truth, predicted).ok(),
            spearman: spearman(truth, predicted).ok(),
            r2: r2(truth, predicted).ok(),
        }
    }
}
