//! From what a model file says of its encoders to encoders: which folder, and whether it holds the right one.
//!
//! Comes in: references, and the folders that a user names. Goes out: open encoders, or a refusal that names what was expected and found.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use fusebind_features::entity::pretrained::{EmbedInputs, EncoderReference};

use crate::{Encoder, Error, FrozenEncoder};

/// Where the encoders of a model are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncoderFolders {
    /// Folders that a user names, in any order; an encoder that none of them holds is looked for where the model file says.
    pub folders: Vec<PathBuf>,
    /// Whether to go without encoders: what they embed is missing.
    pub without: bool,
    /// Where embeddings are kept.
    pub kept: KeptIn,
}

/// Where embeddings are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeptIn {
    /// In memory alone.
    #[default]
    Memory,
    /// In a folder, which gets what is computed.
    Cache(PathBuf),
    /// In a folder that is read and not written.
    ReadOnly(PathBuf),
}

impl EncoderFolders {
    /// Opens the encoders of `references`.
    ///
    /// # Errors
    /// Where a folder is missing, holds no encoder, or another one than the model was trained with.
    pub fn open(&self, references: &[&EncoderReference]) -> Result<Vec<Arc<dyn EmbedInputs>>, Error> {
        if self.without {
            return Ok(Vec::new());
        }
        let mut open: Vec<Arc<Encoder>> = Vec::new();
        for folder in &self.folders {
            let encoder = Encoder::open(folder)?;
            let found = encoder.fingerprint();
            if !references.iter().any(|reference| reference.sha256 == found) {
                return Err(another(folder, found, references));
            }
            open.push(Arc::new(encoder));
        }
        references
            .iter()
            .map(|reference| self.open_one(reference, &mut open))
            .collect()
    }

    /// The encoder of `reference`: one that is open, or that of the folder that it names.
    fn open_one(
        &self,
        reference: &EncoderReference,
        open: &mut Vec<Arc<Encoder>>,
    ) -> Result<Arc<dyn EmbedInputs>, Error> {
        let known = open.iter().find(|encoder| encoder.fingerprint() == reference.sha256);
        let encoder = match known.cloned() {
            Some(encoder) => encoder,
            None => {
                open.push(named(reference)?);
                open[open.len() - 1].clone()
            }
        };
        let frozen = FrozenEncoder::with(encoder, reference.clone())?;
        Ok(Arc::new(match &self.kept {
            KeptIn::Cache(folder) => frozen.cached(folder)?,
            KeptIn::ReadOnly(folder) => frozen.reading(folder)?,
            KeptIn::Memory => frozen,
        }))
    }
}

/// The encoder in the folder that `reference` names.
fn named(reference: &EncoderReference) -> Result<Arc<Encoder>, Error> {
    let folder = Path::new(&reference.folder);
    if !folder.exists() {
        let message = format!(
            "does not exist, and the model reads embeddings of {reference}, SHA-256 {}",
            reference.sha256
        );
        return Err(Error::new(message, REMEDY).about(folder));
    }
    let encoder = Encoder::open(folder)?;
    match encoder.fingerprint() == reference.sha256 {
        true => Ok(Arc::new(encoder)),
        false => Err(another(folder, encoder.fingerprint(), &[reference])),
    }
}

const REMEDY: &str =
    "name the folder of that encoder with --encoder, or go on without what it embeds with --without-encoders";

fn another(folder: &Path, found: &str, expected: &[&EncoderReference]) -> Error {
    let mut expected: Vec<String> = (expected.iter())
        .map(|reference| format!("{}, SHA-256 {}", reference.name, reference.sha256))
        .collect();
    expected.sort();
    expected.dedup();
    let expected = match &expected[..] {
        [] => "no encoder".to_string(),
        some => some.join(", or "),
    };
    let message =
        format!("holds another encoder than the model was trained with: expected {expected}; found SHA-256 {found}");
    Error::new(message, REMEDY).about(folder)
}
