//! Splits as types: a part of the data can only be used for what it is for.

use serde::{Deserialize, Serialize};

/// Part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Fits parameters, scalers and vocabularies.
    Train,
    /// Chooses epochs and thresholds.
    Valid,
    /// Read once, for the final score.
    Test,
}

/// Which interactions train. The only type that anything may be fitted on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainSet(pub Vec<u32>);
/// Which interactions choose epochs and thresholds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidSet(pub Vec<u32>);
/// Which interactions are scored once at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestSet(pub Vec<u32>);

/// A resolved split over the interactions of one data set (indices into `Dataset::interactions`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Interactions that train.
    pub train: TrainSet,
    /// Interactions that choose.
    pub valid: ValidSet,
    /// Interactions that test.
    pub test: TestSet,
    /// SHA-256 (hex) of the three index lists and the data set's fingerprint.
    pub hash: String,
}
