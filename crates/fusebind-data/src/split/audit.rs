//! The leakage audit: how much of a part was seen in training.

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
    /// Audits the pairs `part` (indices into `interactions`) against `train`.
    pub fn of(interactions: &[Interaction], train: &TrainSet, part: &[u32]) -> Self {
        let seen = || train.indices().iter().map(|i| &interactions[*i as usize]);
        let drugs: HashSet<u32> = seen().map(|i| i.drug).collect();
        let targets: HashSet<u32> = seen().map(|i| i.target).collect();
        let pairs: HashSet<(u32, u32)> = seen().map(|i| (i.drug, i.target)).collect();
        let share = |hit: &dyn Fn(&Interaction) -> bool| {
            let hits = part.iter().filter(|i| hit(&interactions[**i as usize])).count();
            hits as f64 / part.len().max(1) as f64
        };
        Self {
            pairs: part.len(),
            drug_seen: share(&|i| drugs.contains(&i.drug)),
            target_seen: share(&|i| targets.contains(&i.target)),
            both_seen: share(&|i| drugs.contains(&i.drug) && targets.contains(&i.target)),
            pair_seen: share(&|i| pairs.contains(&(i.drug, i.target))),
        }
    }
}
