//! How new a pair is to a model: whether its drug and its target occur in training.
//!
//! Comes in: what is known of the two entities. Goes out: [`Novelty`], by whose groups errors and intervals are told apart.

use serde::{Deserialize, Serialize};

/// How new a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Novelty {
    /// Drug and target occur in training, the pair may not.
    Known,
    /// Only the target occurs.
    NewDrug,
    /// Only the drug occurs.
    NewTarget,
    /// Neither occurs.
    BothNew,
}

impl Novelty {
    /// All in their order.
    pub const ALL: [Self; 4] = [Self::Known, Self::NewDrug, Self::NewTarget, Self::BothNew];

    /// Of a pair whose drug and whose target are or are not in training.
    pub fn of(drug_known: bool, target_known: bool) -> Self {
        match (drug_known, target_known) {
            (true, true) => Self::Known,
            (false, true) => Self::NewDrug,
            (true, false) => Self::NewTarget,
            (false, false) => Self::BothNew,
        }
    }

    /// Name in files and on the console.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::NewDrug => "new_drug",
            Self::NewTarget => "new_target",
            Self::BothNew => "both_new",
        }
    }
}
