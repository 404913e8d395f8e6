//! Which files of a folder make its tokeniser: `tokenizer.json`, or else the older ones that say the same.
//!
//! Comes in: a folder. Goes out: a tokeniser without truncation and padding, which are not its affair here.

use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;

use super::{spiece, subwords};
use crate::{Error, architecture::Family, weights::read_text};

/// A tokeniser, and where it is from.
pub(super) struct Found {
    pub tokenizer: Tokenizer,
    pub files: Vec<PathBuf>,
    /// Whether rules for anything but residues were left out.
    pub of_residues_only: bool,
}

const REMEDY: &str = "download the files of the tokeniser again";

/// Reads the tokeniser of an encoder of `family` in `folder`.
pub(super) fn open(folder: &Path, family: Family) -> Result<Found, Error> {
    let at = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let mut of_residues_only = false;
    let (json, files) = if let Some(path) = at("tokenizer.json") {
        (read_text(&path)?, vec![path])
    } else if let (Family::Bert, Some(path)) = (family, at("vocab.txt")) {
        let settings = at("tokenizer_config.json");
        let text = settings
            .as_deref()
            .map(read_text)
            .transpose()?
            .unwrap_or_else(|| "{}".into());
        let fault = |error: serde_json::Error| Error::new(error.to_string(), REMEDY).about(folder);
        let json = subwords::word_pieces(&read_text(&path)?, &serde_json::from_str(&text).map_err(fault)?);
        (
            json.map_err(|error| error.about(&path))?,
            [Some(path), settings].into_iter().flatten().collect(),
        )
    } else if let (Family::Roberta, Some(path), Some(merges)) = (family, at("vocab.json"), at("merges.txt")) {
        let json = subwords::byte_pairs(&read_text(&path)?, &read_text(&merges)?);
        (json.map_err(|error| error.about(&path))?, vec![path, merges])
    } else if let (Family::MolFormer, Some(path)) = (family, at("vocab.json")) {
        let json = subwords::atoms(&read_text(&path)?);
        (json.map_err(|error| error.about(&path))?, vec![path])
    } else if let (Family::T5, Some(path)) = (family, at("spiece.model")) {
        of_residues_only = true;
        let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
        (spiece::unigram(&bytes).map_err(|error| error.about(&path))?, vec![path])
    } else {
        let remedy = "save it there: AutoTokenizer.from_pretrained(..).save_pretrained(..) writes tokenizer.json";
        return Err(Error::new("holds no tokeniser that is known here", remedy).about(folder));
    };
    let fault = |error: tokenizers::Error| Error::new(error.to_string(), REMEDY).about(&files[0]);
    let mut tokenizer = Tokenizer::from_bytes(json.as_bytes()).map_err(fault)?;
    tokenizer.with_truncation(None).map_err(fault)?.with_padding(None);
    Ok(Found {
        tokenizer,
        files,
        of_residues_only,
    })
}
