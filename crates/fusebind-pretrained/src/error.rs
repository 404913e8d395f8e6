//! Errors of this crate: a folder that is no encoder, or an input that it cannot read.

use std::{
    io,
    path::{Path, PathBuf},
};

/// An error with the file and the tensor that it concerns, and a remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}{}{message}", place(path.as_deref()), tensor.as_ref().map(|name| format!("tensor `{name}`: ")).unwrap_or_default())]
pub struct Error {
    path: Option<PathBuf>,
    tensor: Option<String>,
    message: String,
    remedy: String,
}

fn place(path: Option<&Path>) -> String {
    path.map(|path| format!("{}: ", path.display())).unwrap_or_default()
}

impl Error {
    /// An error with a one-line `message` and what to do about it.
    pub(crate) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            path: None,
            tensor: None,
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "check the spelling of the path",
            io::ErrorKind::StorageFull => {
                "free some space and give the same command again: it goes on where it stopped"
            }
            _ => "check the path, its permissions and the free space",
        };
        Self::new(error.to_string(), remedy).about(path)
    }

    /// The same error about the file at `path`.
    pub(crate) fn about(mut self, path: &Path) -> Self {
        self.path.get_or_insert_with(|| path.to_path_buf());
        self
    }

    /// The same error about a tensor.
    pub(crate) fn tensor(mut self, name: &str) -> Self {
        self.tensor.get_or_insert_with(|| name.to_string());
        self
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}
