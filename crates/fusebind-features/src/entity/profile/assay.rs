//! Assay outcomes: active, inactive, a number, or not tested, which are four different things.

use std::collections::BTreeMap;

use crate::{Error, ErrorKind};

/// What an assay said. An assay that is absent from a profile was not run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AssayOutcome {
    /// Tested and active.
    Active,
    /// Tested and inactive.
    Inactive,
    /// Tested with a numeric outcome.
    Value(f32),
}

/// Outcomes of one drug by assay name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssayProfile {
    outcomes: BTreeMap<String, AssayOutcome>,
}

impl AssayProfile {
    /// Adds the outcome in a table cell: empty, `NaN` or `NA` is not tested; 1, `active`, `true` and 0, `inactive`, `false` are
    /// classes; any other finite number is a value. Adding an assay twice is refused.
    pub fn add(&mut self, assay: &str, cell: &str) -> Result<(), Error> {
        let cell = cell.trim();
        let outcome = match cell.to_ascii_lowercase().as_str() {
            "" | "nan" | "na" | "null" => return Ok(()),
            "1" | "1.0" | "active" | "true" => AssayOutcome::Active,
            "0" | "0.0" | "inactive" | "false" => AssayOutcome::Inactive,
            other => match other.parse::<f32>() {
                Ok(value) if value.is_finite() => AssayOutcome::Value(value),
                _ => {
                    let reason = format!("`{cell}` is no outcome: give active, inactive, a number, or leave it empty");
                    return Err(Error::new(ErrorKind::Assay, reason));
                }
            },
        };
        match self.outcomes.insert(assay.to_string(), outcome) {
            None => Ok(()),
            Some(_) => Err(Error::new(
                ErrorKind::Assay,
                format!("assay `{assay}` has two outcomes"),
            )),
        }
    }

    /// Outcomes by assay name.
    pub fn outcomes(&self) -> &BTreeMap<String, AssayOutcome> {
        &self.outcomes
    }

    /// Whether nothing was tested.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_tested_is_not_inactive() {
        let mut profile = AssayProfile::default();
        for (assay, cell) in [
            ("a", "1"),
            ("b", "0"),
            ("c", ""),
            ("d", "NaN"),
            ("e", "6.3"),
            ("f", "Inactive"),
        ] {
            profile.add(assay, cell).unwrap();
        }
        let expected = [
            ("a", AssayOutcome::Active),
            ("b", AssayOutcome::Inactive),
            ("e", AssayOutcome::Value(6.3)),
            ("f", AssayOutcome::Inactive),
        ];
        assert!(profile.outcomes().iter().map(|(k, v)| (k.as_str(), *v)).eq(expected));
        assert!(
            profile.add("g", "maybe").is_err() && profile.add("g", "inf").is_err() && profile.add("a", "0").is_err()
        );
    }
}
