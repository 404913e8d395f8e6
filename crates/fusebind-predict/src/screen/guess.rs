//! A target as weights of a compound's code, fitted to what the whole model says of a sample of the library.
//!
//! ```text
//! w = argmin sum over i of a_i (z_i - b - w . c_i)^2 + lambda |w|^2,   a_i = 0.1 + 3 q_i^8
//! ```
//!
//! `c_i` are codes, `z_i` scores of the model (logits where it gives probabilities), `q_i` the share of the sample that scores less: only the order
//! among the best matters. Comes in: the halves of a sample, codes `[B, C]` and scores `[B, T]`. Goes out: weights of one byte, `[T, C]`, whose products
//! rank compounds for each target: of each half, by which the other is measured, and of both. Axis legend: `B` compounds, `T` targets, `C` channels.

use rayon::prelude::*;

/// Weight of the ridge, in mean squares of a channel.
const RIDGE: f64 = 1e-3;

/// Weights of every target, `[T, C]` each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Fitted to one half of a sample, and to the other.
    pub of_halves: [Vec<i8>; 2],
    /// Fitted to both.
    pub of_all: Vec<i8>,
}

/// Fits the weights of every target to the halves of a sample: codes `[B, C]` and scores `[B, T]` of each. What counts as best is decided in
/// each half by itself.
///
/// # Panics
/// Where a half is empty, or the lengths do not fit.
pub fn fit(halves: [(&[i8], &[f64]); 2], channels: usize) -> Weights {
    let targets = halves.map(|(codes, scores)| {
        let count = codes.len() / channels;
        assert!(count > 0 && scores.len().is_multiple_of(count));
        scores.len() / count
    });
    assert_eq!(targets[0], targets[1]);
    let of = |target: usize| {
        let sums = halves.map(|(codes, scores)| {
            let scores: Vec<f64> = scores.iter().skip(target).step_by(targets[0].max(1)).copied().collect();
            Sums::of(codes, channels, &scores)
        });
        let both = sums[0].and(&sums[1]);
        [&sums[0], &sums[1], &both].map(|sums| bytes(&sums.weights()))
    };
    let fitted: Vec<[Vec<i8>; 3]> = (0..targets[0]).into_par_iter().map(of).collect();
    let all = |at: usize| fitted.iter().flat_map(|weights| weights[at].iter().copied()).collect();
    Weights {
        of_halves: [all(0), all(1)],
        of_all: all(2),
    }
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

/// Sums over some compounds that weights of one target are solved from. Those of two samples add up to those of both.
#[derive(Clone, Debug)]
struct Sums {
    /// Of `a`, `a z`, `a c` and `a z c`.
    total: f64,
    score: f64,
    codes: Vec<f64>,
    products: Vec<f64>,
    /// Of `a c c`, the lower triangle.
    squares: Vec<f64>,
    /// Least and greatest score.
    range: [f64; 2],
}

impl Sums {
    fn of(codes: &[i8], channels: usize, scores: &[f64]) -> Self {
        let mut sums = Self {
            total: 0.0,
            score: 0.0,
            codes: vec![0.0; channels],
            products: vec![0.0; channels],
            squares: vec![0.0; channels * channels],
            range: [f64::INFINITY, f64::NEG_INFINITY],
        };
        let mut values = vec![0.0; channels];
        for ((code, a), score) in codes.chunks(channels).zip(importance(scores)).zip(scores) {
            values
                .iter_mut()
                .zip(code)
                .for_each(|(value, c)| *value = f64::from(*c));
            sums.total += a;
            sums.score += a * score;
            sums.range = [sums.range[0].min(*score), sums.range[1].max(*score)];
            for (row, value) in values.iter().enumerate() {
                let factor = a * value;
                sums.codes[row] += factor;
                sums.products[row] += factor * score;
                let out = sums.squares[row * channels..][..=row].iter_mut();
                out.zip(&values).for_each(|(out, other)| *out += factor * other);
            }
        }
        sums
    }

    fn and(&self, other: &Self) -> Self {
        let added = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect();
        Self {
            total: self.total + other.total,
            score: self.score + other.score,
            codes: added(&self.codes, &other.codes),
            products: added(&self.products, &other.products),
            squares: added(&self.squares, &other.squares),
            range: [self.range[0].min(other.range[0]), self.range[1].max(other.range[1])],
        }
    }

    fn weights(&self) -> Vec<f64> {
        let channels = self.codes.len();
        let middle = self.score / self.total;
        let mean: Vec<f64> = self.codes.iter().map(|sum| sum / self.total).collect();
        // Scores that are all the same differ by rounding alone, which says nothing; and so do codes.
        let apart = self
            .range
            .iter()
            .fold(0.0f64, |most, score| most.max((score - middle).abs()));
        let mut squares = self.squares.clone();
        for row in 0..channels {
            let factor = self.total * mean[row];
            let out = squares[row * channels..][..=row].iter_mut();
            out.zip(&mean).for_each(|(out, other)| *out -= factor * other);
        }
        let trace = |squares: &[f64]| (0..channels).map(|at| squares[at * channels + at]).sum::<f64>();
        let (raw, centred) = (trace(&self.squares), trace(&squares));
        if apart <= 1e-9 * middle.abs() || centred <= 1e-9 * raw {
            return vec![0.0; channels];
        }
        // Channels that never differ have no square of their own.
        let ridge = RIDGE * centred / channels as f64 + f64::MIN_POSITIVE;
        (0..channels).for_each(|at| squares[at * channels + at] += ridge);
        let right = self
            .products
            .iter()
            .zip(&mean)
            .map(|(sum, mean)| sum - self.score * mean);
        solve(squares, right.collect())
    }
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
        let close = |found: &[i8], truth: &[f64; 8]| {
            let most = truth.iter().fold(0.0f64, |most, w| most.max(w.abs()));
            let is_close = |(found, truth): (&i8, &f64)| (f64::from(*found) - 127.0 * truth / most).abs() <= 1.5;
            found.iter().zip(truth).all(is_close)
        };
        let ((first, second), targets) = (codes.split_at(200 * channels), scores.split_at(400));
        let found = fit([(first, targets.0), (second, targets.1)], channels);
        for weights in found.of_halves.iter().chain([&found.of_all]) {
            let (a, b) = weights.split_at(channels);
            assert!(close(a, &truth[0]) && close(b, &truth[1]), "{weights:?}");
        }
        // Each half has weights of its own: here they are of different scores.
        let scored = |codes: &[i8], at: usize| {
            codes
                .chunks(channels)
                .map(|code| score(code, &truth[at]))
                .collect::<Vec<_>>()
        };
        let (a, b) = (scored(first, 0), scored(second, 1));
        let found = fit([(first, &a), (second, &b)], channels);
        assert!(close(&found.of_halves[0], &truth[0]) && close(&found.of_halves[1], &truth[1]));
        assert!(!close(&found.of_all, &truth[0]) && !close(&found.of_all, &truth[1]));
    }

    #[test]
    fn equal_scores_and_dead_channels_give_no_weight() {
        let codes: Vec<i8> = (0..20).flat_map(|at| [at, 0, 0, 0]).collect();
        let none = |codes: &[i8], scores: &[f64]| {
            let found = fit([(codes, scores); 2], 4);
            found.of_all == [0; 4] && found.of_halves == [[0; 4], [0; 4]]
        };
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(none(&codes, &[1.0; 20]) && none(&[0; 80], &rising) && none(&[99; 80], &rising));
        assert!(!none(&codes, &rising));
        assert!(logit(1.0).is_finite() && logit(0.0).is_finite() && logit(0.5) == 0.0);
    }
}
