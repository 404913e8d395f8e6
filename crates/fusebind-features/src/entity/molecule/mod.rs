//! Molecules from SMILES and SD records, behind the [`Chemistry`] trait.
//!
//! Comes in: one SMILES or mol block. Goes out: a [`Molecule`], or the reason why there is none, in words that a chemist can
//! act on. A molecule passes a validity gate, is stripped of salts and solvents deterministically (carbon first, then heavy
//! atoms, mass, canonical SMILES), and is known from then on by the canonical SMILES of its parent. Its arrays are a function
//! of that SMILES alone: two spellings of one drug give bit-identical features. Its scaffold, which only a split by scaffold
//! wants, is told when it is asked for: it costs two fifths of everything else.
//!
//! ```
//! use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};
//! let aspirin = ChematicToolkit.molecule("[Na+].[O-]C(=O)c1ccccc1OC(C)=O")?;
//! assert_eq!(aspirin.smiles, "CC(=O)Oc1ccccc1C(=O)[O-]");
//! assert_eq!(aspirin.scaffold()?, "c1ccccc1");
//! # Ok::<(), fusebind_features::Error>(())
//! ```

mod chematic;
mod circular;
mod fields;
mod gate;
mod many;
mod salt;
mod sd;

pub use chematic::ChematicToolkit;
pub use many::featurise_molecules;
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

impl Molecule {
    /// Canonical SMILES of the Murcko scaffold (Bemis & Murcko 1996, doi 10.1021/jm9602928); empty for acyclic molecules.
    pub fn scaffold(&self) -> Result<String, Error> {
        chematic::scaffold(self)
    }
}

/// What fusebind asks of a chemistry toolkit.
pub trait Chemistry: Send + Sync {
    /// Reads one SMILES; the error's reason is one line that a chemist can act on.
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error>;
    /// Reads one SD record (mol block without data fields).
    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error>;
}
