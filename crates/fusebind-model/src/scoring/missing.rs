//! What pairs are scored with: where their neighbour features come from, and which modalities are masked.

use fusebind_features::{
    modality::ModalitySet,
    neighbours::{Mask, NeighbourTable},
    reference::Reference,
};

/// Where the neighbour features of pairs come from.
#[derive(Clone, Copy, Debug)]
pub enum NeighbourSource<'a> {
    /// The model reads none.
    Nothing,
    /// Computed from a reference set, pair by pair.
    ReferenceSet(&'a Reference),
    /// Gathered before, one row per pair.
    Table(&'a NeighbourTable),
}

/// What entities and pairs do without.
#[derive(Clone, Copy, Debug)]
pub enum MissingModalities<'a> {
    /// All alike.
    Alike(Mask),
    /// Each entity for itself: modalities that the drugs and the targets of the stores do without.
    Each([&'a [ModalitySet]; 2]),
}

impl Default for MissingModalities<'_> {
    fn default() -> Self {
        Self::Alike(Mask::default())
    }
}

impl MissingModalities<'_> {
    pub(super) fn of_drug(&self, drug: u32) -> ModalitySet {
        match self {
            Self::Alike(mask) => mask.drug,
            Self::Each([drugs, _]) => drugs[drug as usize],
        }
    }

    pub(super) fn of_target(&self, target: u32) -> ModalitySet {
        match self {
            Self::Alike(mask) => mask.target,
            Self::Each([_, targets]) => targets[target as usize],
        }
    }

    pub(super) fn of_pair(&self, (drug, target): (u32, u32)) -> Mask {
        match self {
            Self::Alike(mask) => *mask,
            Self::Each(_) => Mask {
                drug: self.of_drug(drug),
                target: self.of_target(target),
                ..Mask::default()
            },
        }
    }
}
