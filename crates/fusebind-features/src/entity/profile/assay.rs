//! Assay outcomes: active, inactive, a number, or not tested, which are four different things.
//!
//! Comes in: an assay's name with a text cell or a number. Goes out: [`AssayProfile`], in which an absent assay was not run.

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
            "active" | "true" => AssayOutcome::Active,
            "inactive" | "false" => AssayOutcome::Inactive,
            other => match other.parse::<f64>() {
                Ok(value) => return self.add_number(assay, value),
                Err(_) => {
                    let reason = format!("`{cell}` is no outcome: give active, inactive, a number, or leave it empty");
                    return Err(Error::new(ErrorKind::Assay, reason));
                }
            },
        };
        self.insert(assay, outcome)
    }

    /// Adds the outcome in a numeric column: NaN is not tested, 1 active, 0 inactive; any other finite number is a value.
    pub fn add_number(&mut self, assay: &str, value: f64) -> Result<(), Error> {
        let outcome = match value {
            value if value.is_nan() => return Ok(()),
            1.0 => AssayOutcome::Active,
            0.0 => AssayOutcome::Inactive,
            value if (value as f32).is_finite() => AssayOutcome::Value(value as f32),
            _ => {
                return Err(Error::new(
                    ErrorKind::Assay,
                    format!("the outcome of `{assay}` is beyond all numbers"),
                ));
            }
        };
        self.insert(assay, outcome)
    }

    fn insert(&mut self, assay: &str, outcome: AssayOutcome) -> Result<(), Error> {
        match self.outcomes.insert(assay.to_string(), outcome) {
            None => Ok(()),
            Some(first) => {
                // The first outcome stays: a refused cell changes nothing.
                self.outcomes.insert(assay.to_string(), first);
                Err(Error::new(
                    ErrorKind::Assay,
                    format!("assay `{assay}` has two outcomes"),
                ))
            }
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

    #[test]
    fn numbers_mean_the_same_as_their_text() {
        for (value, cell) in [(1.0, "1"), (0.0, "0"), (f64::NAN, "NaN"), (6.3, "6.3"), (-2.0, "-2")] {
            let (mut number, mut text) = (AssayProfile::default(), AssayProfile::default());
            number.add_number("a", value).expect("an outcome");
            text.add("a", cell).expect("an outcome");
            assert_eq!(number, text, "{cell}");
        }
        let mut profile = AssayProfile::default();
        assert!(profile.add_number("a", f64::INFINITY).is_err() && profile.add_number("a", 1e300).is_err());
        profile.add("a", "active").expect("an outcome");
        assert!(profile.add("a", "inactive").is_err());
        assert_eq!(
            profile.outcomes().get("a"),
            Some(&AssayOutcome::Active),
            "the first outcome stays"
        );
    }
}
