//! A target as weights of a compound's code, fitted to what the whole model says of a sample of the library.
//!
//! ```text
//! w = argmin sum over i of a_i (z_i - b - w . c_i)^2 + lambda |w|^2,   a_i = 0.1 + 3 q_i^8
//! ```
//!
//! `c_i` are codes, `z_i` scores of the model (logits where it gives probabilities), `q_i` the share of the sample that scores less: only the order
//! among the best matters. Comes in: codes `[B, C]` and scores `[B, T]`. Goes out: weights of one byte, `[T, C]`, whose products rank compounds for
//! each target. Axis legend: `B` compounds, `T` targets, `C` channels.

use rayon::prelude::*;

/// Weight of the ridge, in mean squares of a channel.
const RIDGE: f64 = 1e-3;

/// Fits the weights of every target; `codes` are `[B, C]`, `scores` `[B, T]`.
///
/// # Panics
/// Where there is no compound, or the lengths do not fit.
pub fn fit(codes: &[i8], channels: usize, scores: &[f64]) -> Vec<i8> {
    let count = codes.len() / channels;
    assert!(count > 0 && scores.len().is_multiple_of(count));
    let targets = scores.len() / count;
    let of = |target: usize| {
        let scores: Vec<f64> = scores.iter().skip(target).step_by(targets.max(1)).copied().collect();
        bytes(&weights(codes, channels, &scores))
    };
    (0..targets).into_par_iter().flat_map_iter(of).collect()
}

/// The logit of a probability, finite.
pub fn logit(probability: f64) -> f64 {
    let p = probability.clamp(1e-12, 1.0 - 1e-12);
    (p / (1.0 - p)).ln()
}

/// How much each compound counts.
fn importance(scores: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
    let mut all = vec![0.0; scores.len()];
    for (rank, at) in order.into_iter().enumerate() {
        let share = rank as f64 / scores.len() as f64;
        all[at] = 0.1 + 3.0 * share.powi(8);
    }
    all
}

fn weights(codes: &[i8], channels: usize, scores: &[f64]) -> Vec<f64> {
    let importance = importance(scores);
    let total: f64 = importance.iter().sum();
    let mut mean = vec![0.0; channels];
    let mut middle = 0.0;
    for ((code, a), score) in codes.chunks(channels).zip(&importance).zip(scores) {
        middle += a * score / total;
        mean.iter_mut()
            .zip(code)
            .for_each(|(mean, c)| *mean += a * f64::from(*c) / total);
    }
    // Scores that are all the same differ by rounding alone, which says nothing.
    let apart = scores
        .iter()
        .fold(0.0f64, |most, score| most.max((score - middle).abs()));
    if apart <= 1e-9 * middle.abs() {
        return vec![0.0; channels];
    }
    let mut squares = vec![0.0; channels * channels]; // Lower triangle.
    let mut right = vec![0.0; channels];
    let mut centred = vec![0.0; channels];
    for ((code, a), score) in codes.chunks(channels).zip(&importance).zip(scores) {
        centred
            .iter_mut()
            .zip(code.iter().zip(&mean))
            .for_each(|(out, (c, mean))| *out = f64::from(*c) - mean);
        for (row, value) in centred.iter().enumerate() {
            let factor = a * value;
            right[row] += factor * (score - middle);
            let out = squares[row * channels..][..=row].iter_mut();
            out.zip(&centred).for_each(|(out, other)| *out += factor * other);
        }
    }
    let trace: f64 = (0..channels).map(|at| squares[at * channels + at]).sum();
    // Channels that never differ have no square of their own.
    let ridge = RIDGE * trace / channels as f64 + f64::MIN_POSITIVE;
    (0..channels).for_each(|at| squares[at * channels + at] += ridge);
    solve(squares, right)
}

/// Solves `A x = b` for a symmetric positive definite `A`, given as its lower triangle (Cholesky).
fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for row in 0..n {
        for column in 0..=row {
            let before: f64 = (0..column).map(|k| a[row * n + k] * a[column * n + k]).sum();
            let left = a[row * n + column] - before;
            a[row * n + column] = match row == column {
                true => left.max(f64::MIN_POSITIVE).sqrt(),
                false => left / a[column * n + column],
            };
        }
    }
    for row in 0..n {
        let before: f64 = (0..row).map(|k| a[row * n + k] * b[k]).sum();
        b[row] = (b[row] - before) / a[row * n + row];
    }
    for row in (0..n).rev() {
        let behind: f64 = (row + 1..n).map(|k| a[k * n + row] * b[k]).sum();
        b[row] = (b[row] - behind) / a[row * n + row];
    }
    b
}

/// Weights as bytes, of which the largest is 127.
fn bytes(weights: &[f64]) -> Vec<i8> {
    let most = weights.iter().fold(0.0f64, |most, w| most.max(w.abs()));
    let scale = if most > 0.0 && most.is_finite() {
        127.0 / most
    } else {
        0.0
    };
    weights.iter().map(|w| (w * scale).round() as i8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_linear_score_rank_as_it_does() {
        let channels = 8;
        let code = |at: usize, c: usize| ((at * (2 * c + 3) + c * at * at) % 101) as i8 - 50;
        let codes: Vec<i8> = (0..400)
            .flat_map(|at| (0..channels).map(move |c| code(at, c)))
            .collect();
        let truth = [
            [3.0, 0.0, -1.0, 0.5, 0.0, 2.0, 0.0, -0.25],
            [0.0, 1.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0],
        ];
        let score = |code: &[i8], w: &[f64; 8]| code.iter().zip(w).map(|(c, w)| f64::from(*c) * w).sum::<f64>() + 7.0;
        let scores: Vec<f64> = (codes.chunks(channels))
            .flat_map(|code| truth.iter().map(move |w| score(code, w)))
            .collect();
        let found = fit(&codes, channels, &scores);
        for (found, truth) in found.chunks(channels).zip(&truth) {
            let most = truth.iter().fold(0.0f64, |most, w| most.max(w.abs()));
            for (found, truth) in found.iter().zip(truth) {
                assert!(
                    (f64::from(*found) - 127.0 * truth / most).abs() <= 1.5,
                    "{found} {truth}"
                );
            }
        }
    }

    #[test]
    fn equal_scores_and_dead_channels_give_no_weight() {
        let codes: Vec<i8> = (0..20).flat_map(|at| [at, 0, 0, 0]).collect();
        assert_eq!(fit(&codes, 4, &[1.0; 20]), [0; 4]);
        assert_eq!(fit(&[0; 80], 4, &(0..20).map(f64::from).collect::<Vec<_>>()), [0; 4]);
        assert!(logit(1.0).is_finite() && logit(0.0).is_finite() && logit(0.5) == 0.0);
    }
}
