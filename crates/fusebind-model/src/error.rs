//! Errors of this crate: configurations that make no model, and checkpoints that cannot be read.

use std::path::{Path, PathBuf};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A configuration that makes no model.
    Config,
    /// A file that cannot be read or written.
    Io,
    /// A checkpoint that is damaged or belongs to another model.
    Checkpoint,
    /// A device that is not there.
    Device,
    /// A pretrained encoder that is not there, or is another one.
    Encoder,
}

/// An error with the file and the field it concerns, and a remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}", path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
pub struct Error {
    kind: ErrorKind,
    path: Option<PathBuf>,
    message: String,
}

impl Error {
    /// An error of `kind` with a one-line `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            path: None,
            message: message.into(),
        }
    }

    /// The same error about the file at `path`.
    pub fn about(mut self, path: &Path) -> Self {
        self.path = Some(path.to_path_buf());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
