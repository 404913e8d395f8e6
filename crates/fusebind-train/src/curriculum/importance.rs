//! Measured importance: how much loss each modality saves while a model trains, measured on randomly masked modalities.
//!
//! Modality dropout masks a modality of an entity at random, so pairs with and without it differ in nothing else on average. With `l`
//! the loss of a pair, that of the neighbour head where there is one (its features leave the pair's own label out, so that it cannot
//! memorise a training pair):
//!
//! ```text
//! importance_m = mean l(without m) - mean l(with m)      over pairs whose entity has m
//! ```
//!
//! relative to the mean loss, and averaged over epochs with weight [`MEMORY`] on the past. Comes in: losses of batches. Goes
//! out: [`MeasuredImportance`].

use std::collections::BTreeMap;

use fusebind_features::modality::{Modality, ModalitySet};
use serde::{Deserialize, Serialize};

/// Weight of the past in the running average.
const MEMORY: f64 = 0.6;
/// Pairs with and without a modality below which an epoch measures nothing.
const LEAST: f64 = 50.0;

/// Share of the loss that each modality saves: drugs, then targets.
pub type MeasuredImportance = [BTreeMap<Modality, f64>; 2];

/// What the entities of pairs had, and had to do without, in one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Modalities that the entity was shown with.
    pub with: ModalitySet,
    /// Modalities that it has, but had to do without.
    pub without: ModalitySet,
}

/// Losses of one epoch, by side, modality and whether it was shown.
#[derive(Clone, Debug, Default)]
pub struct ImportanceAccumulator {
    /// Sum and number of the losses with the modality, and without.
    sums: [BTreeMap<Modality, [(f64, f64); 2]>; 2],
    all: (f64, f64),
}

impl ImportanceAccumulator {
    /// Adds the loss of a pair and what its drug and its target were shown with.
    pub fn add(&mut self, loss: f32, shown: [Shown; 2]) {
        let loss = f64::from(loss);
        self.all = (self.all.0 + loss, self.all.1 + 1.0);
        for (sums, shown) in self.sums.iter_mut().zip(shown) {
            for (at, set) in [shown.with, shown.without].into_iter().enumerate() {
                for modality in set.iter() {
                    let (sum, count) = &mut sums.entry(modality).or_default()[at];
                    *sum += loss;
                    *count += 1.0;
                }
            }
        }
    }

    /// Folds the epoch into the running average `measured_importance`.
    pub fn fold(&self, measured_importance: &mut MeasuredImportance) {
        let mean_loss = self.all.0 / self.all.1.max(1.0);
        for (measured_importance, sums) in measured_importance.iter_mut().zip(&self.sums) {
            for (modality, [(with, shown), (without, hidden)]) in sums {
                if *shown < LEAST || *hidden < LEAST || mean_loss <= 0.0 {
                    continue;
                }
                let saved = (without / hidden - with / shown) / mean_loss;
                let running = measured_importance.entry(*modality).or_insert(saved);
                *running = MEMORY * *running + (1.0 - MEMORY) * saved;
            }
        }
    }
}

/// Measured importance of each modality, as the state of a run keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurriculumState {
    /// Running average.
    pub measured_importance: MeasuredImportance,
    /// Epochs that it rests on.
    pub epochs: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_saves_loss_is_worth_it_and_noise_is_not() {
        let set = |m: &[Modality]| m.iter().copied().collect::<ModalitySet>();
        let mut accumulator = ImportanceAccumulator::default();
        for i in 0..4000u32 {
            // Text by one coin, bioassay by another; only the text saves loss.
            let (text, bioassay) = (i % 2 == 0, i / 2 % 2 == 0);
            let pick = |shown: bool| {
                let kept = [(Modality::Text, text), (Modality::Bioassay, bioassay)];
                set(&kept.iter().filter(|k| k.1 == shown).map(|k| k.0).collect::<Vec<_>>())
            };
            let shown = Shown {
                with: pick(true),
                without: pick(false),
            };
            let target = Shown {
                with: set(&[Modality::Sequence]),
                without: ModalitySet::default(),
            };
            accumulator.add(if text { 0.5 } else { 1.5 }, [shown, target]);
        }
        let mut measured_importance = MeasuredImportance::default();
        accumulator.fold(&mut measured_importance);
        assert!(
            (measured_importance[0][&Modality::Text] - 1.0).abs() < 1e-9
                && measured_importance[0][&Modality::Bioassay].abs() < 1e-9
        );
        assert!(
            measured_importance[1].is_empty(),
            "what is never hidden cannot be measured"
        );
        ImportanceAccumulator::default().fold(&mut measured_importance);
        assert!(
            (measured_importance[0][&Modality::Text] - 1.0).abs() < 1e-9,
            "an epoch without pairs says nothing"
        );
    }
}
