//! From a text to token ids.
//!
//! Comes in: the tokeniser's files of a folder, then texts. Goes out: the ids of what the text says, and apart from them those that the
//! encoder wants before and behind it. Cutting into windows comes later and puts these around each window.

mod files;
mod residues;
mod spiece;
mod subwords;

use std::path::{Path, PathBuf};

use residues::Residues;
use tokenizers::Tokenizer;

use crate::{Error, architecture::Family};

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A sequence of residues.
    Protein,
    /// SMILES.
    Molecule,
    /// Words.
    Text,
}

/// Residues that ProtBert and ProtT5 read as X, by the instructions of their authors.
const READ_AS_X: [char; 4] = ['U', 'Z', 'O', 'B'];
/// Residues that an encoder of proteins knows.
const STANDARD: &str = "ACDEFGHIKLMNPQRSTVWY";

enum Reader {
    Residues(Residues),
    Subwords(Box<Tokenizer>),
}

/// The tokeniser of an encoder.
pub(crate) struct TokenReader {
    reader: Reader,
    pub before: Vec<u32>,
    pub behind: Vec<u32>,
    unknown: Option<u32>,
    /// Whether residues are words of one letter.
    is_spaced: bool,
    /// The only texts that may be read.
    reads_only: Option<Content>,
    /// Files that it was made of.
    pub files: Vec<PathBuf>,
}

impl TokenReader {
    /// Reads the tokeniser of an encoder of `family` in `folder`.
    pub fn open(folder: &Path, family: Family) -> Result<Self, Error> {
        let vocabulary = folder.join("vocab.txt");
        if matches!(family, Family::Esm2 | Family::EsmC) && vocabulary.is_file() {
            let residues = Residues::open(&vocabulary)?;
            return Ok(Self {
                before: vec![residues.before],
                behind: vec![residues.behind],
                unknown: Some(residues.unknown),
                reader: Reader::Residues(residues),
                is_spaced: false,
                reads_only: Some(Content::Protein),
                files: vec![vocabulary],
            });
        }
        let found = files::open(folder, family)?;
        let tokenizer = found.tokenizer;
        let (before, behind) = frame(&tokenizer).map_err(|error| error.about(&found.files[0]))?;
        let is_word = |residue: char| {
            let names = [residue.to_string(), format!("\u{2581}{residue}")];
            let begin = if family == Family::T5 { &names[1..] } else { &names[..1] };
            begin.iter().any(|name| tokenizer.token_to_id(name).is_some())
        };
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|name| tokenizer.token_to_id(name));
        Ok(Self {
            before,
            behind,
            unknown,
            is_spaced: matches!(family, Family::Bert | Family::T5) && STANDARD.chars().all(is_word),
            reader: Reader::Subwords(Box::new(tokenizer)),
            reads_only: match family {
                Family::MolFormer => Some(Content::Molecule),
                _ => found.of_residues_only.then_some(Content::Protein),
            },
            files: found.files,
        })
    }

    /// The ids of what `text` says.
    pub fn ids(&self, text: &str, content: Content) -> Result<Vec<u32>, Error> {
        if let Some(only) = self.reads_only.filter(|only| *only != content) {
            let (what, remedy) = match (only, &self.reader) {
                (Content::Protein, Reader::Subwords(_)) => (
                    "sequences of residues",
                    "save its tokeniser as tokenizer.json: AutoTokenizer.from_pretrained(..).save_pretrained(..)",
                ),
                (Content::Protein, Reader::Residues(_)) => {
                    ("sequences of residues", "use an encoder of molecules or of texts")
                }
                (Content::Molecule, _) => ("SMILES", "use an encoder of proteins or of texts"),
                (Content::Text, _) => ("texts", "use an encoder of proteins or of molecules"),
            };
            let message = format!("this tokeniser reads {what} alone");
            return Err(Error::new(message, remedy).about(&self.files[0]));
        }
        match &self.reader {
            Reader::Residues(residues) => Ok(residues.ids(text)),
            Reader::Subwords(tokenizer) if content == Content::Protein && self.is_spaced => {
                plain(tokenizer, &spaced(text))
            }
            Reader::Subwords(tokenizer) => plain(tokenizer, text),
        }
    }

    /// Whether `id` stands for what the tokeniser does not know.
    pub fn is_unknown(&self, id: u32) -> bool {
        self.unknown == Some(id)
    }
}

/// Residues as words.
fn spaced(sequence: &str) -> String {
    let mut text = String::with_capacity(2 * sequence.len());
    for residue in sequence.chars() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push(if READ_AS_X.contains(&residue) { 'X' } else { residue });
    }
    text
}

/// Ids without those before and behind.
fn plain(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, Error> {
    Ok(encoding(tokenizer, text, false)?.to_vec())
}

fn encoding(tokenizer: &Tokenizer, text: &str, with_frame: bool) -> Result<Vec<u32>, Error> {
    let encoding = tokenizer.encode_fast(text, with_frame);
    let encoding =
        encoding.map_err(|error| Error::new(error.to_string(), "download the files of the tokeniser again"))?;
    Ok(encoding.get_ids().to_vec())
}

/// What a tokeniser puts before and behind a text.
fn frame(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), Error> {
    let (bare, whole) = (encoding(tokenizer, "C", false)?, encoding(tokenizer, "C", true)?);
    let at = (0..=whole.len().saturating_sub(bare.len())).find(|&at| whole[at..].starts_with(&bare));
    match at {
        Some(at) if !bare.is_empty() => Ok((whole[..at].to_vec(), whole[at + bare.len()..].to_vec())),
        _ => Err(Error::new(
            "the tokeniser reads no letter",
            "download the files of the tokeniser again",
        )),
    }
}
