//! Which share of the encoders is taken of several that were scored on held-out pairs.
//!
//! Held-out pairs come from the sources that a model was trained on. The neighbour head rests on how these sources label alone; the encoders
//! read neighbour features as well as structures. So a recipe for pairs of elsewhere takes the largest share of the encoders that the pairs
//! cannot tell from the best one: that whose score lies within `t` standard errors of the best (the one-standard-error rule of Breiman et al.
//! 1984, *Classification and Regression Trees*, has `t = 1` and takes the simplest). With `t = 0` it is the best. The share of structure alone
//! is that of the best.

use fusebind_model::scoring::EnsembleWeights;

/// Shares, and how good the predictions with them are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScoredShare {
    pub encoder_share: f32,
    pub structure_only_share: f32,
    /// Larger is better.
    pub score: f64,
}

impl ScoredShare {
    pub fn new(weights: EnsembleWeights, score: f64) -> Self {
        Self {
            encoder_share: weights.encoder_share,
            structure_only_share: weights.structure_only_share,
            score,
        }
    }
}

/// Position of what is taken: the largest share of the encoders whose score lies at most `tolerance` standard errors below the best. `error`
/// gives the standard error of a position's score, and is not asked where the tolerance is 0. Of equally good ones the last is the best; `None`
/// where there is nothing to take.
pub(crate) fn largest_within(
    scored: &[ScoredShare],
    tolerance: f64,
    error: impl FnOnce(usize) -> f64,
) -> Option<usize> {
    let best = (0..scored.len()).max_by(|a, b| scored[*a].score.total_cmp(&scored[*b].score))?;
    if tolerance <= 0.0 {
        return Some(best);
    }
    let (of_best, margin) = (scored[best], tolerance * error(best));
    let is_near = |one: &ScoredShare| {
        one.structure_only_share == of_best.structure_only_share && one.score >= of_best.score - margin
    };
    let near = (0..scored.len()).filter(|at| *at == best || is_near(&scored[*at]));
    near.max_by(|a, b| scored[*a].encoder_share.total_cmp(&scored[*b].encoder_share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_share_is_taken_where_the_pairs_cannot_tell_it_from_the_best() {
        let of = |(encoder_share, structure_only_share, score)| ScoredShare {
            encoder_share,
            structure_only_share,
            score,
        };
        // The best at 0.3; where structure says everything the share of the encoders makes no difference.
        let scored = [
            (0.0, 0.0, 0.90),
            (0.3, 0.0, 0.95),
            (0.6, 0.0, 0.93),
            (1.0, 0.0, 0.85),
            (1.0, 1.0, 0.94),
        ]
        .map(of);
        let taken = |tolerance| largest_within(&scored, tolerance, |at| if at == 1 { 0.01 } else { f64::NAN });
        assert_eq!([0.0, 1.0, 2.5, 30.0].map(taken), [Some(1), Some(1), Some(2), Some(3)]);
        assert_eq!(largest_within(&[], 1.0, |_| 0.0), None);
        let nothing = [(0.3, 0.0, f64::NEG_INFINITY)].map(of);
        assert_eq!(largest_within(&nothing, 1.0, |_| 0.0), Some(0), "nothing was scored");
    }
}
