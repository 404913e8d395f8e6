//! An encoder that is open: its tokeniser, its weights, and what they are known by.
//!
//! Comes in: a folder in the Hugging Face layout. Goes out: token ids of a text, and states of tokens after a layer. Nothing is asked
//! of the network, and no code of the folder runs.

use std::path::{Path, PathBuf};

use crate::{
    Error,
    architecture::{Family, build},
    config::Config,
    layer::Transformer,
    tokenizer::{Content, TokenReader},
    weights::{fingerprint, read_text},
};

/// A pretrained encoder.
pub struct Encoder {
    family: Family,
    transformer: Transformer,
    pub(crate) tokens: TokenReader,
    window: usize,
    fingerprint: String,
}

impl Encoder {
    /// Opens the encoder in `folder`.
    ///
    /// # Errors
    /// Where a file is missing or damaged, or is of an architecture that is not known here; the error names file, tensor and remedy.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = &resolved(folder.as_ref())?;
        let config = Config::open(folder)?;
        let family = Family::of(&config)?;
        let tokens = TokenReader::open(folder, family)?;
        let built = build(family, &config, folder)?;
        let fingerprint = fingerprint(folder, &tokens.files)?;
        Ok(Self {
            family,
            transformer: built.transformer,
            tokens,
            window: built.window,
            fingerprint,
        })
    }

    /// The family of its architecture.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.transformer.blocks.len()
    }

    /// Channels of a state.
    pub fn width(&self) -> usize {
        self.transformer.embedding.width
    }

    /// Most tokens that it reads at once, those before and behind a text included.
    pub fn window(&self) -> usize {
        self.window
    }

    /// SHA-256 of weights, configuration and tokeniser, in hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Token ids of `text`, with those before and behind it.
    ///
    /// # Errors
    /// Where the tokeniser does not read such a text, or gives ids that the encoder has no state for.
    pub fn token_ids(&self, text: &str, content: Content) -> Result<Vec<u32>, Error> {
        let mut ids = self.tokens.before.clone();
        ids.extend(self.content_ids(text, content)?);
        ids.extend(&self.tokens.behind);
        Ok(ids)
    }

    /// Token ids of `text` alone.
    pub(crate) fn content_ids(&self, text: &str, content: Content) -> Result<Vec<u32>, Error> {
        let ids = self.tokens.ids(text, content)?;
        let vocabulary = self.transformer.embedding.vocabulary();
        let framed = ids.iter().chain(&self.tokens.before).chain(&self.tokens.behind);
        match framed.max().is_none_or(|most| (*most as usize) < vocabulary) {
            true => Ok(ids),
            false => Err(Error::new(
                format!("the tokeniser has tokens beyond the {vocabulary} of the weights"),
                "the tokeniser is not that of the weights: download both again",
            )
            .about(&self.tokens.files[0])),
        }
    }

    /// The states `[L, D]` of each of `sequences` after `layer` blocks (0: the embeddings). They have the same bits whatever
    /// sequences stand beside them.
    ///
    /// # Panics
    /// Where a sequence is longer than the window, `layer` is beyond the last one, or an id beyond the vocabulary.
    pub fn states(&self, sequences: &[&[u32]], layer: usize) -> Vec<Vec<f32>> {
        assert!(
            sequences.iter().all(|ids| ids.len() <= self.window),
            "a sequence fits the window"
        );
        let mut end = 0;
        let ends: Vec<usize> = sequences
            .iter()
            .map(|ids| {
                end += ids.len();
                end
            })
            .collect();
        let states = self.transformer.states(&sequences.concat(), &ends, layer);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(&ends)
            .map(|(start, end)| states[start * self.width()..end * self.width()].to_vec())
            .collect()
    }
}

/// The folder itself, or of a repository in the local cache of Hugging Face the files of its main branch.
fn resolved(folder: &Path) -> Result<PathBuf, Error> {
    let main = folder.join("refs/main");
    if folder.join("config.json").is_file() || !main.is_file() {
        return Ok(folder.to_path_buf());
    }
    let commit = read_text(&main)?;
    match commit.trim() {
        commit if !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(folder.join("snapshots").join(commit))
        }
        _ => Err(Error::new("names no commit", "download the files again").about(&main)),
    }
}
