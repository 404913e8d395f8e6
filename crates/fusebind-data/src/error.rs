//! Why a file or a table as a whole cannot be used. A single bad row is never an [`Error`]: it becomes a
//! [`Rejection`](crate::table::Rejection) and the rest of the table is kept.

use std::{fmt, io, path::Path};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder is not there.
    NotFound,
    /// A directory where a file is needed, or a file where a directory is needed.
    WrongFileType,
    /// A file holds no bytes or no rows.
    Empty,
    /// A file cannot be decoded: truncated, corrupt, of an unknown format, or in an unknown encoding.
    Malformed,
    /// A value or a block exceeds the memory that one value may take.
    TooLarge,
    /// A needed column is missing.
    MissingColumn,
    /// A column occurs twice.
    DuplicateColumn,
    /// Several readings are possible and none was chosen.
    Ambiguous,
    /// A unit is missing or unknown for a whole column.
    Unit,
    /// A setting contradicts the data or another setting.
    Config,
    /// A split, a sampler or a simulation cannot be made from this data set.
    Infeasible,
    /// The operating system refused to read.
    Read,
    /// The operating system refused to write; no half-written file is left behind.
    Write,
}

/// Where an [`Error`] occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// File as the user named it.
    pub file: Option<String>,
    /// 1-based data row or record.
    pub row: Option<u64>,
    /// Column or field.
    pub column: Option<String>,
}

/// An unusable file, table or setting: kind, position, one-line reason, and a hint that says how to fix it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    position: Box<Position>,
    reason: String,
    hint: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with a one-line `reason`.
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            position: Box::default(),
            reason: reason.into(),
            hint: String::new(),
            source: None,
        }
    }

    /// The error behind a failed read of `path`.
    pub fn read(path: &Path, source: io::Error) -> Self {
        let (kind, hint) = match source.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotFound, "check the spelling of the path"),
            io::ErrorKind::IsADirectory => (ErrorKind::WrongFileType, "name a file inside this directory"),
            io::ErrorKind::FileTooLarge => (ErrorKind::TooLarge, "unpack it, look at it, and name the unpacked file"),
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                (ErrorKind::Malformed, "copy or export the file again")
            }
            io::ErrorKind::PermissionDenied => (ErrorKind::Read, "check the permissions of the file"),
            _ => (
                ErrorKind::Read,
                "check that the disk and the network share are healthy, then try again",
            ),
        };
        Self::new(kind, format!("cannot be read: {source}"))
            .in_file(path)
            .hint(hint)
            .caused_by(source)
    }

    /// The error behind a failed write of `path`.
    pub fn write(path: &Path, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space or write to another disk; nothing was left behind"
            }
            io::ErrorKind::NotFound => "create the parent directory first",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose an output path that you may write to"
            }
            io::ErrorKind::IsADirectory => "choose a file name, not an existing directory",
            _ => "check the disk, then try again; nothing was left behind",
        };
        Self::new(ErrorKind::Write, format!("cannot be written: {source}"))
            .in_file(path)
            .hint(hint)
            .caused_by(source)
    }

    /// The same error in file `path`.
    pub fn in_file(mut self, path: &Path) -> Self {
        self.position.file = Some(path.display().to_string());
        self
    }

    /// The same error in 1-based data row `row`.
    pub fn at_row(mut self, row: u64) -> Self {
        self.position.row = Some(row);
        self
    }

    /// The same error in column or field `column`.
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.position.column = Some(column.into());
        self
    }

    /// The same error with one line that says how to fix it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same error with the error that caused it.
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it went wrong.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// One line that says what is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// One line that says how to fix it; may be empty.
    pub fn remedy(&self) -> &str {
        &self.hint
    }
}

impl From<fusebind_features::Error> for Error {
    /// A value that was written here and cannot be read again.
    fn from(error: fusebind_features::Error) -> Self {
        Self::new(ErrorKind::Malformed, error.to_string()).caused_by(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { file, row, column } = self.position.as_ref();
        let mut place = Vec::new();
        place.extend(file.clone());
        place.extend(row.map(|row| format!("row {row}")));
        place.extend(column.as_ref().map(|column| format!("column `{column}`")));
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        f.write_str(&self.reason)?;
        if !self.hint.is_empty() {
            write!(f, "\nhint: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_place_and_ends_with_a_hint() {
        let error = Error::new(ErrorKind::MissingColumn, "no SMILES column")
            .in_file(Path::new("drugs.csv"))
            .at_row(3)
            .in_column("smiles")
            .hint("add one");
        assert_eq!(
            error.to_string(),
            "drugs.csv, row 3, column `smiles`: no SMILES column\nhint: add one"
        );
    }

    #[test]
    fn a_full_disk_says_so() {
        let error = Error::write(Path::new("out.csv"), io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(error.kind(), ErrorKind::Write);
        assert!(error.remedy().contains("free some space"), "{error}");
    }
}
