//! What a molecule is, and what a chemistry toolkit has to do to make one.

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    feature::{fingerprint::Fingerprint, graph::GraphFeatures},
};

/// Longest SMILES that is read, in characters.
pub const MAX_SMILES: usize = 5_000;
/// Most heavy atoms that are read, salts included.
pub const MAX_HEAVY_ATOMS: usize = 500;

/// A valid molecule: the parent that is left after salt stripping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Molecule {
    /// Canonical SMILES of the parent: the identity of the molecule everywhere in fusebind.
    pub smiles: String,
    /// Number of heavy atoms.
    pub heavy_atoms: usize,
    /// Arrays of the `graph` modality.
    pub graph: GraphFeatures,
    /// ECFP4 bits, for similarity.
    pub fingerprint: Fingerprint,
}

/// What fusebind needs from a chemistry toolkit.
pub trait Chemistry: Send + Sync {
    /// Reads one SMILES; the error's reason is one line that a chemist can act on.
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error>;
    /// Reads one SD record (mol block without data fields).
    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error>;
}
