//! Distinct entities of a batch, and what a batch order costs.
//!
//! Comes in: (drug, target) pairs of a batch. Goes out: each distinct entity once, and index pairs between them.

use fusebind_features::batch::PairIndex;
use serde::Serialize;

/// What a batch order costs: an encoder runs once per distinct entity of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ReuseReport {
    /// Number of batches.
    pub batches: usize,
    /// Mean distinct drugs per batch.
    pub drugs: f64,
    /// Mean distinct targets per batch.
    pub targets: f64,
    /// Mean pairs per batch.
    pub pairs: f64,
    /// Pairs per encoded entity: 0.5 where every pair encodes its own drug and target.
    pub pairs_per_entity: f64,
}

/// Counts distinct entities per batch of positions into `pairs`; positions beyond `pairs` are not counted.
pub fn reuse(batches: &[Vec<u32>], pairs: &[(u32, u32)]) -> ReuseReport {
    let mut totals = (0usize, 0usize, 0usize);
    for batch in batches {
        let batch: Vec<(u32, u32)> = batch.iter().filter_map(|p| pairs.get(*p as usize).copied()).collect();
        let (drugs, targets, _) = distinct_batch(&batch);
        totals = (totals.0 + drugs.len(), totals.1 + targets.len(), totals.2 + batch.len());
    }
    let mean = |total: usize| total as f64 / batches.len().max(1) as f64;
    ReuseReport {
        batches: batches.len(),
        drugs: mean(totals.0),
        targets: mean(totals.1),
        pairs: mean(totals.2),
        pairs_per_entity: totals.2 as f64 / (totals.0 + totals.1).max(1) as f64,
    }
}

/// Distinct drugs and targets of `pairs`, ascending, and the pairs as positions among them.
pub fn distinct_batch(pairs: &[(u32, u32)]) -> (Vec<u32>, Vec<u32>, PairIndex) {
    let side = |of: fn(&(u32, u32)) -> u32| {
        let mut entities: Vec<u32> = pairs.iter().map(of).collect();
        entities.sort_unstable();
        entities.dedup();
        let positions: Vec<u32> = pairs
            .iter()
            .map(|pair| entities.partition_point(|entity| *entity < of(pair)) as u32)
            .collect();
        (entities, positions)
    };
    let ((drugs, drug), (targets, target)) = (side(|pair| pair.0), side(|pair| pair.1));
    (drugs, targets, PairIndex { drug, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_names_each_entity_once() {
        let (drugs, targets, index) = distinct_batch(&[(9, 2), (4, 2), (9, 7)]);
        assert_eq!((drugs, targets), (vec![4, 9], vec![2, 7]));
        assert_eq!(
            index,
            PairIndex {
                drug: vec![1, 0, 1],
                target: vec![0, 0, 1]
            }
        );
    }

    #[test]
    fn reuse_counts_entities_per_batch() {
        let pairs = [(0, 0), (0, 1), (1, 0), (2, 2)];
        let report = reuse(&[vec![0, 1], vec![2, 3]], &pairs);
        assert_eq!(
            (report.batches, report.drugs, report.targets, report.pairs),
            (2, 1.5, 2.0, 2.0)
        );
        assert_eq!(report.pairs_per_entity, 4.0 / 7.0);
        assert_eq!(reuse(&[], &pairs), ReuseReport::default());
    }
}
