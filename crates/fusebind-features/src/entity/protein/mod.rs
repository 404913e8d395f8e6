//! Proteins from FASTA and table columns.
//!
//! Comes in: a sequence as text. Goes out: a [`Protein`] known by its normalised sequence, or the reason why there is none.

mod fasta;

pub use fasta::{FastaRecord, read_fasta};

use crate::{
    Error, ErrorKind,
    feature::sequence::{RESIDUES, SequenceFeatures},
};

/// Longest sequence that is read, in residues. Titin, the longest human protein, has 34,350.
pub const MAX_RESIDUES: usize = 40_000;

/// A checked protein; its identity is its normalised sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protein {
    /// Normalised sequence: upper case, no white space, no trailing stop; the identity of the protein.
    pub sequence: String,
    /// Arrays of the `sequence` modality.
    pub features: SequenceFeatures,
}

impl Protein {
    /// Checks and normalises `sequence`: the twenty standard residues, `U`, `O`, and `X`, `B`, `Z`, `J` (read as unknown).
    pub fn parse(sequence: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::new(ErrorKind::Protein, reason);
        let mut normalised: String =
            sequence.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        if normalised.ends_with('*') {
            normalised.pop();
        }
        if normalised.is_empty() {
            return Err(refuse("empty sequence: give the residues in one-letter code".into()));
        }
        if normalised.len() > MAX_RESIDUES {
            return Err(refuse(format!("{} residues, the limit is {MAX_RESIDUES}", normalised.len())));
        }
        let mut residues = Vec::with_capacity(normalised.len());
        for (position, letter) in normalised.chars().enumerate() {
            residues.push(token(letter).ok_or_else(|| {
                refuse(format!("`{letter}` at residue {} is no amino acid", position + 1)).at(position)
            })?);
        }
        if residues.iter().all(|r| *r == UNKNOWN) {
            return Err(refuse("every residue is unknown".into()));
        }
        Ok(Self { sequence: normalised, features: SequenceFeatures { residues } })
    }
}

/// Token of `X`.
const UNKNOWN: u8 = 22;

fn token(letter: char) -> Option<u8> {
    match letter {
        'B' | 'Z' | 'J' => Some(UNKNOWN),
        other => RESIDUES.iter().position(|r| char::from(*r) == other).map(|t| t as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        let a = Protein::parse("mkt ayi\nAKQR*").unwrap();
        assert_eq!(a, Protein::parse("MKTAYIAKQR").unwrap());
        assert_eq!(a.features.residues.len(), 10);
    }

    #[test]
    fn unknown_residues_stay_in_the_identity() {
        let (b, z) = (Protein::parse("MKB").unwrap(), Protein::parse("MKZ").unwrap());
        assert_eq!(b.features, z.features);
        assert_ne!(b.sequence, z.sequence);
    }

    #[test]
    fn refuses_with_a_reason_and_a_place() {
        assert_eq!(Protein::parse("MK1L").unwrap_err().position(), Some(2));
        assert_eq!(Protein::parse("MK*L").unwrap_err().position(), Some(2));
        for bad in ["", "  ", "*", "XXX", "M\u{e9}K"] {
            assert_eq!(Protein::parse(bad).unwrap_err().kind(), ErrorKind::Protein, "{bad}");
        }
        assert!(Protein::parse(&"A".repeat(MAX_RESIDUES + 1)).is_err());
        assert!(Protein::parse(&"A".repeat(MAX_RESIDUES)).is_ok());
    }
}
