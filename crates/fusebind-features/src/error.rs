//! Why a raw value cannot be featurised.

/// What kind of value was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A SMILES or SD record that is not a valid molecule.
    Molecule,
    /// A sequence that is not a valid protein.
    Protein,
    /// A pattern that cannot be read.
    Smarts,
    /// A name that is not a modality.
    Modality,
}

/// A refused raw value: its kind, the reason and, where known, the offending position in the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Error {
    kind: ErrorKind,
    reason: String,
    position: Option<usize>,
}

impl Error {
    /// An error of `kind` with a one-line `reason`.
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            position: None,
        }
    }

    /// The same error pointing at byte `position` of the value.
    pub fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    /// What kind of value was refused.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Byte position in the value, where known.
    pub fn position(&self) -> Option<usize> {
        self.position
    }
}
