//! Units of affinity: from a number such as `> 10000` with its unit to a typed [`Affinity`].
//!
//! A concentration `c` in molar becomes `-log10 c`, which turns the relation around: `Kd > 10000 nM` means pKd is at most 5. What a text such
//! as `Kd_nM` states is read beside, in `unit_text`.

use super::decimal;
use crate::table::{Affinity, Censoring, Scale};

/// Values of `-log10(molar)` that are read: from 1 M to 1 fM. Beyond them the unit is wrong.
pub const PLAUSIBLE: std::ops::RangeInclusive<f64> = 0.0..=15.0;
/// Values that most affinities have; a number that lies here under another unit hints at that unit.
pub(super) const USUAL: std::ops::RangeInclusive<f64> = 2.0..=13.0;

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notation {
    /// A concentration of `10^-exponent` molar.
    Concentration(i8),
    /// Already `-log10(molar)`.
    Logarithmic,
    /// A score without unit.
    Score,
}

/// What a unit column, a column name or a setting states about the unit: perhaps only a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitParts {
    pub(super) scale: Option<Scale>,
    pub(super) notation: Option<Notation>,
}

impl UnitParts {
    /// Both parts together; `None` where they contradict each other.
    pub(crate) fn and(self, other: Self) -> Option<Self> {
        let scale = match (self.scale, other.scale) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b),
        };
        let notation = match (self.notation, other.notation) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b),
        };
        Some(Self { scale, notation })
    }

    /// Whether the text names what was measured.
    pub(crate) fn names_measure(self) -> bool {
        self.scale.is_some()
    }

    /// Whether the values are logarithms.
    pub(super) fn is_logarithmic(self) -> bool {
        self.notation == Some(Notation::Logarithmic)
    }

    /// Whether a concentration is all that is stated.
    pub(super) fn is_unit_alone(self) -> bool {
        self.scale.is_none() && matches!(self.notation, Some(Notation::Concentration(_)))
    }

    /// The full unit, or what is missing.
    pub(crate) fn complete(self) -> Result<Unit, String> {
        match (self.scale, self.notation) {
            (Some(scale), Some(notation)) => Ok(Unit { scale, notation }),
            (Some(_), None) => Err("the concentration unit is missing; write for instance Kd_nM or Kd_uM".into()),
            (None, Some(_)) => {
                Err("the unit does not state what was measured; write for instance Kd_nM or IC50_nM".into())
            }
            (None, None) => Err("the unit is missing; write for instance Kd_nM, pKd or KIBA_score".into()),
        }
    }
}

/// A complete unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub(super) scale: Scale,
    pub(super) notation: Notation,
}

impl Unit {
    /// Converts a number with its relation (empty, `=`, `~`, `>`, `>=`, `<`, `<=`), or gives the reason why it is not an affinity.
    pub(crate) fn affinity(self, relation: &str, number: &str) -> Result<Affinity, String> {
        let (prefix, digits) = split_relation(number);
        if !relation.is_empty() && !prefix.is_empty() && relation != prefix {
            return Err(format!(
                "the relation {relation} contradicts the prefix {prefix}; keep one of them"
            ));
        }
        let bound = match if prefix.is_empty() { relation } else { prefix } {
            "" | "=" | "==" | "~" | "≈" => std::cmp::Ordering::Equal,
            ">" | ">=" | "≥" | ">>" => std::cmp::Ordering::Greater,
            "<" | "<=" | "≤" | "<<" => std::cmp::Ordering::Less,
            other => return Err(format!("the relation {other} is not known; write =, >, >=, < or <=")),
        };
        let written: f64 = digits.parse().map_err(|_| {
            decimal::unclear(digits).unwrap_or_else(|| {
                "this is not a number; write digits with a decimal point, without unit or separators".to_string()
            })
        })?;
        if !written.is_finite() {
            return Err("the affinity is not finite; leave the cell empty if it was not measured".into());
        }
        let bound = match self.notation {
            Notation::Concentration(_) => bound.reverse(),
            Notation::Logarithmic | Notation::Score => bound,
        };
        let Some(value) = self.stored(written) else {
            return Err("a concentration must be positive; write a censoring limit behind `<`".into());
        };
        if !self.plausible(value) {
            return Err(self.implausible(written));
        }
        let censoring = match bound {
            std::cmp::Ordering::Equal => Censoring::Exact,
            std::cmp::Ordering::Less => Censoring::AtMost,
            std::cmp::Ordering::Greater => Censoring::AtLeast,
        };
        Ok(Affinity {
            value,
            scale: self.scale,
            censoring,
        })
    }

    /// The value that is stored for the number `written`; `None` for a concentration that is not positive.
    pub(super) fn stored(self, written: f64) -> Option<f64> {
        match self.notation {
            Notation::Concentration(exponent) => (written > 0.0).then(|| f64::from(exponent) - written.log10()),
            Notation::Logarithmic | Notation::Score => Some(written),
        }
    }

    /// Whether a stored value can be an affinity.
    pub(super) fn plausible(self, stored: f64) -> bool {
        let (low, high) = (PLAUSIBLE.start() - 1e-9, PLAUSIBLE.end() + 1e-9);
        self.notation == Notation::Score || (low..=high).contains(&stored)
    }

    /// Why a number cannot be what its unit says, with the likely unit.
    fn implausible(self, written: f64) -> String {
        let (low, high) = (PLAUSIBLE.start(), PLAUSIBLE.end());
        let remedy = match self.likely(written) {
            Some(likely) => format!("it looks like {likely}"),
            None => "check the unit".into(),
        };
        match self.notation {
            Notation::Logarithmic | Notation::Score => format!(
                "`{}` cannot be a {} ({low} to {high}); {remedy}",
                shown(written),
                self.scale.name()
            ),
            Notation::Concentration(_) => format!(
                "`{}` {} would be a {} of {:.1} (read are {low} to {high}); {remedy}",
                shown(written),
                self.symbol(),
                self.scale.name(),
                self.stored(written).unwrap_or(f64::NAN)
            ),
        }
    }

    /// What numbers such as `written` usually are, with the flag that says so; `None` where nothing fits.
    pub(super) fn likely(self, written: f64) -> Option<String> {
        let measure = self.scale.name().trim_start_matches('p');
        let as_unit = |exponent: i8, symbol: &str| {
            let unit = Self {
                notation: Notation::Concentration(exponent),
                ..self
            };
            (unit != self && unit.stored(written).is_some_and(|p| USUAL.contains(&p)))
                .then(|| format!("{symbol}: --unit {measure}_{symbol}"))
        };
        match self.notation {
            Notation::Score => None,
            Notation::Logarithmic if USUAL.contains(&-written) => Some(format!(
                "log10 of the molar value: turn its sign to write a {}",
                self.scale.name()
            )),
            Notation::Logarithmic => as_unit(9, "nM"),
            // Small numbers are molar, large ones nanomolar.
            Notation::Concentration(_) if written < 0.1 => as_unit(0, "M"),
            Notation::Concentration(_) => as_unit(9, "nM"),
        }
    }

    /// The concentration as people write it.
    pub(super) fn symbol(self) -> &'static str {
        match self.notation {
            Notation::Concentration(0) => "M",
            Notation::Concentration(3) => "mM",
            Notation::Concentration(6) => "uM",
            Notation::Concentration(9) => "nM",
            Notation::Concentration(12) => "pM",
            Notation::Concentration(_) => "fM",
            Notation::Logarithmic | Notation::Score => self.scale.name(),
        }
    }
}

/// A number as people write it: small and large ones with an exponent.
pub(super) fn shown(number: f64) -> String {
    match number.abs() {
        size if size == 0.0 || (1e-3..1e6).contains(&size) => number.to_string(),
        _ => format!("{number:e}"),
    }
}

/// A relation in front of a number, and the number.
pub(super) fn split_relation(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|c: char| !matches!(c, '<' | '>' | '=' | '~' | '≤' | '≥' | '≈'))
        .unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(unit: &str, text: &str) -> Result<Affinity, String> {
        UnitParts::parse(unit)
            .map_err(|fault| fault.to_string())?
            .complete()?
            .affinity("", text)
    }

    #[test]
    fn concentrations_become_negative_logarithms() {
        for (unit, text, value) in [
            ("Kd_nM", "10000", 5.0),
            ("Kd (uM)", "10", 5.0),
            ("kd_µM", "10", 5.0),
            ("Kd mM", "1", 3.0),
            ("kd_pm", "1", 12.0),
            ("Kd_M", "1e-9", 9.0),
            ("pKd", "7.25", 7.25),
        ] {
            assert_eq!(
                read(unit, text),
                Ok(Affinity {
                    value,
                    scale: Scale::PKd,
                    censoring: Censoring::Exact
                }),
                "{unit}"
            );
        }
        assert_eq!(read("Ki nM", "1").unwrap().scale, Scale::PKi);
        assert_eq!(read("IC50 (nM)", "1").unwrap().scale, Scale::PIc50);
        assert_eq!(read("EC50_nM", "1").unwrap().scale, Scale::PEc50);
        assert_eq!(
            read("KIBA_score", "11.1").unwrap(),
            Affinity {
                value: 11.1,
                scale: Scale::Kiba,
                censoring: Censoring::Exact
            }
        );
    }

    #[test]
    fn a_bound_on_a_concentration_turns_around() {
        for (unit, text, censoring) in [
            ("Kd_nM", ">10000", Censoring::AtMost),
            ("Kd_nM", ">= 10000", Censoring::AtMost),
            ("Kd_nM", "<10000", Censoring::AtLeast),
            ("Kd_nM", "~10000", Censoring::Exact),
            ("pKd", ">5", Censoring::AtLeast),
            ("pKd", "<=5", Censoring::AtMost),
        ] {
            assert_eq!(
                read(unit, text),
                Ok(Affinity {
                    value: 5.0,
                    scale: Scale::PKd,
                    censoring
                }),
                "{unit} {text}"
            );
        }
    }

    #[test]
    fn what_is_no_affinity_is_refused_with_a_remedy() {
        for (unit, text, part) in [
            ("Kd_nM", "0", "positive"),
            ("Kd_nM", "-3", "positive"),
            ("Kd_nM", "NaN", "not finite"),
            ("Kd_nM", "inf", "not finite"),
            ("Kd_nM", "1,000", "1000 if the comma stands for thousands"),
            ("Kd_nM", "", "not a number"),
            ("Kd_nM", "<>5", "not known"),
            ("Kd_nM", "1.2e-9", "looks like M: --unit Kd_M"),
            ("Kd_M", "120", "looks like nM: --unit Kd_nM"),
            (
                "pKd",
                "12000",
                "`12000` cannot be a pKd (0 to 15); it looks like nM: --unit Kd_nM",
            ),
            ("pIC50", "-8.5", "log10 of the molar value"),
            ("pKd", "1e300", "check the unit"),
            ("Kd", "5", "concentration unit is missing"),
            ("nM", "5", "what was measured"),
            ("mg/mL", "5", "`mg/mL` is not known"),
            ("pKd nM", "5", "contradict"),
        ] {
            let reason = read(unit, text).unwrap_err();
            assert!(reason.contains(part), "{unit} {text}: {reason}");
        }
    }
}
