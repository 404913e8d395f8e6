//! By what the pairs of a scored part were sampled, so that intervals say how a score would vary with another such part.
//!
//! Where training knows the drugs and the targets of most pairs, a part is a sample of pairs. Where most pairs have a drug that
//! training did not see, it is a sample of drugs: what is peculiar to one shows in all its pairs, and an interval over pairs would be
//! too narrow. Likewise of targets, and of both. Comes in: a leakage audit and the pairs that are scored. Goes out: [`Units`] of the bootstrap.

use fusebind_data::split::OverlapAudit;
use fusebind_eval::resample::Units;
use serde::{Deserialize, Serialize};

/// Drug and target of each scored pair, where they are what was sampled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Drug of each pair, where most are new.
    pub drugs: Option<Vec<u32>>,
    /// Target of each pair, where most are new.
    pub targets: Option<Vec<u32>>,
}

impl Sampling {
    /// `pairs` of (drug, target), one for each row that is scored.
    pub fn new(leakage: &OverlapAudit, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let (drugs, targets): (Vec<u32>, Vec<u32>) = pairs.unzip();
        let [drug, target] = leakage.new_sides();
        Self {
            drugs: drug.then_some(drugs),
            targets: target.then_some(targets),
        }
    }

    /// What a resample of `rows` pairs samples.
    pub fn units(&self, rows: usize) -> Units<'_> {
        match (&self.drugs, &self.targets) {
            (None, None) => Units::Rows(rows),
            (Some(one), None) | (None, Some(one)) => Units::Groups(one),
            (Some(drugs), Some(targets)) => Units::Crossed([drugs, targets]),
        }
    }

    /// What is sampled, in words.
    pub fn name(&self) -> &'static str {
        match (&self.drugs, &self.targets) {
            (None, None) => "pairs",
            (Some(_), None) => "drugs",
            (None, Some(_)) => "targets",
            (Some(_), Some(_)) => "drugs and targets",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_sampled() {
        let sampling = |drug_seen, target_seen| {
            let leakage = OverlapAudit {
                drug_seen,
                target_seen,
                ..OverlapAudit::default()
            };
            Sampling::new(&leakage, [(3, 1), (3, 2), (5, 1)].into_iter())
        };
        let (drugs, targets): (&[u32], &[u32]) = (&[3, 3, 5], &[1, 2, 1]);
        for ((drug_seen, target_seen), units, name) in [
            ((1.0, 0.9), Units::Rows(3), "pairs"),
            ((0.1, 0.9), Units::Groups(drugs), "drugs"),
            ((1.0, 0.0), Units::Groups(targets), "targets"),
            ((0.0, 0.0), Units::Crossed([drugs, targets]), "drugs and targets"),
        ] {
            let sampling = sampling(drug_seen, target_seen);
            assert_eq!((sampling.units(3), sampling.name()), (units, name));
        }
    }
}
