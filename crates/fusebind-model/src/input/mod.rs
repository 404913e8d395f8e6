//! What the model reads: the distinct drugs and targets of a batch, packed from stores that are featurised once per run.
//!
//! Axis legend: `B` entities, `S` substructure channels, `K` composition channels.

mod rows;
mod side;
mod store;

pub use rows::{InputScale, Rows};
pub use side::{SideChannels, SideInput, SideSchema, SideStore};
pub use store::{DrugStore, TargetStore, bank};

use std::sync::Arc;

use fusebind_features::{
    batch::{GraphBatch, SequenceBatch},
    modality::{ModalitySet, Trust},
};
use serde::{Deserialize, Serialize};

/// Input scales of both sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputScales {
    /// Scale of folded substructure counts.
    pub substructures: InputScale,
    /// Scale of folded composition.
    pub composition: InputScale,
    /// Side modalities of drugs.
    pub drug: SideSchema,
    /// Side modalities of targets.
    pub target: SideSchema,
}

/// The distinct drugs of a batch.
#[derive(Clone, Debug)]
pub struct DrugInput {
    /// Packed graphs.
    pub graphs: GraphBatch,
    /// Folded substructure counts, `[B, S]`.
    pub substructures: Rows,
    /// Side modalities.
    pub side: SideInput,
    /// What is present of each drug, `[B]`.
    pub present: Vec<ModalitySet>,
    /// Trust in what is present, `[B]`.
    pub trust: Vec<Trust>,
    /// Whether an entity takes part in alignment, `[B]`: not a second row of the same one, nor one with values of another.
    pub aligned: Vec<bool>,
}

/// The distinct targets of a batch.
#[derive(Clone, Debug)]
pub struct TargetInput {
    /// Packed residues.
    pub sequences: Arc<SequenceBatch>,
    /// Folded k-mer composition, `[B, K]`.
    pub composition: Rows,
    /// Side modalities.
    pub side: SideInput,
    /// What is present of each target, `[B]`.
    pub present: Vec<ModalitySet>,
    /// Trust in what is present, `[B]`.
    pub trust: Vec<Trust>,
    /// Whether an entity takes part in alignment, `[B]`: not a second row of the same one, nor one with values of another.
    pub aligned: Vec<bool>,
}

impl DrugInput {
    /// The same drugs; those that are `foreign` take no part in alignment.
    pub fn without_foreign(mut self, foreign: &[bool]) -> Self {
        self.aligned.iter_mut().zip(foreign).for_each(|(a, f)| *a &= !f);
        self
    }

    /// The same drugs, their modalities trusted no more than `trust` says.
    pub fn trusted(mut self, trust: Trust) -> Self {
        self.trust.iter_mut().for_each(|own| *own = own.and(trust));
        self
    }
}

impl TargetInput {
    /// The same targets; those that are `foreign` take no part in alignment.
    pub fn without_foreign(mut self, foreign: &[bool]) -> Self {
        self.aligned.iter_mut().zip(foreign).for_each(|(a, f)| *a &= !f);
        self
    }

    /// The same targets, their modalities trusted no more than `trust` says.
    pub fn trusted(mut self, trust: Trust) -> Self {
        self.trust.iter_mut().for_each(|own| *own = own.and(trust));
        self
    }
}
