//! How often the modalities of an entity are masked while a model trains.
//!
//! The rate goes from `first` to `last` over training: `r(t) = last` (constant), `first + (last - first) t` (linear), or `first +
//! (last - first) (1 - cos(pi t)) / 2` (cosine). Driven by importance, a modality is kept with `(1 - r(t)) w_m(t)`, `r` linear and
//! `w_m` the weight of the curriculum: what is not important is seldom shown. A model stands missing modalities only up to the
//! highest rate it has seen, so `last` is the rate that it is meant for. Besides independent coins, a share of the entities loses
//! whatever another entity of the batch, sampled at random, lacks (whole patterns, as in nature), and a share keeps any subset of
//! everything, structure and all.

use fusebind_features::modality::{Modality, ModalityWeights};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// How the rate of modality dropout goes over training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// `last` from the start.
    #[default]
    Constant,
    /// In a straight line.
    Linear,
    /// Slowly, fast, slowly.
    Cosine,
    /// In a straight line, and more often where a modality has little weight.
    Importance,
}

/// Configuration of modality dropout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DropoutConfig {
    /// How the rate goes over training.
    pub schedule: Schedule,
    /// Rate at the start, unless it is constant.
    pub first: f64,
    /// Rate at the end.
    pub last: f64,
    /// Share of the entities of a batch that lack what another one lacks.
    pub natural: f64,
    /// Share of the entities of a batch that keep a random subset of everything, which may lack the structure or hold nothing.
    pub structure: f64,
}

impl Default for DropoutConfig {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            first: 0.3,
            last: 0.3,
            natural: 0.0,
            structure: 0.1,
        }
    }
}

impl DropoutConfig {
    /// Refuses what is no share.
    pub fn check(&self) -> Result<(), Error> {
        let shares = [self.first, self.last, self.natural, self.structure];
        if shares.iter().all(|s| (0.0..=1.0).contains(s)) && self.natural + self.structure <= 1.0 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Recipe,
            "modalities.dropout: `first`, `last`, `natural` and `structure` must lie in [0, 1], the last two in sum",
        ))
    }

    /// Rate for a side modality when the share `progress` of training is done.
    pub fn rate(&self, progress: f64, modality_weights: ModalityWeights, modality: Modality) -> f64 {
        let between = |share: f64| self.first + (self.last - self.first) * share;
        match self.schedule {
            Schedule::Constant => self.last,
            Schedule::Linear => between(progress),
            Schedule::Cosine => between((1.0 - (std::f64::consts::PI * progress).cos()) / 2.0),
            Schedule::Importance => 1.0 - (1.0 - between(progress)) * f64::from(modality_weights.of(modality)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_go_where_they_say() {
        let of = |schedule, progress| {
            let config = DropoutConfig {
                schedule,
                first: 0.2,
                last: 0.8,
                ..DropoutConfig::default()
            };
            config.check().expect("is sound");
            let mut modality_weights = ModalityWeights::default();
            modality_weights.set(Modality::Text, 0.5);
            [Modality::Text, Modality::Bioassay].map(|m| (100.0 * config.rate(progress, modality_weights, m)).round())
        };
        assert_eq!(of(Schedule::Constant, 0.0), [80.0; 2]);
        assert_eq!(of(Schedule::Linear, 0.5), [50.0; 2]);
        assert_eq!(of(Schedule::Cosine, 0.25), [29.0; 2]);
        assert_eq!(of(Schedule::Cosine, 1.0), [80.0; 2]);
        assert_eq!(
            of(Schedule::Importance, 0.0),
            [60.0, 20.0],
            "what has less weight is shown less"
        );
        let wrong = DropoutConfig {
            natural: 0.6,
            structure: 0.6,
            ..DropoutConfig::default()
        };
        assert!(wrong.check().is_err());
    }
}
