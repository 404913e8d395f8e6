//! Reasons for a prediction: the training pairs, the modalities, and the atoms and residues that it rests on.
//!
//! Comes in: a model, entities and a pair of them. Goes out: an [`Explanation`]. All reasons are in one unit: that of the first affinity, or
//! log-odds of binding where there is none, so that they can be compared and added.
//!
//! - [`Shares`]: what each modality, and what the training pairs of each side, add to the prior; they add up to the prediction exactly.
//! - [`NeighbourReason`]: what the prediction would be without one training pair.
//! - [`Controls`]: whether reasons change with the model; [`PlantedScores`]: whether they point at what is known to matter.
//! - [`PartReasons`]: what it would be without one atom, or without a window of residues, with what they do not explain.

mod controls;
mod neighbours;
mod pair;
mod parts;
mod planted;
mod shapley;

pub(crate) use controls::controls;
pub use controls::{Controls, Resemblance};
pub use neighbours::NeighbourReason;
pub use parts::{PartReason, PartReasons};
pub(crate) use planted::scores as planted_scores;
pub use planted::{PlantedPair, PlantedScores};
pub use shapley::{Share, Shares};

use fusebind_features::neighbours::Mask;
use fusebind_model::trained::TrainedModel;
use serde::Serialize;

pub(crate) use pair::Explained;

/// Why a model predicts what it predicts for one pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// Unit of everything here: a scale such as `pKd`, or `log-odds`.
    pub unit: String,
    /// The prediction in that unit.
    pub prediction: f64,
    /// What modalities and known pairs add to the prior.
    pub modalities: Shares,
    /// Unit of the labels of the training pairs: a scale, or `binds` (1 where it does, 0 where it does not). Where training had labels of several kinds
    /// they are `standard deviations` above the mean of their kind.
    pub label_unit: String,
    /// Training pairs, the one with the largest effect first.
    pub neighbours: Vec<NeighbourReason>,
    /// Effect of each atom, in the order of the canonical SMILES; none where its substructures cannot be told apart, as with isotopes.
    pub atoms: Option<PartReasons>,
    /// Effect of each window of residues.
    pub residues: PartReasons,
}

/// Everything about a pair; `without_pair` is the same model, whose reference set may be changed.
pub(crate) fn explain(explained: Explained<'_>, without_pair: &mut TrainedModel, switched_off: Mask) -> Explanation {
    let modalities = shapley::shares(explained, switched_off);
    Explanation {
        unit: explained.unit().to_string(),
        prediction: modalities.prediction,
        label_unit: neighbours::label_unit(&explained.trained.description).to_string(),
        neighbours: neighbours::reasons(explained, without_pair, switched_off),
        atoms: parts::atoms(explained, switched_off),
        residues: parts::residues(explained, switched_off),
        modalities,
    }
}
