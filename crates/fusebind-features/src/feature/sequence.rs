//! The `sequence` modality: a protein as residue tokens.
//!
//! Comes in: a checked [`Protein`](crate::entity::protein::Protein). Goes out: [`SequenceFeatures`]. Axis legend: `L` residues.

/// Number of residue tokens: the twenty standard residues in the order of [`RESIDUES`], then `U`, `O`, `X`
/// (`B`, `Z`, `J` and `*` are read as `X`).
pub const RESIDUE_TOKENS: usize = 23;
/// One letter per residue token.
pub const RESIDUES: &[u8; RESIDUE_TOKENS] = b"ACDEFGHIKLMNPQRSTVWYUOX";
/// Token of a residue that is not known, `X`.
pub const UNKNOWN: u8 = RESIDUE_TOKENS as u8 - 1;

/// Arrays of one protein.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SequenceFeatures {
    /// Residue tokens, `[L]`, each below [`RESIDUE_TOKENS`].
    pub residues: Vec<u8>,
}
