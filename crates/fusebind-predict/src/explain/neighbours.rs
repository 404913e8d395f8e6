//! The training pairs that a prediction rests on.
//!
//! Comes in: a pair. Goes out: [`NeighbourReason`]s: of the training pairs whose drug and target are most similar to those of the pair, what
//! the prediction would lose without each of them. The pair itself, where it was measured, is none: it never takes part in its own features.

use fusebind_features::neighbours::Mask;
use fusebind_model::trained::{Description, OutputScale, TrainedModel};
use serde::Serialize;

use super::pair::Explained;

/// Training pairs that are left out one at a time.
const NEAREST: usize = 6;

/// A training pair and its effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeighbourReason {
    /// What the training data call its drug.
    pub drug: String,
    /// What they call its target.
    pub target: String,
    /// Structure of its drug.
    pub smiles: String,
    /// Similarity of its drug to that of the pair; 1 where it is the same.
    pub drug_similarity: f64,
    /// Similarity of its target to that of the pair.
    pub target_similarity: f64,
    /// Its label, in [`super::Explanation::label_unit`].
    pub label: f64,
    /// The prediction less the one without this pair, in the unit of the explanation.
    pub effect: f64,
}

/// Unit of what is known of training pairs. Labels of several kinds are known in standard deviations, and no longer of which kind they are.
pub(super) fn label_unit(description: &Description) -> &str {
    match only_scale(description) {
        Some(scale) => &scale.name,
        None if description.scales.is_empty() => "binds",
        None => "standard deviations",
    }
}

/// The scale of all labels, where they have one.
fn only_scale(description: &Description) -> Option<&OutputScale> {
    match description.scales.as_slice() {
        [scale] if description.prior.is_none() => Some(scale),
        _ => None,
    }
}

/// The nearest training pairs with their effects, the largest first.
pub(super) fn reasons(
    explained: Explained<'_>,
    changed: &mut TrainedModel,
    switched_off: Mask,
) -> Vec<NeighbourReason> {
    let Some(reference) = &explained.trained.neighbours else {
        return Vec::new();
    };
    let [drugs, targets] = reference.similar(explained.stores, explained.pair);
    let own = reference.own(explained.stores, explained.pair);
    let is_itself = |drug: u32, target: u32| own == [Some(drug), Some(target)];
    let mut best: Vec<(f32, u32, u32, f32)> = (reference.set.known.outcomes().into_iter())
        .filter(|(drug, target, _)| !is_itself(*drug, *target))
        .map(|(drug, target, outcome)| {
            (
                drugs[drug as usize].1 * targets[target as usize].1,
                drug,
                target,
                outcome,
            )
        })
        .filter(|found| found.0 > 0.0)
        .collect();
    let order =
        |a: &(f32, u32, u32, f32), b: &(f32, u32, u32, f32)| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)));
    if best.len() > NEAREST {
        best.select_nth_unstable_by(NEAREST - 1, order);
        best.truncate(NEAREST);
    }
    let score = |model: &TrainedModel| {
        let scores = model.score(explained.stores, &[explained.pair], switched_off, |_| {});
        explained.value(&scores, 0)
    };
    let whole = score(explained.trained);
    let scale = only_scale(&explained.trained.description);
    let mut found = Vec::with_capacity(best.len());
    for (_, drug, target, outcome) in best {
        if let Some(changed) = &mut changed.neighbours {
            changed.set.known = reference.set.known.without(drug, target);
        }
        found.push(NeighbourReason {
            drug: reference.name(0, drug).to_string(),
            target: reference.name(1, target).to_string(),
            smiles: reference.set.drugs.keys[drug as usize].clone(),
            drug_similarity: f64::from(drugs[drug as usize].0),
            target_similarity: f64::from(targets[target as usize].0),
            label: scale.map_or(f64::from(outcome), |scale| f64::from(outcome) * scale.std + scale.mean),
            effect: whole - score(changed),
        });
    }
    found.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    found
}
