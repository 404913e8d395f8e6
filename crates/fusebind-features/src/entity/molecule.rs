//! Molecules from SMILES and SD records, behind the [`Chemistry`] trait.
//!
//! A molecule passes a validity gate, is stripped of salts and solvents deterministically, and is known from then on by
//! the canonical SMILES of its parent.

use crate::{Error, feature::graph::GraphFeatures};

/// A valid molecule: the parent that is left after salt stripping.
#[derive(Clone, Debug, PartialEq)]
pub struct Molecule {
    /// Canonical SMILES of the parent: the identity of the molecule everywhere in fusebind.
    pub smiles: String,
    /// Number of heavy atoms.
    pub heavy_atoms: usize,
    /// Canonical SMILES of the Murcko scaffold; empty for acyclic molecules.
    pub scaffold: String,
    /// Arrays of the `graph` modality.
    pub graph: GraphFeatures,
}

/// What fusebind asks of a chemistry toolkit.
pub trait Chemistry: Send + Sync {
    /// Reads one SMILES; the error's reason is one line that a chemist can act on.
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error>;
    /// Reads one SD record (mol block without data fields).
    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error>;
}
