//! The leakage audit: how much of a part was seen in training.
//!
//! Comes in: interactions, a training set and the indices of a part. Goes out: shares of its pairs. A data set's entities are
//! distinct molecules and sequences, so an index is an identity.

use std::collections::HashSet;

use serde::Serialize;

use super::TrainSet;
use crate::table::Interaction;

/// Shares of a part's pairs whose entities occur in training pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct OverlapAudit {
    /// Pairs audited.
    pub pairs: usize,
    /// Share whose drug occurs in training.
    pub drug_seen: f64,
    /// Share whose target occurs in training.
    pub target_seen: f64,
    /// Share whose drug and target both occur.
    pub both_seen: f64,
    /// Share whose very pair (same molecule, same sequence) occurs.
    pub pair_seen: f64,
}

impl OverlapAudit {
    /// Whether most pairs have a drug, and whether most have a target, that training did not see.
    pub fn new_sides(&self) -> [bool; 2] {
        [self.drug_seen, self.target_seen].map(|seen| seen < 0.5)
    }

    /// Audits the pairs `part` (indices into `interactions`) against `train`. Indices beyond `interactions` are not counted.
    pub fn of(interactions: &[Interaction], train: &TrainSet, part: &[u32]) -> Self {
        let resolve = |indices: &[u32]| -> Vec<(u32, u32)> {
            let known = indices.iter().filter_map(|i| interactions.get(*i as usize));
            known
                .map(|interaction| (interaction.drug, interaction.target))
                .collect()
        };
        let (train, part) = (resolve(train.indices()), resolve(part));
        let drugs: HashSet<u32> = train.iter().map(|pair| pair.0).collect();
        let targets: HashSet<u32> = train.iter().map(|pair| pair.1).collect();
        let pairs: HashSet<(u32, u32)> = train.iter().copied().collect();
        let share = |hit: &dyn Fn(&(u32, u32)) -> bool| {
            part.iter().filter(|pair| hit(pair)).count() as f64 / part.len().max(1) as f64
        };
        Self {
            pairs: part.len(),
            drug_seen: share(&|pair| drugs.contains(&pair.0)),
            target_seen: share(&|pair| targets.contains(&pair.1)),
            both_seen: share(&|pair| drugs.contains(&pair.0) && targets.contains(&pair.1)),
            pair_seen: share(&|pair| pairs.contains(pair)),
        }
    }
}
