//! Baselines: simple predictors that a model must beat. Each is fitted on training pairs only and stands beside every score.
//!
//! Comes in: a data set, a [`fusebind_data::split::TrainSet`], the pairs to predict, and one number per interaction (an affinity, or
//! 0/1). Goes out: one prediction per pair for each of drug and target bias, nearest neighbours, ligand only, target only, nearest active,
//! boosted trees on structures and, where there are side modalities, on these.

mod active;
mod bias;
mod context;
mod neighbours;
mod side;
mod trees;

use std::collections::BTreeMap;

pub use context::{Baseline, BaselineContext};

/// All baselines of a context. Boosted trees take the longest.
pub fn baselines(context: &BaselineContext<'_>) -> Vec<Baseline> {
    if context.train.is_empty() {
        return Vec::new();
    }
    let mut baselines = vec![
        Baseline {
            name: "drug + target bias",
            predictions: bias::predict(context),
            ranks_only: false,
        },
        Baseline {
            name: "fingerprint kNN",
            predictions: neighbours::pairs(context),
            ranks_only: false,
        },
        Baseline {
            name: "ligand only",
            predictions: neighbours::ligands(context),
            ranks_only: false,
        },
        Baseline {
            name: "target only",
            predictions: neighbours::targets(context),
            ranks_only: false,
        },
    ];
    baselines.extend(active::predict(context).map(|predictions| Baseline {
        name: "nearest_active",
        predictions,
        ranks_only: true,
    }));
    baselines.extend(trees::predict(context).map(|predictions| Baseline {
        name: "boosted trees",
        predictions,
        ranks_only: false,
    }));
    let of_side = context.side.and_then(|side| side::predict(context, side));
    baselines.extend(of_side.map(|predictions| Baseline {
        name: "side modalities alone",
        predictions,
        ranks_only: false,
    }));
    baselines
}

/// Predicts by the mean training value of a key of each pair (for instance which modalities exist); keys never seen in
/// training get the mean of all.
pub fn by_key<K: Ord>(context: &BaselineContext<'_>, name: &'static str, key: impl Fn(u32, u32) -> K) -> Baseline {
    let mean = context.mean();
    let mut groups: BTreeMap<K, (f64, f64)> = BTreeMap::new();
    for &(drug, target, value) in &context.train {
        let group = groups.entry(key(drug, target)).or_default();
        *group = (group.0 + value, group.1 + 1.0);
    }
    let predict = |&(d, t): &(u32, u32)| {
        groups
            .get(&key(d, t))
            .map_or(mean, |(sum, count)| (sum + mean) / (count + 1.0))
    };
    Baseline {
        name,
        predictions: context.pairs.iter().map(predict).collect(),
        ranks_only: false,
    }
}
