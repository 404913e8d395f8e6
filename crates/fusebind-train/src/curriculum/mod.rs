//! Adaptive curriculum over modalities: the important ones lead and the others are unlocked gradually. A modality is weighted no more
//! than its importance allows, and a value that does not fit its entity is weighted less.
//!
//! **Importance.** `r_m` in [0, 1], relative to the best modality of the same side: before training how well the neighbours
//! under modality `m` alone predict the labels of training pairs, leave-one-out and beyond the bias of the pair
//! (`NeighbourTable::neighbour_correlation`); from the second epoch on the mean of this and of the running measured importance
//! (`MeasuredImportance`). No validation or test pair takes part.
//!
//! **Unlocking.** Competence grows as `c(t) = c0 + (1 - c0) min(1, t / T)` with `t` the share of training that is done, `c0` the
//! key `start` and `T` the key `unlocked` (competence-based curricula, Platanios et al. 2019, arXiv:1903.09848). A modality of
//! difficulty `d_m = 1 - r_m` is unlocked by `a_m(t) = 1 / (1 + exp(-(c(t) + 3 tau - d_m) / tau))`, which ends near 1 for all. `c0`
//! shows every useful modality in part from the first step: what is masked in the first epochs, a model does not make up for later
//! (docs/experiments/curriculum.md).
//!
//! **Weights.** `w_m(t) = max(min(1, r_m / full_weight_at), minimum_weight) a_m(t)` is the share to which a modality is present, in
//! fusion and in neighbour features; to the rest it is missing. The weights at the end belong to the model. An importance from
//! `full_weight_at` on gives full weight in the end: weights in proportion to importance were tried, and kept useful modalities small
//! (docs/experiments/curriculum.md). They are multiplied, entity by entity, with the weights of `fusebind_features::quality`. Weighting
//! instead of dropping keeps a gradient to what is not unlocked yet.
//!
//! Comes in: [`NeighbourCorrelations`], [`CurriculumConfig`] and, epoch by epoch, an [`ImportanceAccumulator`]. Goes out: a [`Curriculum`].

mod dropout;
mod importance;

use std::collections::BTreeMap;

use fusebind_features::{
    modality::{Modality, ModalityWeights},
    random::Stream,
};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

pub use dropout::{DropoutConfig, Schedule};
pub use importance::{CurriculumState, ImportanceAccumulator, MeasuredImportance, Shown};

/// How well the neighbours under each modality predict labels: drugs, then targets.
pub type NeighbourCorrelations = [BTreeMap<Modality, f64>; 2];

/// Weights of modalities over training.
pub trait Curriculum: Send + Sync {
    /// Weights of the modalities of drugs and of targets when the share `progress` of training is done, from what the epochs before
    /// have taught.
    fn modality_weights(&self, progress: f64, state: &CurriculumState) -> [ModalityWeights; 2];
}

/// Order in which modalities are unlocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CurriculumKind {
    /// All at once, all with full weight.
    #[default]
    None,
    /// The important ones first.
    Acmo,
    /// The important ones last: a control.
    Reversed,
    /// In random order: a control.
    Random,
}

/// Configuration of a [`Curriculum`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CurriculumConfig {
    /// Order of unlocking.
    pub kind: CurriculumKind,
    /// Share of training after which every modality is unlocked (`T`).
    pub unlocked: f64,
    /// Competence at the start (`c0`).
    pub start: f64,
    /// Least weight of a modality.
    pub minimum_weight: f64,
    /// Importance, relative to the best modality of a side, from which on a modality has full weight in the end.
    pub full_weight_at: f64,
    /// Share of side values that are presumed to belong to another entity: what does not fit the rest of its entity is weighted
    /// less; 0 gives all values full weight.
    pub mismatch_prior: f64,
    /// Share of the entities of a batch that are shown with side values of other entities, so that a model learns what a mismatch is.
    pub corruption: f64,
}

impl Default for CurriculumConfig {
    fn default() -> Self {
        Self {
            kind: CurriculumKind::None,
            unlocked: 0.5,
            start: 0.5,
            minimum_weight: 0.05,
            full_weight_at: 0.2,
            mismatch_prior: 0.0,
            corruption: 0.0,
        }
    }
}

/// Softness of unlocking (`tau`).
const SOFTNESS: f64 = 0.1;

impl CurriculumConfig {
    /// Refuses what makes no curriculum.
    pub fn check(&self) -> Result<(), Error> {
        let share = |s: f64| (0.0..=1.0).contains(&s);
        let wrong = |message: &str| Err(Error::new(ErrorKind::Recipe, message));
        let part = |s: f64| s > 0.0 && s <= 1.0;
        if !(share(self.start) && share(self.minimum_weight) && part(self.unlocked) && part(self.full_weight_at)) {
            return wrong(
                "curriculum: `start` and `minimum_weight` must lie in [0, 1], `unlocked` and `full_weight_at` in (0, 1]",
            );
        }
        if !(0.0..1.0).contains(&self.mismatch_prior) || !share(self.corruption) {
            return wrong("curriculum: `mismatch_prior` must lie in [0, 1) and `corruption` in [0, 1]");
        }
        Ok(())
    }

    /// The curriculum for modalities whose neighbours correlate so with labels.
    pub fn build(&self, neighbour_correlations: &NeighbourCorrelations, seed: u64) -> Box<dyn Curriculum> {
        if self.kind == CurriculumKind::None {
            return Box::new(Plain);
        }
        let mut random = Stream::new(seed).generator();
        let ranks = neighbour_correlations.each_ref().map(|side| {
            let mut ranks: Vec<usize> = (0..side.len()).collect();
            ranks.shuffle(&mut random);
            ranks
        });
        Box::new(Unlocking {
            config: self.clone(),
            neighbour_correlations: neighbour_correlations.clone(),
            ranks,
        })
    }
}

/// Everything at once.
struct Plain;

impl Curriculum for Plain {
    fn modality_weights(&self, _progress: f64, _state: &CurriculumState) -> [ModalityWeights; 2] {
        Default::default()
    }
}

/// Gradual unlocking, see the file's header.
struct Unlocking {
    config: CurriculumConfig,
    neighbour_correlations: NeighbourCorrelations,
    /// A random order of the modalities of each side.
    ranks: [Vec<usize>; 2],
}

/// Numbers relative to the largest, 0 where they are negative.
fn relative(side: &BTreeMap<Modality, f64>) -> BTreeMap<Modality, f64> {
    let best = side.values().copied().fold(1e-6, f64::max);
    side.iter().map(|(m, value)| (*m, (value / best).max(0.0))).collect()
}

/// Importance of the modalities of each side, see the file's header.
fn importance(neighbour_correlations: &NeighbourCorrelations, state: &CurriculumState) -> [BTreeMap<Modality, f64>; 2] {
    [0, 1].map(|side| {
        let (neighbour_correlation, measured_importance) = (
            relative(&neighbour_correlations[side]),
            relative(&state.measured_importance[side]),
        );
        let both = |(m, neighbour_correlation): (Modality, f64)| match measured_importance
            .get(&m)
            .filter(|_| state.epochs > 1)
        {
            Some(measured_importance) => (m, (neighbour_correlation + measured_importance) / 2.0),
            None => (m, neighbour_correlation),
        };
        relative(&neighbour_correlation.into_iter().map(both).collect())
    })
}

impl Curriculum for Unlocking {
    fn modality_weights(&self, progress: f64, state: &CurriculumState) -> [ModalityWeights; 2] {
        let grown = (progress / self.config.unlocked).min(1.0);
        let competence = self.config.start + (1.0 - self.config.start) * grown;
        let importances = importance(&self.neighbour_correlations, state);
        [0, 1].map(|side| {
            let difficulty: Vec<f64> = importances[side].values().map(|r| 1.0 - r).collect();
            let mut modality_weights = ModalityWeights::default();
            for (at, (modality, importance)) in importances[side].iter().enumerate() {
                let difficulty = match self.config.kind {
                    CurriculumKind::Reversed => 1.0 - difficulty[at],
                    CurriculumKind::Random => difficulty[self.ranks[side][at]],
                    _ => difficulty[at],
                };
                let unlocked = 1.0 / (1.0 + (-(competence + 3.0 * SOFTNESS - difficulty) / SOFTNESS).exp());
                let most = (importance / self.config.full_weight_at)
                    .min(1.0)
                    .max(self.config.minimum_weight);
                modality_weights.set(*modality, (most * unlocked) as f32);
            }
            modality_weights
        })
    }
}

/// Measured importance by name, for logs.
pub fn named_importance(state: &CurriculumState) -> BTreeMap<String, f64> {
    let sides = ["drug", "target"].into_iter().zip(&state.measured_importance);
    sides
        .flat_map(|(side, measured_importance)| {
            measured_importance
                .iter()
                .map(move |(m, value)| (name(side, *m), *value))
        })
        .collect()
}

fn name(side: &str, modality: Modality) -> String {
    match modality {
        Modality::Graph | Modality::Sequence => modality.name().to_string(),
        _ => format!("{side} {modality}"),
    }
}

/// Modality weights by name, for logs: `graph`, `drug text`, ..
pub fn named(
    modality_weights: [ModalityWeights; 2],
    neighbour_correlations: &NeighbourCorrelations,
) -> BTreeMap<String, f64> {
    let mut named = BTreeMap::new();
    for ((side, modality_weights), neighbour_correlations) in ["drug", "target"]
        .into_iter()
        .zip(modality_weights)
        .zip(neighbour_correlations)
    {
        for modality in neighbour_correlations.keys() {
            named.insert(name(side, *modality), f64::from(modality_weights.of(*modality)));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour_correlations() -> NeighbourCorrelations {
        let drug = [(Modality::Graph, 0.6), (Modality::Text, 0.3), (Modality::Bioassay, 0.0)];
        let target = [(Modality::Sequence, 0.2), (Modality::Text, 0.4)];
        [drug.into_iter().collect(), target.into_iter().collect()]
    }

    fn curriculum(kind: CurriculumKind) -> Box<dyn Curriculum> {
        // A late start, so that the order shows.
        let config = CurriculumConfig {
            kind,
            start: 0.2,
            ..CurriculumConfig::default()
        };
        config.check().expect("the default holds together");
        config.build(&neighbour_correlations(), 3)
    }

    #[test]
    fn the_important_lead_and_the_others_follow() {
        let acmo = curriculum(CurriculumKind::Acmo);
        let [early, late] = [0.0, 1.0].map(|t| acmo.modality_weights(t, &Default::default()));
        assert!(
            early[0].of(Modality::Graph) > 0.8,
            "the best modality is there from the start"
        );
        assert!(
            early[0].of(Modality::Text) < 0.6 && late[0].of(Modality::Text) > 0.95,
            "the second best comes later"
        );
        assert!(
            late[0].of(Modality::Bioassay) < 0.05,
            "one whose neighbours say nothing has least weight"
        );
        assert!(
            early[1].of(Modality::Text) > early[1].of(Modality::Sequence),
            "sides are weighted apart"
        );
        assert_eq!(
            late[0].of(Modality::Transcriptome),
            1.0,
            "what is not there has full weight"
        );
    }

    #[test]
    fn controls_differ_and_end_alike() {
        let state = CurriculumState::default();
        assert_eq!(
            curriculum(CurriculumKind::None).modality_weights(0.0, &state),
            <[ModalityWeights; 2]>::default()
        );
        let (acmo, reversed) = (curriculum(CurriculumKind::Acmo), curriculum(CurriculumKind::Reversed));
        assert!(
            reversed.modality_weights(0.0, &state)[0].of(Modality::Graph)
                < acmo.modality_weights(0.0, &state)[0].of(Modality::Graph)
        );
        for kind in [&acmo, &reversed] {
            assert!(
                kind.modality_weights(1.0, &state)[0].of(Modality::Text) > 0.9,
                "in the end all are unlocked"
            );
        }
        let random = curriculum(CurriculumKind::Random);
        assert_eq!(
            random.modality_weights(0.3, &state),
            curriculum(CurriculumKind::Random).modality_weights(0.3, &state),
            "a seed fixes the order"
        );
        let refused = CurriculumConfig {
            unlocked: 0.0,
            ..CurriculumConfig::default()
        };
        assert!(refused.check().is_err());
        assert_eq!(
            named(acmo.modality_weights(1.0, &state), &neighbour_correlations()).len(),
            5
        );
    }

    #[test]
    fn what_training_finds_out_changes_the_order() {
        let acmo = curriculum(CurriculumKind::Acmo);
        let mut state = CurriculumState::default();
        state.measured_importance[0] = [
            (Modality::Graph, 0.01),
            (Modality::Text, 0.3),
            (Modality::Bioassay, -0.2),
        ]
        .into_iter()
        .collect();
        let early = acmo.modality_weights(0.0, &state)[0];
        assert!(
            early.of(Modality::Graph) > early.of(Modality::Text),
            "one epoch says little"
        );
        state.epochs = 2;
        let learned = acmo.modality_weights(0.0, &state)[0];
        assert!(learned.of(Modality::Text) > learned.of(Modality::Graph));
        assert!(learned.of(Modality::Bioassay) < 0.05);
        assert_eq!(named_importance(&state)["drug text"], 0.3);
    }
}
