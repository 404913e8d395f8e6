//! Controls of explanations: reasons must change when the model is another one.
//!
//! Comes in: a model and pairs. Goes out: [`Controls`]: how much the effects of atoms and residues of the model resemble those of a model whose weights
//! are shuffled within each array, and of one whose training labels are shuffled in its reference set (Adebayo et al. 2018, arXiv:1810.03292). A
//! rank correlation near 1 would mean that the reasons tell of the inputs and not of the model.

use fusebind_eval::regression::spearman;
use fusebind_features::{
    neighbours::{InteractionMatrix, Mask},
    random::Stream,
};
use fusebind_model::{Error, checkpoint::Archive, trained::TrainedModel};
use rand::seq::SliceRandom;
use serde::Serialize;

use super::{
    pair::Explained,
    parts::{self, PartReasons},
};

/// Mean rank correlations of effects with those of changed models, from -1 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Resemblance {
    /// With shuffled weights.
    pub shuffled_weights: f64,
    /// With shuffled training labels in the reference set.
    pub shuffled_labels: f64,
    /// With both.
    pub both: f64,
}

/// What became of the reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Controls {
    /// Pairs that were explained.
    pub pairs: usize,
    /// Of the effects of atoms.
    pub atoms: Resemblance,
    /// Of the effects of windows of residues.
    pub residues: Resemblance,
}

/// Explains `pairs` of stores with the model and with the three changed ones.
///
/// # Errors
/// Where shuffled weights cannot be loaded, which would be a fault of this program.
pub(crate) fn controls(pairs: &[Explained<'_>], switched_off: Mask, seed: u64) -> Result<Controls, Error> {
    let Some(first) = pairs.first() else {
        return Ok(Controls::default());
    };
    let labels = |model: &TrainedModel| with_shuffled_labels(model, seed);
    let weights = with_shuffled_weights(first.trained, seed)?;
    let changed = [weights.clone(), labels(first.trained), labels(&weights)];
    let of = |reasons: &dyn Fn(Explained<'_>) -> Option<PartReasons>| {
        let own: Vec<Option<Vec<f64>>> = pairs.iter().map(|pair| reasons(*pair).map(effects)).collect();
        let mean = |model: &TrainedModel| {
            let other = pairs.iter().map(|pair| {
                reasons(Explained {
                    trained: model,
                    ..*pair
                })
                .map(effects)
            });
            let both = own.iter().zip(other).filter_map(|(own, other)| own.as_ref().zip(other));
            let all: Vec<f64> = both.filter_map(|(own, other)| spearman(own, &other).ok()).collect();
            all.iter().sum::<f64>() / all.len().max(1) as f64
        };
        let [shuffled_weights, shuffled_labels, both] = changed.each_ref().map(mean);
        Resemblance {
            shuffled_weights,
            shuffled_labels,
            both,
        }
    };
    Ok(Controls {
        pairs: pairs.len(),
        atoms: of(&|pair| parts::atoms(pair, switched_off)),
        residues: of(&|pair| Some(parts::residues(pair, switched_off))),
    })
}

fn effects(reasons: PartReasons) -> Vec<f64> {
    reasons.parts.iter().map(|part| part.effect).collect()
}

/// The same model, the values of each of its arrays in another order.
fn with_shuffled_weights(model: &TrainedModel, seed: u64) -> Result<TrainedModel, Error> {
    let mut random = Stream::new(seed).generator();
    let mut shuffled = |model: &fusebind_model::model::Model| {
        let mut weights = Archive::of(model);
        let arrays = weights.arrays.values_mut();
        arrays.for_each(|array| array.values.shuffle(&mut random));
        weights.load_into(model.clone())
    };
    let mut changed = model.clone();
    changed.model = shuffled(&model.model)?;
    changed.structure = model.structure.as_ref().map(&mut shuffled).transpose()?;
    for member in &mut changed.members {
        member.model = shuffled(&member.model)?;
        member.structure = member.structure.as_ref().map(&mut shuffled).transpose()?;
    }
    Ok(changed)
}

/// The same model, the labels of its training pairs in another order.
fn with_shuffled_labels(model: &TrainedModel, seed: u64) -> TrainedModel {
    let mut changed = model.clone();
    if let Some(reference) = &mut changed.neighbours {
        let mut outcomes = reference.set.known.outcomes();
        let mut values: Vec<f32> = outcomes.iter().map(|outcome| outcome.2).collect();
        values.shuffle(&mut Stream::new(seed).child(1).generator());
        outcomes
            .iter_mut()
            .zip(values)
            .for_each(|(outcome, value)| outcome.2 = value);
        let (drugs, targets) = (reference.set.drugs.keys.len(), reference.set.targets.keys.len());
        reference.set.known = InteractionMatrix::new(drugs, targets, &outcomes);
    }
    changed
}
