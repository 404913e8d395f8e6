//! Floors: what a score is worth nothing below. Each is fitted on training pairs only and stands beside every score.
//!
//! Comes in: a data set, a [`TrainSet`], the pairs to predict, and one number per interaction (an affinity, or 0/1). Goes
//! out: one prediction per pair for each of drug and target bias, nearest neighbours, ligand only, target only and boosted trees.

mod bias;
mod neighbours;
mod trees;

use std::collections::BTreeMap;

use fusebind_data::{split::TrainSet, table::Dataset};

/// What a floor is fitted on and asked for.
pub struct BaselineContext<'a> {
    /// Data set.
    pub dataset: &'a Dataset,
    /// Labelled training pairs: drug, target, value.
    train: Vec<(u32, u32, f64)>,
    /// Pairs to predict.
    pairs: Vec<(u32, u32)>,
}

/// One floor's predictions, in the order of the pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Name.
    pub name: &'static str,
    /// One value per pair.
    pub predictions: Vec<f64>,
}

impl<'a> BaselineContext<'a> {
    /// `value` gives the label of an interaction, if it has one.
    pub fn new(dataset: &'a Dataset, train: &TrainSet, part: &[u32], value: impl Fn(u32) -> Option<f64>) -> Self {
        let of = |i: u32| &dataset.interactions[i as usize];
        Self {
            dataset,
            train: train
                .indices()
                .iter()
                .filter_map(|i| Some((of(*i).drug, of(*i).target, value(*i)?)))
                .collect(),
            pairs: part.iter().map(|i| (of(*i).drug, of(*i).target)).collect(),
        }
    }

    fn mean(&self) -> f64 {
        self.train.iter().map(|t| t.2).sum::<f64>() / self.train.len().max(1) as f64
    }
}

/// All floors of a context. Boosted trees take the longest.
pub fn baselines(context: &BaselineContext<'_>) -> Vec<Baseline> {
    if context.train.is_empty() {
        return Vec::new();
    }
    let mut baselines = vec![
        Baseline {
            name: "drug + target bias",
            predictions: bias::predict(context),
        },
        Baseline {
            name: "fingerprint kNN",
            predictions: neighbours::pairs(context),
        },
        Baseline {
            name: "ligand only",
            predictions: neighbours::ligands(context),
        },
        Baseline {
            name: "target only",
            predictions: neighbours::targets(context),
        },
    ];
    baselines.extend(trees::predict(context).map(|predictions| Baseline {
        name: "boosted trees",
        predictions,
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
    }
}
