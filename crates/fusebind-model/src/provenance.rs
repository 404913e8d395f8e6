//! What a model file keeps of its training besides weights and names: counts, the kept epoch and its scores.
//!
//! Comes in: the end of a run. Goes out: [`TrainingRecord`], data of the file that no prediction depends on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a model was trained on, and how it scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecord {
    /// Training pairs.
    pub pairs: u64,
    /// Drugs of the training pairs.
    pub drugs: u64,
    /// Targets of the training pairs.
    pub targets: u64,
    /// Epoch whose weights were kept.
    pub epoch: u64,
    /// Scores of that epoch on validation, by name.
    pub scores: BTreeMap<String, f64>,
    /// Whether the recipe allows that the reference set is removed from the file.
    pub strippable: bool,
}
