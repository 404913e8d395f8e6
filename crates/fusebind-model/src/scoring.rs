//! Many pairs through a model: each entity encoded once, pairs scored in chunks of bounded memory.
//!
//! Comes in: stores of featurised entities and pairs of indices into them. Goes out: one row per pair, in order.

use burn::tensor::{Device, Tensor};
use fusebind_features::batch::PairIndex;

use crate::{
    input::{DrugStore, TargetStore},
    model::Model,
};

/// Entities encoded at a time.
const ENTITIES: usize = 512;
/// Pairs scored at a time.
const PAIRS: usize = 8192;

/// Raw outputs of many pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Standardised affinity, `[P, U]`, empty without an affinity head.
    pub affinity: Vec<f32>,
    /// Number of affinity columns `U`.
    pub scales: usize,
    /// Binding logit, `[P]`, empty without a binding head.
    pub binding: Vec<f32>,
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().expect("model outputs are f32")
}

/// Distinct values of `ids`, ascending, and the position of each id among them.
fn distinct(ids: impl Iterator<Item = u32> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut entities: Vec<u32> = ids.clone().collect();
    entities.sort_unstable();
    entities.dedup();
    let positions = ids.map(|id| entities.partition_point(|e| *e < id) as u32).collect();
    (entities, positions)
}

/// Scores `pairs` of (drug, target) indices. `progress` hears the number of pairs done.
pub fn score_pairs(
    model: &Model,
    (drugs, targets): (&DrugStore, &TargetStore),
    pairs: &[(u32, u32)],
    device: &Device,
    mut progress: impl FnMut(usize),
) -> Scores {
    let mut scores = Scores::default();
    if pairs.is_empty() {
        return scores;
    }
    let (drug_ids, drug_positions) = distinct(pairs.iter().map(|p| p.0));
    let (target_ids, target_positions) = distinct(pairs.iter().map(|p| p.1));
    let drug_states: Vec<Tensor<2>> = drug_ids
        .chunks(ENTITIES)
        .map(|ids| model.encode_drugs(&drugs.batch(ids), device))
        .collect();
    let target_states: Vec<Tensor<2>> = target_ids
        .chunks(ENTITIES)
        .map(|ids| model.encode_targets(&targets.batch(ids), device))
        .collect();
    let (drug_states, target_states) = (Tensor::cat(drug_states, 0), Tensor::cat(target_states, 0));
    for start in (0..pairs.len()).step_by(PAIRS) {
        let end = (start + PAIRS).min(pairs.len());
        let index = PairIndex {
            drug: drug_positions[start..end].to_vec(),
            target: target_positions[start..end].to_vec(),
        };
        let output = model.score(drug_states.clone(), target_states.clone(), index);
        if let Some(affinity) = output.affinity {
            scores.scales = affinity.dims()[1];
            scores.affinity.extend(host(affinity));
        }
        if let Some(binding) = output.binding {
            scores.binding.extend(host(binding));
        }
        progress(end);
    }
    scores
}
