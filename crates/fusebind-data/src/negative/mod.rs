//! Negatives for positives-only sets.
//!
//! Comes in: known (drug, target) pairs. Goes out: pairs that are not known, presumed not to bind. Random negatives are sampled
//! evenly from all unknown pairs; then frequent drugs and targets are positives by popularity alone, and a model that counts
//! looks good. Degree-matched negatives contain each entity as often as the positives do, so that popularity says
//! nothing. Sampled negatives are presumptions: report scores on them apart from scores on measured negatives.
//!
//! ```
//! use fusebind_data::negative::{Draw, NegativeConfig, sample_negatives};
//! let known = [(0, 0), (1, 1), (2, 2), (3, 3)];
//! let config = NegativeConfig { draw: Draw::DegreeMatched, ..NegativeConfig::default() };
//! let negatives = sample_negatives(&known, &[], (4, 4), &config)?;
//! assert_eq!(negatives.len(), 4);
//! assert!(negatives.iter().all(|pair| !known.contains(pair)));
//! # Ok::<(), fusebind_data::Error>(())
//! ```

mod matched;

use std::collections::BTreeSet;

use fusebind_features::random::Stream;
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    table::{Dataset, Interaction},
};

/// How negatives are sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draw {
    /// Evenly from all unknown pairs.
    #[default]
    Random,
    /// So that every drug and every target has `ratio` times as many negatives as positives.
    DegreeMatched,
}

/// Configuration of [`sample_negatives`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NegativeConfig {
    /// How negatives are sampled.
    pub draw: Draw,
    /// Negatives per positive.
    pub ratio: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for NegativeConfig {
    fn default() -> Self {
        Self {
            draw: Draw::Random,
            ratio: 1.0,
            seed: 0,
        }
    }
}

/// Samples distinct negatives among `entities.0` drugs and `entities.1` targets, ascending: `ratio` per distinct pair of
/// `positives`, none of them in `positives` or in `excluded` (measured pairs that must not be sampled, for instance of another
/// part of the split). Refused where there are not enough unknown pairs.
pub fn sample_negatives(
    positives: &[(u32, u32)],
    excluded: &[(u32, u32)],
    entities: (u32, u32),
    config: &NegativeConfig,
) -> Result<Vec<(u32, u32)>, Error> {
    let infeasible = |reason: String, hint: &str| Err(Error::new(ErrorKind::Infeasible, reason).hint(hint));
    if !(config.ratio > 0.0 && config.ratio.is_finite()) {
        return infeasible(
            format!("the ratio {} gives no negatives", config.ratio),
            "give a ratio above 0",
        );
    }
    let known: BTreeSet<(u32, u32)> = positives.iter().chain(excluded).copied().collect();
    let outside = known.iter().find(|pair| pair.0 >= entities.0 || pair.1 >= entities.1);
    if let Some((drug, target)) = outside {
        let reason = format!(
            "pair ({drug}, {target}) is not among {} drugs and {} targets",
            entities.0, entities.1
        );
        return infeasible(reason, "count the entities of the same data set");
    }
    let positives: BTreeSet<(u32, u32)> = positives.iter().copied().collect();
    if positives.is_empty() {
        return infeasible(
            "there are no positives to sample negatives for".into(),
            "check the labels",
        );
    }
    let wanted = config.ratio * positives.len() as f64;
    let unknown = u64::from(entities.0) * u64::from(entities.1) - known.len() as u64;
    if wanted.round() > unknown as f64 {
        let reason = format!("{wanted:.0} negatives are requested, but only {unknown} pairs are unknown");
        return infeasible(reason, "give a smaller ratio");
    }
    let mut random = Stream::new(config.seed).generator();
    match config.draw {
        Draw::Random => Ok(evenly(&known, entities, wanted.round() as usize, &mut random)),
        Draw::DegreeMatched => matched::sample(&positives, &known, config.ratio, &mut random),
    }
}

/// Distinct unknown pairs, all equally likely.
fn evenly(
    known: &BTreeSet<(u32, u32)>,
    (drugs, targets): (u32, u32),
    wanted: usize,
    random: &mut ChaCha8Rng,
) -> Vec<(u32, u32)> {
    let cells = u64::from(drugs) * u64::from(targets);
    // Where few pairs are unknown, rejection sampling takes long: list them instead.
    if (known.len() + wanted) as u64 > cells / 2 {
        let all = (0..drugs).flat_map(|drug| (0..targets).map(move |target| (drug, target)));
        let mut left: Vec<(u32, u32)> = all.filter(|pair| !known.contains(pair)).collect();
        left.shuffle(random);
        left.truncate(wanted);
        left.sort_unstable();
        return left;
    }
    let mut sampled = BTreeSet::new();
    while sampled.len() < wanted {
        let pair = (random.random_range(0..drugs), random.random_range(0..targets));
        if !known.contains(&pair) {
            sampled.insert(pair);
        }
    }
    sampled.into_iter().collect()
}

/// Adds negatives to `dataset` for all pairs that are known to bind; every other known pair is left alone. The new
/// interactions come after the others, belong to no published split and carry row 0; the fingerprint is renewed. Returns how
/// many were added.
pub fn add_negatives(dataset: &mut Dataset, config: &NegativeConfig) -> Result<usize, Error> {
    let pair = |interaction: &Interaction| (interaction.drug, interaction.target);
    let (positives, others): (Vec<&Interaction>, Vec<&Interaction>) = dataset
        .interactions
        .iter()
        .partition(|interaction| interaction.binds == Some(true));
    let positives: Vec<(u32, u32)> = positives.into_iter().map(pair).collect();
    let others: Vec<(u32, u32)> = others.into_iter().map(pair).collect();
    let entities = (dataset.drugs.len() as u32, dataset.targets.len() as u32);
    let negatives = sample_negatives(&positives, &others, entities, config)?;
    dataset
        .interactions
        .extend(negatives.iter().map(|(drug, target)| Interaction {
            drug: *drug,
            target: *target,
            affinity: None,
            binds: Some(false),
            row: 0,
        }));
    let count = dataset.interactions.len();
    let beside = dataset.split_columns.values_mut().chain(dataset.origins.values_mut());
    beside.for_each(|column| column.resize(count, None));
    dataset.refresh_fingerprint();
    Ok(negatives.len())
}
