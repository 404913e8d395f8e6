//! Molecules from SMILES and SD records, behind the [`Chemistry`] trait.
//!
//! A molecule passes a validity gate, is stripped of salts and solvents deterministically, and is known from then on by
//! the canonical SMILES of its parent. Comes in: text. Goes out: a [`Molecule`], or the reason why there is none.

mod chematic;
mod syntax;

pub use chematic::ChematicToolkit;
use rayon::prelude::*;

use crate::{
    Error,
    feature::{fingerprint::Fingerprint, graph::GraphFeatures},
};

/// Longest SMILES that is read, in characters.
pub const MAX_SMILES: usize = 5_000;
/// Most heavy atoms of a parent.
pub const MAX_HEAVY_ATOMS: usize = 500;

/// A valid molecule: the parent that is left after salt stripping.
#[derive(Clone, Debug, PartialEq)]
pub struct Molecule {
    /// Canonical SMILES of the parent: the identity of the molecule everywhere in fusebind.
    pub smiles: String,
    /// Number of heavy atoms.
    pub heavy_atoms: usize,
    /// Canonical SMILES of the Murcko scaffold (Bemis & Murcko 1996, doi 10.1021/jm9602928); empty for acyclic molecules.
    pub scaffold: String,
    /// Arrays of the `graph` modality.
    pub graph: GraphFeatures,
    /// ECFP4 bits, for similarity.
    pub fingerprint: Fingerprint,
}

/// What fusebind asks of a chemistry toolkit.
pub trait Chemistry: Send + Sync {
    /// Reads one SMILES; the error's reason is one line that a chemist can act on.
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error>;
    /// Reads one SD record (mol block without data fields).
    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error>;
}

/// Reads many SMILES in parallel, in order.
pub fn molecules<S: AsRef<str> + Sync>(chemistry: &dyn Chemistry, smiles: &[S]) -> Vec<Result<Molecule, Error>> {
    smiles.par_iter().map(|s| chemistry.molecule(s.as_ref())).collect()
}
