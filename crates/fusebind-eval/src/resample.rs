//! Bootstrap intervals: how much of a score, or of a difference between two, is chance.
//!
//! A resample repeats how the sample came about, so it samples the [`Units`] that were sampled then (Efron 1979,
//! doi 10.1214/aos/1176344552; Davison & Hinkley 1997, section 3.8; Owen 2007, doi 10.1214/07-AOAS122):
//!
//! ```text
//! rows      rows are sampled                   new pairs of known drugs and targets
//! groups    groups are sampled with all rows   new drugs: the pairs of a drug are kept together
//! crossed   w(row) = w(left) w(right)          new drugs and new targets: each side is sampled independently
//! ```
//!
//! Comes in: units and a score of row indices. Goes out: the score with its percentile interval, the same for the same seed on
//! every machine.
//!
//! ```
//! use fusebind_eval::{regression, resample::paired_bootstrap};
//! let (truth, old, new) = ([5.0, 6.0, 7.0, 8.0], [6.0, 5.0, 8.0, 7.0], [5.1, 6.1, 7.0, 7.8]);
//! let gain = paired_bootstrap((&truth, &old, &new), 200, 0.95, 1, regression::mse)?;
//! assert!(gain.high < 0.0, "new has the smaller error on every resample: {gain:?}");
//! # Ok::<(), fusebind_eval::Undefined>(())
//! ```

use serde::Serialize;

use crate::error::{Undefined, finite};

/// A score with its percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Score of the whole sample.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// SplitMix64 (Steele et al. 2014): small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * limit as u128) >> 64) as usize
    }
}

/// What is resampled, see the file's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units<'a> {
    /// So many independent rows.
    Rows(usize),
    /// Groups with all their rows: the group of each row.
    Groups(&'a [u32]),
    /// The groups of each side, sampled independently: the group of each row on the left and on the right.
    Crossed([&'a [u32]; 2]),
}

/// [`Units`], ready to be sampled.
enum Resampler {
    Rows(usize),
    /// Rows of each group.
    Groups(Vec<Vec<usize>>),
    /// Number of groups of each side, and the groups of each row.
    Crossed([usize; 2], Vec<[usize; 2]>),
}

impl Resampler {
    fn new(units: Units<'_>) -> Result<Self, Undefined> {
        match units {
            Units::Rows(0) => Err(Undefined::Empty),
            Units::Rows(count) => Ok(Self::Rows(count)),
            Units::Groups(groups) => {
                let (count, groups) = numbered(groups)?;
                let mut rows = vec![Vec::new(); count];
                groups
                    .into_iter()
                    .enumerate()
                    .for_each(|(row, group)| rows[group].push(row));
                Ok(Self::Groups(rows))
            }
            Units::Crossed([left, right]) if left.len() != right.len() => Err(Undefined::Length),
            Units::Crossed([left, right]) => {
                let (left, right) = (numbered(left)?, numbered(right)?);
                let groups = left.1.into_iter().zip(right.1).map(|(l, r)| [l, r]).collect();
                Ok(Self::Crossed([left.0, right.0], groups))
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Rows(count) => *count,
            Self::Groups(rows) => rows.iter().map(Vec::len).sum(),
            Self::Crossed(_, groups) => groups.len(),
        }
    }

    /// Fills `rows` with a resample.
    fn sample(&self, random: &mut Random, rows: &mut Vec<usize>) {
        rows.clear();
        match self {
            Self::Rows(count) => rows.extend((0..*count).map(|_| random.below(*count))),
            Self::Groups(groups) => {
                (0..groups.len()).for_each(|_| rows.extend_from_slice(&groups[random.below(groups.len())]));
            }
            Self::Crossed(counts, groups) => {
                let times = counts.map(|count| {
                    let mut times = vec![0usize; count];
                    (0..count).for_each(|_| times[random.below(count)] += 1);
                    times
                });
                for (row, [left, right]) in groups.iter().enumerate() {
                    rows.extend(std::iter::repeat_n(row, times[0][*left] * times[1][*right]));
                }
            }
        }
    }
}

/// The number of distinct groups, and each row's among them; at least two, because resampling one always gives the same rows.
fn numbered(groups: &[u32]) -> Result<(usize, Vec<usize>), Undefined> {
    let mut distinct = groups.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    match distinct.len() {
        0 => Err(Undefined::Empty),
        1 => Err(Undefined::OneGroup),
        count => {
            let place = |group: &u32| distinct.partition_point(|d| d < group);
            Ok((count, groups.iter().map(place).collect()))
        }
    }
}

/// Percentile interval of `score` over `rounds` resamples of `units`; resamples on which the score is undefined are
/// repeated, up to ten times as many in all. `score` gets row indices.
pub fn bootstrap(
    units: Units<'_>,
    rounds: usize,
    level: f64,
    seed: u64,
    score: impl Fn(&[usize]) -> Result<f64, Undefined>,
) -> Result<Interval, Undefined> {
    let resampler = Resampler::new(units)?;
    if rounds == 0 {
        return Err(Undefined::Empty);
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::Parameter);
    }
    let mut rows: Vec<usize> = (0..resampler.count()).collect();
    let value = score(&rows).and_then(finite)?;
    let mut random = Random(seed);
    let mut scores = Vec::new();
    let mut reason = Undefined::Empty;
    for _ in 0..rounds.saturating_mul(10) {
        resampler.sample(&mut random, &mut rows);
        match score(&rows).and_then(finite) {
            Ok(score) => scores.push(score),
            Err(undefined) => reason = undefined,
        }
        if scores.len() == rounds {
            break;
        }
    }
    if scores.is_empty() {
        return Err(reason);
    }
    scores.sort_by(f64::total_cmp);
    Ok(Interval {
        value,
        low: quantile(&scores, (1.0 - level) / 2.0),
        high: quantile(&scores, (1.0 + level) / 2.0),
    })
}

/// Interval of `metric(second) - metric(first)`, both predictions resampled with the same rows of `(truth, first, second)`. The
/// difference is chance, at this level, where the interval holds 0.
pub fn paired_bootstrap<T: Copy>(
    (truth, first, second): (&[T], &[f64], &[f64]),
    rounds: usize,
    level: f64,
    seed: u64,
    metric: impl Fn(&[T], &[f64]) -> Result<f64, Undefined>,
) -> Result<Interval, Undefined> {
    if truth.len() != first.len() || truth.len() != second.len() {
        return Err(Undefined::Length);
    }
    bootstrap(Units::Rows(truth.len()), rounds, level, seed, |rows| {
        let sampled: Vec<T> = rows.iter().map(|row| truth[*row]).collect();
        let of = |predicted: &[f64]| {
            let predicted: Vec<f64> = rows.iter().map(|row| predicted[*row]).collect();
            metric(&sampled, &predicted)
        };
        Ok(of(second)? - of(first)?)
    })
}

/// Quantile of sorted, non-empty values, linear between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}
