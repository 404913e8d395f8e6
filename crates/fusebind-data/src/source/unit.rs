//! Units of affinity: from text such as `> 10000` and `Kd_nM` to a typed [`Affinity`].
//!
//! A concentration `c` in molar becomes `-log10 c`, which turns the relation around: `Kd > 10000 nM` means pKd is at most 5.

use super::columns::normalise;
use crate::table::{Affinity, Censoring, Scale};

/// Values of `-log10(molar)` beyond this range indicate a wrong unit.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = -3.0..=20.0;

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
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
    scale: Option<Scale>,
    notation: Option<Notation>,
}

impl UnitParts {
    /// Reads `text`, such as `Kd_nM`, `nM`, `pKi`, `IC50 (uM)`; `None` where it holds a word that names no unit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let normal = normalise(text);
        let mut parts = Self::default();
        for word in normal.split('_').filter(|word| !word.is_empty()) {
            let word = Self::word(word)?;
            parts = parts.and(word)?;
        }
        Some(parts)
    }

    fn word(word: &str) -> Option<Self> {
        let measure = |scale| Self {
            scale: Some(scale),
            notation: None,
        };
        let logarithm = |scale| Self {
            scale: Some(scale),
            notation: Some(Notation::Logarithmic),
        };
        let molar = |exponent| Self {
            scale: None,
            notation: Some(Notation::Concentration(exponent)),
        };
        Some(match word {
            "kd" => measure(Scale::PKd),
            "ki" => measure(Scale::PKi),
            "ic50" => measure(Scale::PIc50),
            "ec50" => measure(Scale::PEc50),
            "pkd" => logarithm(Scale::PKd),
            "pki" => logarithm(Scale::PKi),
            "pic50" => logarithm(Scale::PIc50),
            "pec50" => logarithm(Scale::PEc50),
            "kiba" => Self {
                scale: Some(Scale::Kiba),
                notation: Some(Notation::Score),
            },
            "m" | "molar" => molar(0),
            "mm" | "millimolar" => molar(3),
            "um" | "micromolar" => molar(6),
            "nm" | "nanomolar" => molar(9),
            "pm" | "picomolar" => molar(12),
            "fm" | "femtomolar" => molar(15),
            "score" | "value" | "affinity" | "in" | "standard" => Self::default(),
            _ => return None,
        })
    }

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    scale: Scale,
    notation: Notation,
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
        let value: f64 = digits.parse().map_err(|_| {
            "this is not a number; write digits with a decimal point, without unit or separators".to_string()
        })?;
        if !value.is_finite() {
            return Err("the affinity is not finite; leave the cell empty if it was not measured".into());
        }
        let (value, bound) = match self.notation {
            Notation::Concentration(_) if value <= 0.0 => {
                return Err("a concentration must be positive; write a censoring limit behind `<`".into());
            }
            Notation::Concentration(exponent) => (f64::from(exponent) - value.log10(), bound.reverse()),
            Notation::Logarithmic | Notation::Score => (value, bound),
        };
        if self.notation != Notation::Score && !PLAUSIBLE.contains(&value) {
            return Err(format!(
                "-log10(molar) would be {value:.1}, which is not an affinity; check the unit"
            ));
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
}

/// A relation in front of a number, and the number.
fn split_relation(text: &str) -> (&str, &str) {
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
            .ok_or("unknown unit")?
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
            ("Kd_nM", "1,000", "not a number"),
            ("Kd_nM", "", "not a number"),
            ("Kd_nM", "<>5", "not known"),
            ("pKd", "10000", "check the unit"),
            ("Kd", "5", "concentration unit is missing"),
            ("nM", "5", "what was measured"),
            ("mg/mL", "5", "unknown unit"),
            ("pKd nM", "5", "unknown unit"),
        ] {
            let reason = read(unit, text).unwrap_err();
            assert!(reason.contains(part), "{unit} {text}: {reason}");
        }
    }
}
