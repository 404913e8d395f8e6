//! Scores within an entity: how well the pairs of one target (or of one drug) are ranked among themselves.
//!
//! A score over all pairs mixes two questions: which targets bind much, and which compounds bind a given target. Who ranks a library
//! for one target asks the second alone. Comes in: the entity of each row, and a score of rows. Goes out: the mean over entities
//! of the score of their rows, with a percentile interval over entities, because the rows of one entity do not vary independently.
//!
//! ```text
//! within(score) = 1/|E| sum over e in E of score(rows of e),   E: entities on whose rows the score is defined
//! ```
//!
//! ```
//! use fusebind_eval::{classification::auroc, within::{WithinConfig, within}};
//! let (targets, truth) = ([7, 7, 7, 9, 9], [true, false, false, true, false]);
//! let scores = [0.9, 0.2, 0.1, 0.3, 0.8];
//! let score = |rows: &[usize]| {
//!     let of = |row: &usize| (truth[*row], scores[*row]);
//!     let (truth, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(of).unzip();
//!     auroc(&truth, &scores)
//! };
//! let found = within(&targets, &WithinConfig::default(), score)?;
//! assert_eq!((found.entities, found.mean.value), (2, 0.5));
//! # Ok::<(), fusebind_eval::Undefined>(())
//! ```

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    error::{Undefined, finite},
    resample::{Interval, Units, bootstrap},
};

/// Which entities count, and how the interval is sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithinConfig {
    /// Fewest rows of an entity that counts.
    pub least_rows: usize,
    /// Resamples of the entities.
    pub rounds: usize,
    /// Level of the interval, between 0 and 1.
    pub level: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for WithinConfig {
    fn default() -> Self {
        Self {
            least_rows: 2,
            rounds: 1000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// Mean of a score over entities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Within {
    /// Mean with its interval over entities. Both ends are the mean where there is one entity.
    pub mean: Interval,
    /// Entities on whose rows the score is defined.
    pub entities: usize,
}

/// The score of each entity's rows, by entity; entities on whose rows it is undefined are left out.
pub fn by_entity(
    entities: &[u32],
    least_rows: usize,
    score: impl Fn(&[usize]) -> Result<f64, Undefined>,
) -> BTreeMap<u32, f64> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, entity) in entities.iter().enumerate() {
        rows.entry(*entity).or_default().push(row);
    }
    rows.into_iter()
        .filter(|(_, rows)| rows.len() >= least_rows)
        .filter_map(|(entity, rows)| Some((entity, score(&rows).and_then(finite).ok()?)))
        .collect()
}

/// Mean over entities of the score of their rows, see the file's header. `entities` has the entity of each row; `score` gets rows.
///
/// # Errors
/// Where the score is undefined on the rows of every entity, and where the configuration makes no interval.
pub fn within(
    entities: &[u32],
    config: &WithinConfig,
    score: impl Fn(&[usize]) -> Result<f64, Undefined>,
) -> Result<Within, Undefined> {
    let scores: Vec<f64> = by_entity(entities, config.least_rows, score).into_values().collect();
    interval(&scores, config)
}

/// Mean over entities of the difference `second - first` of two scores, over the entities on which both are defined. It is
/// chance, at this level, where the interval holds 0.
///
/// # Errors
/// As [`within`].
pub fn within_difference(
    entities: &[u32],
    config: &WithinConfig,
    first: impl Fn(&[usize]) -> Result<f64, Undefined>,
    second: impl Fn(&[usize]) -> Result<f64, Undefined>,
) -> Result<Within, Undefined> {
    let difference = |rows: &[usize]| Ok(second(rows)? - first(rows)?);
    within(entities, config, difference)
}

fn interval(scores: &[f64], config: &WithinConfig) -> Result<Within, Undefined> {
    let mean = |rows: &[usize]| Ok(rows.iter().map(|row| scores[*row]).sum::<f64>() / rows.len() as f64);
    let mean = match scores {
        [] => return Err(Undefined::Empty),
        [only] => Interval {
            value: *only,
            low: *only,
            high: *only,
        },
        _ => bootstrap(
            Units::Rows(scores.len()),
            config.rounds,
            config.level,
            config.seed,
            mean,
        )?,
    };
    Ok(Within {
        mean,
        entities: scores.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean of the rows' values, undefined where one is negative.
    fn mean(values: &[f64]) -> impl Fn(&[usize]) -> Result<f64, Undefined> + '_ {
        |rows| match rows.iter().any(|row| values[*row] < 0.0) {
            true => Err(Undefined::OneClass),
            false => Ok(rows.iter().map(|row| values[*row]).sum::<f64>() / rows.len() as f64),
        }
    }

    #[test]
    fn entities_count_alike_whatever_their_size() {
        let entities = [1, 1, 1, 1, 5, 5];
        let values = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        let found = within(&entities, &WithinConfig::default(), mean(&values)).expect("is defined");
        assert_eq!((found.entities, found.mean.value), (2, 0.5));
        assert!(found.mean.low < 0.5 && found.mean.high > 0.5, "{found:?}");
    }

    #[test]
    fn entities_without_a_score_are_left_out() {
        let entities = [1, 1, 2, 2, 3];
        let values = [0.2, 0.4, -1.0, 0.5, 0.9];
        let config = WithinConfig::default();
        let found = within(&entities, &config, mean(&values)).expect("is defined");
        assert_eq!(found.entities, 1, "one has no score, one too few rows");
        assert!((found.mean.value - 0.3).abs() < 1e-12 && found.mean.low == found.mean.high);
        assert!(within(&entities[2..4], &config, mean(&values[2..4])).is_err());
        assert!(within(&[], &config, mean(&[])).is_err());
    }

    #[test]
    fn a_difference_is_paired() {
        let entities: Vec<u32> = (0..50).flat_map(|entity| [entity, entity]).collect();
        // Entities differ much, the two scores by the same everywhere.
        let first: Vec<f64> = entities.iter().map(|entity| f64::from(*entity)).collect();
        let second: Vec<f64> = first.iter().map(|value| value + 0.25).collect();
        let config = WithinConfig::default();
        let found = within_difference(&entities, &config, mean(&first), mean(&second)).expect("is defined");
        assert!(
            (found.mean.low - 0.25).abs() < 1e-9 && (found.mean.high - 0.25).abs() < 1e-9,
            "{found:?}"
        );
    }
}
