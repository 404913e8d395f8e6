//! Split conformal prediction: how wide an interval, or how large a set of classes, must be to hold the truth at a promised rate.
//!
//! Comes in: scores of pairs that no model was fitted on (residuals, or one minus a probability) and the miss rate `alpha`. Goes out: the
//! quantile of the scores, p-values and sets. The promise holds where new pairs are exchangeable with the calibration pairs, so each
//! group of pairs has a quantile of its own (Vovk et al. 2005, chapter 4; Papadopoulos et al. 2008 for residuals over sigma).

use std::collections::BTreeMap;

use crate::error::Undefined;

/// A label of which possibly only a bound is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Truth {
    /// The value itself.
    Exact(f64),
    /// The value is this or less.
    AtMost(f64),
    /// The value is this or more.
    AtLeast(f64),
}

/// What is proved of one normalised residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Residual {
    /// It is no less than this.
    pub least: f64,
    /// It is no more than this; infinite where the label is a bound.
    pub most: f64,
}

/// The normalised residual `|truth - predicted| / sigma`. Of `y <= b` only this is proved: the residual is at least `predicted - b`,
/// where that is positive. It may be of any size above.
///
/// # Errors
/// Where a number is not finite, or `sigma` is not positive.
pub fn residual(truth: Truth, predicted: f64, sigma: f64) -> Result<Residual, Undefined> {
    let (Truth::Exact(value) | Truth::AtMost(value) | Truth::AtLeast(value)) = truth;
    if !value.is_finite() || !predicted.is_finite() {
        return Err(Undefined::NotFinite);
    }
    if !(sigma > 0.0 && sigma.is_finite()) {
        return Err(Undefined::Parameter);
    }
    let (least, is_bound) = match truth {
        Truth::Exact(value) => ((value - predicted).abs(), false),
        Truth::AtMost(bound) => ((predicted - bound).max(0.0), true),
        Truth::AtLeast(bound) => ((bound - predicted).max(0.0), true),
    };
    let least = least / sigma;
    Ok(Residual {
        least,
        most: if is_bound { f64::INFINITY } else { least },
    })
}

/// Rank, from 1, of the quantile among `n` ascending scores: `ceil((n + 1)(1 - alpha))`. It is `n + 1` where `n` scores are too few.
fn rank(n: usize, alpha: f64) -> Result<usize, Undefined> {
    if n == 0 {
        return Err(Undefined::Empty);
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Undefined::Parameter);
    }
    // The slack keeps 0.1 * 20 from being a little less than 2.
    let missed = ((n + 1) as f64 * alpha + 1e-9).floor() as usize;
    Ok(n + 1 - missed.min(n))
}

/// The score that a new one exceeds with a probability of at most `alpha`: the finite-sample quantile. Infinite where there are fewer than
/// `1 / alpha - 1` scores, because then no finite value keeps the promise.
///
/// # Errors
/// Where there are no scores, one is NaN, or `alpha` is not between 0 and 1.
pub fn quantile(scores: &[f64], alpha: f64) -> Result<f64, Undefined> {
    let rank = rank(scores.len(), alpha)?;
    if scores.iter().any(|score| score.is_nan()) {
        return Err(Undefined::NotFinite);
    }
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted.get(rank - 1).copied().unwrap_or(f64::INFINITY))
}

/// The quantile where some labels are bounds: between `least` and `most`, whatever the values behind the bounds are. Only `most` keeps the
/// promise for certain. It is infinite where more than a share of about `alpha` of the labels are bounds.
///
/// # Errors
/// As [`quantile`].
pub fn censored_quantile(residuals: &[Residual], alpha: f64) -> Result<Residual, Undefined> {
    let all = |of: fn(&Residual) -> f64| residuals.iter().map(of).collect::<Vec<f64>>();
    Ok(Residual {
        least: quantile(&all(|residual| residual.least), alpha)?,
        most: quantile(&all(|residual| residual.most), alpha)?,
    })
}

/// The quantile of one group, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GroupQuantile {
    /// Quantile of the scores; infinite where even all scores together are too few.
    pub quantile: f64,
    /// Group whose scores were used: the group itself, or a coarser one.
    pub from: usize,
    /// Number of these scores.
    pub n: usize,
}

/// Scores of pairs that no model was fitted on, with the group of each and perhaps its hold-out.
#[derive(Clone, Copy, Debug)]
pub struct GroupedScores<'a> {
    /// The scores.
    pub scores: &'a [f64],
    /// Group of each score.
    pub groups: &'a [usize],
    /// Hold-out of each score where hold-outs count [`alike`]; without it scores do.
    pub hold_outs: Option<&'a [u32]>,
}

/// For how many pairs each counts, so that hold-outs of at least `least` pairs count the same: `hold_outs` are those of the pairs. Otherwise the
/// largest would decide alone, though what is new to a model next is one more hold-out and not one more pair of that one. The sum is the number
/// of pairs; a pair of a smaller hold-out counts for itself.
pub fn alike(hold_outs: &[u32], least: usize) -> Vec<f64> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for hold_out in hold_outs {
        *counts.entry(*hold_out).or_default() += 1;
    }
    let large = || counts.values().filter(|count| **count >= least);
    let mean = large().sum::<usize>() as f64 / large().count().max(1) as f64;
    let weight = |hold_out: &u32| match counts[hold_out] {
        count if count < least => 1.0,
        count => mean / count as f64,
    };
    hold_outs.iter().map(weight).collect()
}

/// A quantile for each group (Mondrian). `parents[g]` is the next coarser group of `g`, which must have the smaller number, and a group's scores
/// count for all coarser ones. A group of fewer than `least` scores uses the next coarser group that has as many; the coarsest uses what it has.
/// Where hold-outs count alike, the mean of their distributions is the one whose quantile is taken (Dunn et al. 2023, doi
/// 10.1080/01621459.2022.2060112).
///
/// # Errors
/// Where there are no scores, one is NaN, groups or hold-outs are of another number, a number names no group, or `alpha` is not between 0 and 1.
pub fn mondrian(
    grouped: GroupedScores,
    parents: &[Option<usize>],
    alpha: f64,
    least: usize,
) -> Result<Vec<GroupQuantile>, Undefined> {
    let GroupedScores {
        scores,
        groups,
        hold_outs,
    } = grouped;
    if scores.len() != groups.len() || hold_outs.is_some_and(|of| of.len() != scores.len()) {
        return Err(Undefined::Length);
    }
    let quantile_of = |members: &[usize]| {
        let own: Vec<f64> = members.iter().map(|index| scores[*index]).collect();
        let Some(of) = hold_outs else {
            return quantile(&own, alpha);
        };
        let hold_outs: Vec<u32> = members.iter().map(|index| of[*index]).collect();
        weighted_quantile(&own, &alike(&hold_outs, least), alpha)
    };
    let is_tree = (parents.iter().enumerate()).all(|(group, parent)| parent.is_none_or(|parent| parent < group));
    if !is_tree || groups.iter().any(|group| *group >= parents.len()) {
        return Err(Undefined::Parameter);
    }
    let lineage = |group: usize| std::iter::successors(Some(group), |group| parents[*group]);
    let mut members = vec![Vec::new(); parents.len()];
    for (index, group) in groups.iter().enumerate() {
        lineage(*group).for_each(|group| members[group].push(index));
    }
    let of = |group: usize| {
        let from = lineage(group).find(|group| members[*group].len() >= least.max(1));
        let from = from.or_else(|| lineage(group).last()).unwrap_or(group);
        Ok(GroupQuantile {
            quantile: quantile_of(&members[from])?,
            from,
            n: members[from].len(),
        })
    };
    (0..parents.len()).map(of).collect()
}

/// As [`quantile`], of scores that count for `weights` pairs each, of which the mean is 1: a new one counts for one. With equal weights it is the same.
fn weighted_quantile(scores: &[f64], weights: &[f64], alpha: f64) -> Result<f64, Undefined> {
    // The same errors.
    rank(scores.len(), alpha)?;
    if scores.iter().any(|score| score.is_nan()) {
        return Err(Undefined::NotFinite);
    }
    let mut sorted: Vec<(f64, f64)> = scores.iter().copied().zip(weights.iter().copied()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The slack is that of `rank`, and what rounding leaves of a sum.
    let enough = (scores.len() + 1) as f64 * (1.0 - alpha) - 1e-6;
    let mut held = 0.0;
    let reaches = |(score, weight): (f64, f64)| {
        held += weight;
        (held >= enough).then_some(score)
    };
    Ok(sorted.into_iter().find_map(reaches).unwrap_or(f64::INFINITY))
}

/// P-value of a score among those of the calibration pairs of one class: the share that is as strange or stranger, the new pair counted in.
/// Of scores in which larger is stranger.
///
/// # Errors
/// Where a score is NaN. Without calibration scores the p-value is 1: nothing speaks against the class.
pub fn p_value(calibration: &[f64], score: f64) -> Result<f64, Undefined> {
    if score.is_nan() || calibration.iter().any(|other| other.is_nan()) {
        return Err(Undefined::NotFinite);
    }
    let stranger = calibration.iter().filter(|other| **other >= score).count();
    Ok((stranger + 1) as f64 / (calibration.len() + 1) as f64)
}

/// The classes that cannot be ruled out at the promised rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClassSet {
    /// That the pair binds.
    pub binds: bool,
    /// That it does not.
    pub not: bool,
}

impl ClassSet {
    /// Whether the set holds this class.
    pub fn contains(self, binds: bool) -> bool {
        if binds { self.binds } else { self.not }
    }
}

/// Calibration scores of the two classes (class-conditional): each class keeps its own promise, however rare it is.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClassScores {
    /// One minus the probability, of pairs that bind.
    pub binds: Vec<f64>,
    /// The probability, of pairs that do not.
    pub not: Vec<f64>,
}

impl ClassScores {
    /// From labels and probabilities of binding of the calibration pairs. Scores of several hold-outs may be pooled (cross-conformal).
    ///
    /// # Errors
    /// Where there is nothing, lengths differ, or a probability is outside 0 to 1.
    pub fn new(truth: &[bool], probabilities: &[f64]) -> Result<Self, Undefined> {
        match () {
            () if truth.len() != probabilities.len() => return Err(Undefined::Length),
            () if truth.is_empty() => return Err(Undefined::Empty),
            () if probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) => return Err(Undefined::Parameter),
            () => {}
        }
        let mut scores = Self::default();
        for (binds, probability) in truth.iter().zip(probabilities) {
            match binds {
                true => scores.binds.push(1.0 - probability),
                false => scores.not.push(*probability),
            }
        }
        Ok(scores)
    }

    /// P-values of the class that binds and of the other.
    ///
    /// # Errors
    /// Where the probability is NaN.
    pub fn p_values(&self, probability: f64) -> Result<[f64; 2], Undefined> {
        Ok([
            p_value(&self.binds, 1.0 - probability)?,
            p_value(&self.not, probability)?,
        ])
    }

    /// The classes whose p-value is above `alpha`. The set may hold both, or neither where the pair is unlike all calibration pairs.
    ///
    /// # Errors
    /// Where the probability is NaN, or `alpha` is not between 0 and 1.
    pub fn set(&self, probability: f64, alpha: f64) -> Result<ClassSet, Undefined> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Undefined::Parameter);
        }
        let [binds, not] = self.p_values(probability)?;
        Ok(ClassSet {
            binds: binds > alpha,
            not: not > alpha,
        })
    }
}
