//! Ensembles: several models of one recipe that read the same features, and what they say together.
//!
//! ```text
//! prediction = mean over members of their predictions     on standardised affinities and on logits
//! spread     = standard deviation of the members' predictions (n - 1 in the denominator)
//! ```
//!
//! Members differ in the seed of their weights and batches, and each leaves some training pairs out of its loss. Their mean has a smaller
//! error than one of them, and they are apart where the data do not decide (Lakshminarayanan et al. 2017, arXiv:1612.01474). Entities are
//! featurised once and neighbour features are computed once for all members.
//!
//! The first member is the model itself; [`Member`]s are the further ones.

use fusebind_features::modality::ModalityWeights;
use serde::{Deserialize, Serialize};

use crate::{model::Model, scoring::EnsembleWeights};

/// Most members of a model.
pub const MOST_MEMBERS: u64 = 64;

/// What is kept of a further member besides its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// Seed of its run.
    pub seed: u64,
    /// Epoch whose weights were kept.
    pub epoch: u64,
    /// Share of the encoders in its prediction.
    pub encoder_share: f32,
    /// Share of the output from graph and sequence alone in its prediction.
    pub structure_only_share: f32,
    /// Its structure model, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure_model: Option<StructureRecord>,
    /// Weights of the modalities of drugs and of targets at the end of its training.
    pub modality_weights: [ModalityWeights; 2],
}

/// What is kept of a structure model besides its weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructureRecord {
    /// Epoch whose weights were kept.
    pub epoch: u64,
    /// Share of the encoders in what it says.
    pub encoder_share: f32,
    /// Least share of what it says of a pair of which one side alone has side values.
    #[serde(default)]
    pub one_sided_share: f32,
}

impl MemberRecord {
    /// How the raw outputs of the member become its prediction.
    pub fn ensemble(&self) -> EnsembleWeights {
        EnsembleWeights {
            encoder_share: self.encoder_share,
            structure_only_share: self.structure_only_share,
            structure_encoder_share: self.structure_model.map(|of| of.encoder_share),
            one_sided_share: self.structure_model.map_or(0.0, |of| of.one_sided_share),
        }
    }
}

/// A further member of an ensemble, with its weights on a device.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its model, without gradients.
    pub model: Model,
    /// Its structure model, where it has one.
    pub structure: Option<Model>,
    /// What else is its own.
    pub record: MemberRecord,
}
