//! Errors of this crate: a table of numbers with rows of different lengths, or a drawing that failed.

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Rows, columns and values of a table or heat map do not fit together.
    Shape,
    /// A drawing or template library failed.
    Drawing,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Refuses `what` (a row, a heat map) that has `found` entries where `wanted` belong.
    pub(crate) fn shape(what: impl std::fmt::Display, found: usize, wanted: usize) -> Self {
        Self {
            kind: ErrorKind::Shape,
            message: format!("{what} has {found} entries where {wanted} belong"),
        }
    }
}

impl From<minijinja::Error> for Error {
    fn from(error: minijinja::Error) -> Self {
        Self {
            kind: ErrorKind::Drawing,
            message: format!("template: {error:#}"),
        }
    }
}

impl<E: std::error::Error + Send + Sync> From<plotters::drawing::DrawingAreaErrorKind<E>> for Error {
    fn from(error: plotters::drawing::DrawingAreaErrorKind<E>) -> Self {
        Self {
            kind: ErrorKind::Drawing,
            message: format!("chart: {error}"),
        }
    }
}
