//! Errors of this crate: recipes, runs and data that a run cannot use.

use std::path::{Path, PathBuf};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A recipe that makes no run.
    Recipe,
    /// Data, labels or a split that this recipe cannot use.
    Data,
    /// A run folder that is damaged, taken or of another run.
    Run,
    /// A file that cannot be read or written.
    Io,
    /// A training that left the finite numbers.
    Diverged,
    /// A problem of the model crate.
    Model,
}

/// An error with the file it concerns and a remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}", path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
pub struct Error {
    kind: ErrorKind,
    path: Option<PathBuf>,
    message: String,
    hint: Option<String>,
}

impl Error {
    /// An error of `kind` with a one-line `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            path: None,
            message: message.into(),
            hint: None,
        }
    }

    /// The same error about the file or folder at `path`.
    pub fn about(mut self, path: &Path) -> Self {
        self.path = Some(path.to_path_buf());
        self
    }

    /// The same error with a remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl From<fusebind_model::Error> for Error {
    fn from(error: fusebind_model::Error) -> Self {
        Self::new(ErrorKind::Model, error.to_string())
    }
}
