//! A data set: distinct drugs, distinct targets, and interactions between them.

use std::collections::BTreeMap;

use fusebind_features::entity::{molecule::Molecule, protein::Protein};

use super::interaction::Interaction;

/// A distinct drug: one parent molecule, all ids that name it, and its keys into the modality tables.
#[derive(Clone, Debug)]
pub struct Drug {
    /// Ids in the drug table that share this molecule, first one first.
    pub ids: Vec<String>,
    /// Values of the other key columns (for instance `ik14`, `inchikey`, `name`), from the first row that has one.
    pub keys: BTreeMap<String, String>,
    /// The gated molecule.
    pub molecule: Molecule,
}

/// A distinct target: one sequence, all ids that name it, and its keys into the modality tables.
#[derive(Clone, Debug)]
pub struct Target {
    /// Ids in the target table that share this sequence, first one first.
    pub ids: Vec<String>,
    /// Values of the other key columns (for instance `uniprot`, `gene`, `seq_md5`), from the first row that has one.
    pub keys: BTreeMap<String, String>,
    /// The checked protein.
    pub protein: Protein,
}

/// Everything that was read from a data set folder and accepted.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Distinct drugs (by canonical SMILES of the parent).
    pub drugs: Vec<Drug>,
    /// Distinct targets (by normalised sequence).
    pub targets: Vec<Target>,
    /// Accepted interactions in table order.
    pub interactions: Vec<Interaction>,
    /// Published split columns: name to one optional part name per interaction.
    pub split_columns: BTreeMap<String, Vec<Option<String>>>,
    /// SHA-256 (hex) over the canonical content: entities, interactions, split columns.
    pub fingerprint: String,
}
