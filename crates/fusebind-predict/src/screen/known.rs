//! Which pairs a model was trained on.
//!
//! Comes in: a model that holds its training pairs. Goes out: whether a compound and a protein, letter for letter, are one of them.

use std::collections::HashMap;

use fusebind_features::neighbours::{InteractionMatrix, ReferenceEntities};

use crate::model::Model;

/// The training pairs of a model.
#[derive(Clone, Debug)]
pub struct KnownPairs<'m> {
    sides: [HashMap<&'m str, u32>; 2],
    outcomes: &'m InteractionMatrix,
}

impl<'m> KnownPairs<'m> {
    /// Those of `model`; none where it does not hold them.
    pub fn of(model: &'m Model) -> Option<Self> {
        let set = &model.trained().neighbours.as_ref()?.set;
        let places = |side: &'m ReferenceEntities| side.keys.iter().map(String::as_str).zip(0..).collect();
        Some(Self {
            sides: [places(&set.drugs), places(&set.targets)],
            outcomes: &set.known,
        })
    }

    /// Whether a pair is one of them, by canonical SMILES and sequence.
    pub fn holds(&self, smiles: &str, sequence: &str) -> bool {
        let [drug, target] = [(0, smiles), (1, sequence)].map(|(side, key)| self.sides[side].get(key).copied());
        let outcome = drug
            .zip(target)
            .and_then(|(drug, target)| self.outcomes.outcome(drug, target));
        outcome.is_some()
    }
}
