//! Proteins from FASTA and table columns.

use crate::{Error, feature::sequence::SequenceFeatures};

/// A checked protein; its identity is its normalised sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protein {
    /// Normalised sequence: upper case, no white space, no trailing stop; the identity of the protein.
    pub sequence: String,
    /// Arrays of the `sequence` modality.
    pub features: SequenceFeatures,
}

impl Protein {
    /// Checks and normalises `sequence`.
    pub fn parse(sequence: &str) -> Result<Self, Error> {
        let _ = sequence;
        unimplemented!("placeholder, replaced by the first real implementation")
    }
}
