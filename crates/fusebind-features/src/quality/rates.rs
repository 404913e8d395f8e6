//! How many values of each side table belong to another entity.
//!
//! A model keeps the rates of its training tables and uses them in every prediction, so that a prediction never depends on the other
//! rows of a call. A user may estimate the rates of another table once ([`super::MismatchModel::estimate`]), keep them in a file, and
//! hand them to every later call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::modality::Modality;

/// Share of the values of one side table that belong to another entity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MismatchRate {
    /// Estimated from the structure alone, the first of two passes.
    pub by_structure: f32,
    /// Estimated from the structure and the other side modalities.
    pub rate: f32,
    /// Values that the estimate rests on.
    pub values: usize,
}

/// Mismatch rates of the side tables of drugs and of targets. A modality that is not listed has the prior rate of the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MismatchRates {
    /// Tables of drugs.
    pub drug: BTreeMap<Modality, MismatchRate>,
    /// Tables of targets.
    pub target: BTreeMap<Modality, MismatchRate>,
}

impl MismatchRates {
    /// Rates of drugs (`side` 0) or of targets (1).
    pub fn side(&self, side: usize) -> &BTreeMap<Modality, MismatchRate> {
        match side {
            0 => &self.drug,
            _ => &self.target,
        }
    }

    /// Whether every rate lies between 0 and 1.
    pub fn is_valid(&self) -> bool {
        let share = |s: f32| (0.0..=1.0).contains(&s);
        let all = self.drug.values().chain(self.target.values());
        all.into_iter().all(|rate| share(rate.by_structure) && share(rate.rate))
    }
}
