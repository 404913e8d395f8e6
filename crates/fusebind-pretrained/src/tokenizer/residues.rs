//! One token per residue, as ESM-2 reads sequences. Comes in: `vocab.txt`, one token per line. Goes out: ids by letter.

use std::{collections::HashMap, path::Path};

use crate::{Error, weights::read_text};

/// Ids by letter.
pub(super) struct Residues {
    of_letter: HashMap<char, u32>,
    pub before: u32,
    pub behind: u32,
    pub unknown: u32,
}

impl Residues {
    /// Reads `vocab.txt`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = read_text(path)?;
        let tokens: HashMap<&str, u32> = text.lines().map(str::trim).zip(0..).collect();
        let special = |name: &str| {
            tokens.get(name).copied().ok_or_else(|| {
                let message = format!("holds no token {name}");
                Error::new(message, "download the files of the tokeniser again").about(path)
            })
        };
        let letter = |(token, id): (&&str, &u32)| {
            let mut letters = token.chars();
            Some((letters.next().filter(|_| token.chars().count() == 1)?, *id))
        };
        Ok(Self {
            of_letter: tokens.iter().filter_map(letter).collect(),
            before: special("<cls>")?,
            behind: special("<eos>")?,
            unknown: special("<unk>")?,
        })
    }

    /// The ids of a sequence.
    pub fn ids(&self, sequence: &str) -> Vec<u32> {
        let id = |residue| self.of_letter.get(&residue).copied().unwrap_or(self.unknown);
        sequence.chars().map(id).collect()
    }
}
