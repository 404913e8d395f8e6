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

/// What is made of a molecule before it is featurised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standardise {
    /// Its uncharged parent: without counter-ions, solvents, and charges that can be removed.
    #[default]
    Parent,
    /// Nothing: counter-ions, solvents and charges stay as they are written.
    None,
}

impl Standardise {
    /// Whether molecules become their parents.
    pub fn is_parent(&self) -> bool {
        *self == Self::Parent
    }
}

impl std::fmt::Display for Standardise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Parent => "parent",
            Self::None => "none",
        })
    }
}

/// A valid molecule, standardised unless the user wanted it as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Molecule {
    /// Canonical SMILES, of the parent where molecules are standardised: the identity of the molecule everywhere in fusebind.
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
    /// What is made of a molecule.
    fn standardise(&self) -> Standardise {
        Standardise::Parent
    }
}
