//! A row that could not be used: where it is and why.

use serde::{Deserialize, Serialize};

/// Longest stored value, in characters.
const VALUE_CHARS: usize = 80;

/// One rejected row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// File the row was read from, as the user named it.
    pub file: String,
    /// 1-based data row (header not counted); for SDF and FASTA the record number.
    pub row: u64,
    /// Column or field.
    pub field: String,
    /// The offending value, shortened to 80 characters.
    pub value: String,
    /// One line that says what is wrong and how to fix it.
    pub reason: String,
}

impl Rejection {
    /// A rejection of row `row` of `file` without a field or value.
    pub fn new(file: impl Into<String>, row: u64, reason: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            row,
            field: String::new(),
            value: String::new(),
            reason: reason.into(),
        }
    }

    /// The same rejection with its field and the offending value, which is shortened.
    pub fn of(mut self, field: impl Into<String>, value: &str) -> Self {
        self.field = field.into();
        let mut characters = value.chars();
        self.value = characters.by_ref().take(VALUE_CHARS).collect();
        if characters.next().is_some() {
            self.value.pop();
            self.value.push('…');
        }
        self
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, row {}", self.file, self.row)?;
        if !self.field.is_empty() {
            write!(f, ", field `{}`", self.field)?;
        }
        if !self.value.is_empty() {
            write!(f, " = {:?}", self.value)?;
        }
        write!(f, ": {}", self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shortened_to_eighty_characters() {
        let rejection = Rejection::new("pairs.csv", 2, "too long").of("label", &"é".repeat(100));
        assert_eq!(rejection.value.chars().count(), 80);
        assert!(rejection.to_string().starts_with("pairs.csv, row 2, field `label` = "));
    }
}
