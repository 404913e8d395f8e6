//! Splits as types: a part of the data can only be used for what it is for.
//!
//! Comes in: a [`Dataset`] and a method, a published column or a split file. Goes out: a [`Split`].
//! Splits are by unique molecule and unique sequence, never by row or name.
//!
//! Nothing can be fitted on a test part, because fitting takes a [`TrainSet`]:
//!
//! ```compile_fail,E0308
//! use fusebind_data::split::{Split, TrainSet};
//! fn fit(_: &TrainSet) {}
//! let split = Split::default();
//! fit(&split.test);
//! ```
//!
//! ```
//! use fusebind_data::split::{Split, TrainSet};
//! fn fit(_: &TrainSet) {}
//! let split = Split::default();
//! fit(&split.train);
//! ```

mod assign;
mod audit;
pub mod cluster;
mod column;
mod file;
mod held_out;
mod identity;
mod method;
mod origin;

pub use audit::OverlapAudit;
pub use cluster::{ClusterConfig, cluster_sequences};
pub use column::{PartNames, from_column, from_spec};
pub use file::{read_split, write_split};
pub use held_out::{EntityHoldOut, hold_out, hold_out_entities, hold_out_source, sources_to_hold_out};
pub use method::{Fractions, SplitBy, SplitConfig, split};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::table::Dataset;

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

impl Part {
    /// All parts in their order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// Name in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

macro_rules! part_set {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(Vec<u32>);

        impl $name {
            /// Indices into `Dataset::interactions`, ascending.
            pub fn indices(&self) -> &[u32] {
                &self.0
            }
        }
    };
}

part_set!(
    TrainSet,
    "Which interactions train. The only type that anything may be fitted on."
);
part_set!(ValidSet, "Which interactions choose epochs and thresholds.");
part_set!(TestSet, "Which interactions are scored once at the end.");

/// A resolved split over the interactions of one data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Interactions that train.
    pub train: TrainSet,
    /// Interactions that choose.
    pub valid: ValidSet,
    /// Interactions that test.
    pub test: TestSet,
    /// Interactions in no part: pairs that mix the sides of an unseen-pair split, or that a published split leaves out.
    pub unused: usize,
    /// SHA-256 (hex) of the three index lists and the data set's fingerprint.
    pub hash: String,
    /// How the split was made, in one line.
    pub method: String,
}

impl Split {
    /// A split from one optional part per interaction; what is missing at the end takes no part.
    pub fn from_parts(dataset: &Dataset, parts: &[Option<Part>], method: impl Into<String>) -> Self {
        let parts = &parts[..parts.len().min(dataset.interactions.len())];
        let of = |wanted: Part| -> Vec<u32> {
            (0..parts.len() as u32)
                .filter(|i| parts[*i as usize] == Some(wanted))
                .collect()
        };
        let (train, valid, test) = (of(Part::Train), of(Part::Valid), of(Part::Test));
        let mut hasher = Sha256::new();
        hasher.update(dataset.fingerprint.as_bytes());
        for list in [&train, &valid, &test] {
            hasher.update((list.len() as u64).to_le_bytes());
            list.iter().for_each(|i| hasher.update(i.to_le_bytes()));
        }
        Self {
            unused: dataset.interactions.len() - train.len() - valid.len() - test.len(),
            train: TrainSet(train),
            valid: ValidSet(valid),
            test: TestSet(test),
            hash: hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            method: method.into(),
        }
    }

    /// The same split with further interactions at its end that train. It keeps its hash: they are made from it.
    pub fn with_training(mut self, further: std::ops::Range<u32>) -> Self {
        self.train.0.extend(further);
        self
    }

    /// Indices of one part.
    pub fn part(&self, part: Part) -> &[u32] {
        match part {
            Part::Train => self.train.indices(),
            Part::Valid => self.valid.indices(),
            Part::Test => self.test.indices(),
        }
    }
}
