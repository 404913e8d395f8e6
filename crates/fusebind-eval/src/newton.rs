//! Newton's method for the small convex fits of this crate.
//!
//! Comes in: a loss with its gradient and Hessian in a few weights. Goes out: the weights of its minimum. A step that does not lower the loss
//! is halved, so that the method cannot run away.

/// Most steps.
const STEPS: usize = 100;
/// Most halvings of one step.
const HALVINGS: usize = 40;
/// A step that lowers the loss by less ends the search.
const LEAST_GAIN: f64 = 1e-10;

/// A smooth convex loss of `W` weights.
pub(crate) trait Convex {
    /// The loss.
    fn loss(&self, weights: &[f64]) -> f64;
    /// Gradient `[W]` and Hessian `[W, W]`.
    fn derivatives(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>);
}

/// The weights of the minimum, searched from `start`.
pub(crate) fn minimise(problem: &impl Convex, start: Vec<f64>) -> Vec<f64> {
    let mut weights = start;
    let mut loss = problem.loss(&weights);
    for _ in 0..STEPS {
        let (gradient, hessian) = problem.derivatives(&weights);
        let Some(step) = solve(hessian, gradient) else {
            break;
        };
        let at = |size: f64| -> Vec<f64> { weights.iter().zip(&step).map(|(w, s)| w - size * s).collect() };
        let sizes = (0..HALVINGS).map(|halving| 0.5f64.powi(halving as i32));
        let lower = sizes
            .map(at)
            .map(|next| (problem.loss(&next), next))
            .find(|(next, _)| *next < loss);
        let Some((next, found)) = lower else {
            break;
        };
        let gain = loss - next;
        (loss, weights) = (next, found);
        if gain < LEAST_GAIN * loss.abs().max(1.0) {
            break;
        }
    }
    weights
}

/// Solves `matrix x = right`, `[W, W]` and `[W]`, by Gaussian elimination with pivots; none where the matrix is singular.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        let size = |row: &usize| matrix[row * n + column].abs();
        let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        let size = matrix[pivot * n + column].abs();
        if size.is_nan() || size <= 1e-300 {
            return None;
        }
        (0..n).for_each(|at| matrix.swap(column * n + at, pivot * n + at));
        right.swap(column, pivot);
        for row in column + 1..n {
            let factor = matrix[row * n + column] / matrix[column * n + column];
            (column..n).for_each(|at| matrix[row * n + at] -= factor * matrix[column * n + at]);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|at| matrix[row * n + at] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row * n + row];
    }
    right.iter().all(|v| v.is_finite()).then_some(right)
}

/// `w · x`.
pub(crate) fn dot(weights: &[f64], row: &[f64]) -> f64 {
    weights.iter().zip(row).map(|(w, x)| w * x).sum()
}

/// Adds `factor x x'` to a matrix `[W, W]`.
pub(crate) fn add_outer(matrix: &mut [f64], row: &[f64], factor: f64) {
    for (target, x) in matrix.chunks_mut(row.len()).zip(row) {
        let factor = factor * x;
        target.iter_mut().zip(row).for_each(|(target, y)| *target += factor * y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved_and_singular_ones_are_not() {
        let found = solve(vec![0.0, 2.0, 1.0, 3.0], vec![4.0, 11.0]).expect("a solution");
        assert!(
            (found[0] - 5.0).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(solve(vec![1.0, 2.0, 2.0, 4.0], vec![1.0, 1.0]), None);
    }
}
