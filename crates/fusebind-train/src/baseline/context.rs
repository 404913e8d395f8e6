//! What baselines are fitted on and what they return.

use fusebind_data::{split::TrainSet, table::Dataset};
use fusebind_features::entity::side::SideData;

/// What a baseline is fitted on, and the pairs to predict.
pub struct BaselineContext<'a> {
    /// Data set.
    pub dataset: &'a Dataset,
    /// Labelled training pairs: drug, target, value.
    pub(super) train: Vec<(u32, u32, f64)>,
    /// Pairs to predict.
    pub(super) pairs: Vec<(u32, u32)>,
    /// Side data of drugs and of targets, for a baseline that reads nothing else.
    pub(super) side: Option<[&'a SideData; 2]>,
}

/// Predictions of one baseline, in the order of the pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Name.
    pub name: &'static str,
    /// One value per pair.
    pub predictions: Vec<f64>,
    /// Whether the predictions only rank, and are on no scale.
    pub ranks_only: bool,
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
            side: None,
        }
    }

    /// The same with the side data of drugs and of targets.
    pub fn with_side(self, side: [&'a SideData; 2]) -> Self {
        Self {
            side: Some(side),
            ..self
        }
    }

    pub(super) fn mean(&self) -> f64 {
        self.train.iter().map(|t| t.2).sum::<f64>() / self.train.len().max(1) as f64
    }
}
