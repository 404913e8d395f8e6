//! Proteins from their sequences.
//!
//! Comes in: a sequence from a table cell or a FASTA record. Goes out: a [`Protein`] known by its normalised sequence, or
//! the reason why there is none, with letter and place. Lower case is accepted; white space and one trailing stop are removed. What is no
//! sequence but looks like one (`EGFR`, DNA, a name) is refused by its kind.
//!
//! ```
//! use fusebind_features::entity::protein::Protein;
//! let protein = Protein::parse("mkta YIAK\nQR*")?;
//! assert_eq!(protein.sequence, "MKTAYIAKQR");
//! assert_eq!(protein.features.residues.len(), 10);
//! # Ok::<(), fusebind_features::Error>(())
//! ```

use crate::{
    Error, ErrorKind,
    entity::kind::{MIN_RESIDUES, TextKind, shortened},
    feature::sequence::{RESIDUES, SequenceFeatures},
};

/// Longest sequence that is read, in residues. Titin, the longest human protein, has 34,350.
pub const MAX_RESIDUES: usize = 40_000;
/// Token of `X`.
const UNKNOWN: u8 = 22;
/// Marks a byte that is not a residue.
const NO_RESIDUE: u8 = u8::MAX;
/// Token of each upper-case letter.
const TOKENS: [u8; 256] = tokens();

const fn tokens() -> [u8; 256] {
    let mut tokens = [NO_RESIDUE; 256];
    let mut token = 0;
    while token < RESIDUES.len() {
        tokens[RESIDUES[token] as usize] = token as u8;
        token += 1;
    }
    tokens[b'B' as usize] = UNKNOWN;
    tokens[b'Z' as usize] = UNKNOWN;
    tokens[b'J' as usize] = UNKNOWN;
    tokens
}

/// A checked protein; its identity is its normalised sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protein {
    /// Normalised sequence: upper case, no white space, no trailing stop; the identity of the protein.
    pub sequence: String,
    /// Arrays of the `sequence` modality.
    pub features: SequenceFeatures,
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protein, reason)
}

impl Protein {
    /// Checks and normalises `sequence`: the twenty standard residues, `U`, `O`, and `X`, `B`, `Z`, `J` (read as unknown).
    ///
    /// # Errors
    ///
    /// Letters that are no residues, fewer than [`MIN_RESIDUES`] or more than [`MAX_RESIDUES`] of them, and texts that are something else
    /// ([`TextKind`]): an id, a gene name, a SMILES, DNA or RNA.
    pub fn parse(sequence: &str) -> Result<Self, Error> {
        let body = sequence.trim_end();
        // One stop at the end is how translated sequences are written; inside it means a broken reading frame.
        let body = body.strip_suffix('*').unwrap_or(body);
        let mut normalised = String::with_capacity(body.len().min(MAX_RESIDUES));
        let mut residues = Vec::with_capacity(body.len().min(MAX_RESIDUES));
        for (position, letter) in body.char_indices() {
            if letter.is_whitespace() {
                continue;
            }
            let upper = letter.to_ascii_uppercase();
            let token = if upper.is_ascii() {
                TOKENS[upper as usize]
            } else {
                NO_RESIDUE
            };
            if token == NO_RESIDUE {
                return Err(match TextKind::of_sequence(sequence) {
                    Some(kind) => mistaken(sequence, kind),
                    None => wrong_letter(letter, residues.len()).at(position),
                });
            }
            if residues.len() == MAX_RESIDUES {
                let length = residues.len() + body[position..].chars().filter(|c| !c.is_whitespace()).count();
                return Err(refuse(format!(
                    "{length} residues, the limit is {MAX_RESIDUES}: give a chain or a domain"
                )));
            }
            normalised.push(upper);
            residues.push(token);
        }
        if residues.is_empty() {
            return Err(refuse("empty sequence: give the residues in one-letter code"));
        }
        if residues.iter().all(|residue| *residue == UNKNOWN) {
            return Err(refuse("every residue is unknown"));
        }
        if residues.len() < MIN_RESIDUES {
            let count = residues.len();
            return Err(match TextKind::of_sequence(sequence) {
                Some(TextKind::Gene) | None => refuse(format!(
                    "`{}` looks like a gene name or a short peptide ({count} letters; the least is {MIN_RESIDUES} residues): give the \
                     amino acid sequence of the whole chain or of a domain",
                    sequence.trim().escape_debug()
                )),
                Some(kind) => mistaken(sequence, kind),
            });
        }
        if let Some(kind) = TextKind::of_residues(&normalised, sequence) {
            return Err(mistaken(sequence, kind));
        }
        Ok(Self {
            sequence: normalised,
            features: SequenceFeatures { residues },
        })
    }
}

/// A text that is something else than a sequence.
fn mistaken(text: &str, kind: TextKind) -> Error {
    refuse(format!(
        "`{}` looks like {kind}, not a sequence: give the amino acid sequence in one-letter code",
        shortened(text).escape_debug()
    ))
}

fn wrong_letter(letter: char, residues_before: usize) -> Error {
    let place = residues_before + 1;
    match letter {
        '*' => refuse(format!(
            "stop codon `*` at residue {place}, inside the sequence: cut it there"
        )),
        '-' | '.' => refuse(format!(
            "gap `{letter}` at residue {place}: give the sequence without alignment gaps"
        )),
        '>' => refuse(format!(
            "`>` at residue {place}: give the sequence without its FASTA header"
        )),
        letter => refuse(format!(
            "`{}` at residue {place} is not an amino acid",
            letter.escape_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        let a = Protein::parse(" mkt ayi\r\nAKQR*\n").expect("valid");
        assert_eq!(a, Protein::parse("MKTAYIAKQR").expect("valid"));
        assert_eq!(a.features.residues.len(), 10);
        assert_eq!(Protein::parse(&a.sequence).as_ref(), Ok(&a));
    }

    #[test]
    fn rare_and_unknown_residues_stay_in_the_identity() {
        let protein = Protein::parse("ACDEFGHIKLMNPQRSTVWYUOXBZJACDEFGHIKLMNPQRSTVWY").expect("valid");
        let mut tokens: Vec<u8> = (0..23).collect();
        tokens.extend([UNKNOWN; 3]);
        tokens.extend(0..20);
        assert_eq!(protein.features.residues, tokens);
        assert_eq!(RESIDUES[usize::from(UNKNOWN)], b'X');
        let (b, z) = (
            Protein::parse("MKTAYIAKQB").expect("valid"),
            Protein::parse("MKTAYIAKQZ").expect("valid"),
        );
        assert_eq!(b.features, z.features);
        assert_ne!(b.sequence, z.sequence);
    }

    #[test]
    fn refuses_with_a_reason_and_a_place() {
        for (sequence, position, words) in [
            ("", None, "empty"),
            (" \n", None, "empty"),
            ("*", None, "empty"),
            ("XXXX", None, "unknown"),
            ("BZX", None, "unknown"),
            ("MK*A", Some(2), "stop codon"),
            ("MK**", Some(2), "stop codon"),
            ("MKTAYIAKQ-AK", Some(9), "gap"),
            ("MK-TAYIAKQ.AK", Some(2), "gap"),
            ("MK 1A", Some(3), "residue 3"),
            (">sp|P1\nMK", Some(0), "header"),
            ("MK\u{e9}A", Some(2), "not an amino acid"),
            ("MK\u{0}", Some(2), "not an amino acid"),
            ("MKTAYIAKQ", None, "gene name"),
            ("MKTAYIAKQ R*A", Some(11), "stop codon"),
            ("EGFR", None, "`EGFR` looks like a gene name"),
            ("ABL1", None, "`ABL1` looks like a gene name, not a sequence"),
            ("P00533", None, "UniProt accession"),
            ("ACGTACGTACGTACGTACGTACGT", None, "DNA or RNA"),
            ("Epidermal growth factor receptor", None, "a name"),
        ] {
            let error = Protein::parse(sequence).expect_err(sequence);
            assert_eq!(error.position(), position, "{sequence:?}: {error}");
            assert!(error.to_string().contains(words), "{sequence:?}: {error}");
        }
    }

    #[test]
    fn the_length_limit_is_stated() {
        assert!(Protein::parse(&"A".repeat(MAX_RESIDUES)).is_ok());
        let error = Protein::parse(&"A".repeat(MAX_RESIDUES + 7))
            .expect_err("too long")
            .to_string();
        assert!(error.contains("40007") && error.contains("40000"), "{error}");
    }
}
