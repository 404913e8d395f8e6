//! A row that could not be used: where it stands and why.

use serde::Serialize;

/// One rejected row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// File the row was read from, as the user named it.
    pub file: String,
    /// 1-based data row (header not counted); for SDF and FASTA the record number.
    pub row: u64,
    /// Column or field.
    pub field: String,
    /// The offending value, shortened to 80 characters.
    pub value: String,
    /// One line that says what is wrong and how to mend it.
    pub reason: String,
}
