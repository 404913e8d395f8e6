//! From scores to predictions: values on their scales, what they rest on, and how sure they are.
//!
//! Comes in: raw scores of pairs, their encoded entities, and what the reference knows of them. Goes out: one [`Prediction`] per pair, in order.

use fusebind_features::{
    modality::{Modality, ModalitySet},
    neighbours::Mask,
    schema::{DrugStore, SideStore, TargetStore},
};
use fusebind_model::{
    scoring::{AttentionWeights, Encoded, Scores},
    trained::{OutputScale, TrainedModel},
    trust::PairEvidence,
};

use crate::{
    certainty::{certainty, familiarity},
    inputs::Inputs,
    prediction::Prediction,
};

/// Pairs of entities in stores that a model has scored.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub trained: &'a TrainedModel,
    /// What every pair does without.
    pub mask: Mask,
    pub stores: (&'a DrugStore, &'a TargetStore),
    pub encoded: &'a Encoded,
    pub scores: &'a Scores,
    /// Of each pair; empty where the model does not say how sure it is.
    pub evidence: &'a [PairEvidence],
}

/// What a prediction tells of one of its entities.
struct EntitySide {
    read: ModalitySet,
    weights: Vec<Option<f64>>,
    mismatch_probabilities: Vec<Option<f64>>,
}

impl Scored<'_> {
    /// The predictions of the scored `pairs`.
    pub fn predictions(&self, pairs: &[(u32, u32)]) -> Vec<Prediction> {
        let model = &self.trained.description.model;
        let shows_weights = model.drug_modalities().len() + model.target_modalities().len() > 2;
        let novelty = self.trained.share_novelty(self.stores, pairs, self.mask);
        let (drugs, targets) = self.stores;
        let read = |side: &SideStore, id: u32, without: ModalitySet| {
            side.present(id).iter().filter(|m| !without.contains(*m)).collect()
        };
        let familiar = [
            familiarity(self.trained, self.encoded, 0, |id| {
                read(&drugs.side, id, self.mask.drug)
            }),
            familiarity(self.trained, self.encoded, 1, |id| {
                read(&targets.side, id, self.mask.target)
            }),
        ];
        let familiarity = |drug: u32, target: u32| {
            [(0, drug), (1, target)].map(|(side, id)| {
                let place = self.encoded.ids(side).partition_point(|other| *other < id);
                familiar[side].get(place).copied().unwrap_or_default()
            })
        };
        let predict = |(row, &(drug, target)): (usize, &(u32, u32))| {
            let chosen = novelty
                .get(row)
                .and_then(|novelty| self.trained.description.shares_by_novelty.get(novelty));
            let weights = chosen.copied().unwrap_or(self.trained.description.ensemble());
            let share = self
                .trained
                .structure_share(weights, self.stores, (drug, target), self.mask);
            let sides = [
                self.side(Modality::Graph, &drugs.side, drug, self.encoded.attention(0), share),
                self.side(
                    Modality::Sequence,
                    &targets.side,
                    target,
                    self.encoded.attention(1),
                    share,
                ),
            ];
            let all = |of: &dyn Fn(&EntitySide) -> Vec<Option<f64>>| match shows_weights {
                true => sides.iter().flat_map(of).collect(),
                false => Vec::new(),
            };
            Prediction {
                inputs: Inputs {
                    drug: sides[0].read,
                    target: sides[1].read,
                },
                weights: all(&|side| side.weights.clone()),
                mismatch_probabilities: all(&|side| side.mismatch_probabilities.clone()),
                certainty: certainty(self.trained, self.scores, self.evidence, row, familiarity(drug, target)),
                ..self.values(row)
            }
        };
        pairs.iter().enumerate().map(predict).collect()
    }

    /// What a prediction of which this share rests on structure alone tells of one of its entities.
    fn side(
        &self,
        structure: Modality,
        store: &SideStore,
        entity: u32,
        attention: AttentionWeights<'_>,
        structure_only: f32,
    ) -> EntitySide {
        let model = &self.trained.description.model;
        let (modalities, without) = match structure {
            Modality::Graph => (model.drug_modalities(), self.mask.drug),
            _ => (model.target_modalities(), self.mask.target),
        };
        let mut present = store.present(entity);
        present.insert(structure);
        let read: ModalitySet = present.iter().filter(|m| !without.contains(*m)).collect();
        let shares = (self.trained).modality_shares(attention.of(entity), without, structure_only);
        let weights = store.modality_weights(entity);
        let if_read = |m: Modality, value: f32| read.contains(m).then_some(f64::from(value));
        EntitySide {
            read,
            weights: (modalities.iter().zip(shares))
                .map(|(m, share)| if_read(*m, share))
                .collect(),
            mismatch_probabilities: (modalities.iter()).map(|m| if_read(*m, 1.0 - weights.of(*m))).collect(),
        }
    }

    /// The scores of a row on their scales.
    fn values(&self, row: usize) -> Prediction {
        let (description, scores) = (&self.trained.description, self.scores);
        let affinity =
            |(column, scale): (usize, &OutputScale)| unscaled(scores.affinity[row * scores.scales + column], scale);
        let probability = scores.binding.get(row).map(|logit| probability(*logit));
        let spread = scores
            .spread
            .affinity
            .iter()
            .skip(row * scores.scales)
            .map(|value| f64::from(*value));
        Prediction {
            affinity_spread: spread
                .zip(&description.scales)
                .map(|(value, scale)| value * scale.std)
                .collect(),
            probability_spread: scores.spread.binding.get(row).map(|value| f64::from(*value)),
            affinity: description.scales.iter().enumerate().map(affinity).collect(),
            probability,
            binds: probability
                .zip(description.threshold)
                .map(|(p, threshold)| p >= threshold),
            ..Prediction::default()
        }
    }
}

/// A standardised affinity on its scale.
pub(crate) fn unscaled(value: f32, scale: &OutputScale) -> f64 {
    f64::from(value) * scale.std + scale.mean
}

/// The probability of a logit.
pub(crate) fn probability(logit: f32) -> f64 {
    1.0 / (1.0 + f64::from(-logit).exp())
}
