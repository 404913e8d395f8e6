//! What a text states about a unit: `Kd_nM`, `IC50 (µM)`, `nmol/L`, `-log10 Ki`, `pKd`.
//!
//! Comes in: the name of a column, or the cell of a unit column. Goes out: [`UnitParts`], or a [`UnitFault`] with the remedy. Nothing is
//! guessed: a stray sign, `MM` and `log Kd` without a sign are refused.

use std::fmt;

use super::{
    columns::normalise,
    unit::{Notation, UnitParts},
};
use crate::table::Scale;

/// What stands behind `mol` in a concentration, the longest first.
const PER_LITRE: [&str; 21] = [
    " per litre",
    " per liter",
    "/litre",
    "/liter",
    " l^-1",
    "*l^-1",
    ".l^-1",
    "/dm^3",
    " dm-3",
    ".dm-3",
    " per l",
    " l-1",
    ".l-1",
    "*l-1",
    "/dm3",
    " l⁻¹",
    "l-1",
    "/ l",
    "/l",
    "_l",
    " /l",
];
/// Beginnings that turn the sign of a logarithm, in lower case, the longest first.
const NEGATIVE: [&str; 15] = [
    "negative log10",
    "negative log",
    "minus log10",
    "minus log",
    "neg_log10",
    "neg log10",
    "neglog10",
    "neg_log",
    "neg log",
    "neglog",
    "-log10",
    "- log",
    "-log",
    "-lg",
    "nlog",
];
/// Beginnings of a logarithm without a sign.
const LOGARITHM: [&str; 4] = ["log10", "log", "lg", "ln"];

/// Why a text states no unit. `Display` names the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitFault {
    /// A sign that belongs to no unit, and the text without it.
    Stray(char, String),
    /// A word that is no unit.
    Unknown(String),
    /// `MM` or `Mm`.
    Capital(String),
    /// An amount such as `nmol`.
    Amount(String),
    /// A logarithm whose sign is not said.
    Sign,
    /// Two units in one text.
    Contradiction,
}

impl fmt::Display for UnitFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stray(sign, rest) => write!(
                f,
                "the unit has a stray `{sign}`; write `{rest}` without it, or name the unit with --unit if it is another"
            ),
            Self::Unknown(word) => write!(
                f,
                "`{word}` is not known as a unit; write for instance Kd_nM, IC50_uM, Ki_M, pKd or KIBA_score, or name it with --unit"
            ),
            Self::Capital(word) => write!(f, "`{word}` may be mM or uM; write the one that is meant, or name it with --unit"),
            Self::Amount(word) => write!(f, "`{word}` is an amount, not a concentration; write for instance {word}/L"),
            Self::Sign => f.write_str("a logarithm without its sign; turn the values into -log10 of the molar value and write for instance pKd"),
            Self::Contradiction => f.write_str("the parts of the unit contradict each other; keep one, or name it with --unit"),
        }
    }
}

impl UnitParts {
    /// Reads the name of a column: signs stand between words.
    pub(crate) fn of_name(name: &str) -> Result<Self, UnitFault> {
        read(name, true)
    }

    /// Reads a unit or a measure in a cell or a setting: only letters, digits, spaces, `_` and closed brackets.
    pub(crate) fn parse(text: &str) -> Result<Self, UnitFault> {
        read(text, false)
    }
}

fn read(text: &str, is_name: bool) -> Result<UnitParts, UnitFault> {
    let text = molar(&plain(text));
    let (text, logarithm) = logarithm(&text)?;
    if !is_name && let Some(sign) = stray(text) {
        let rest: String = text.chars().filter(|c| *c != sign).collect();
        let rest = rest.trim();
        return Err(match rest.is_empty() || read(rest, false).is_err() {
            true => UnitFault::Unknown(text.trim().into()),
            false => UnitFault::Stray(sign, rest.into()),
        });
    }
    let mut parts = UnitParts::default();
    for written in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let mut stated = word(written)?;
        // -log10(Kd/M) and -log10 Kd [M] name the unit inside the logarithm.
        if logarithm && stated.notation == Some(Notation::Concentration(0)) {
            stated.notation = None;
        }
        parts = parts.and(stated).ok_or(UnitFault::Contradiction)?;
    }
    if !logarithm {
        return Ok(parts);
    }
    let negative = UnitParts {
        scale: None,
        notation: Some(Notation::Logarithmic),
    };
    parts.and(negative).ok_or(UnitFault::Contradiction)
}

/// Both micro signs as `u`, every minus as `-`, every multiplication dot as `.`.
fn plain(text: &str) -> String {
    let one = |c: char| match c {
        'µ' | 'μ' => 'u',
        '−' | '–' | '‐' => '-',
        '·' | '⋅' | '∙' | '•' => '.',
        '\u{a0}' => ' ',
        c => c,
    };
    text.trim().chars().map(one).collect()
}

/// Amounts per litre as molar: `nmol/L` becomes `nM`.
fn molar(text: &str) -> String {
    let mut text = text.to_string();
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find("mol") else { return text };
    for suffix in PER_LITRE {
        let begin = at + 3;
        if lower[begin..].starts_with(suffix) {
            // No letter may follow, as in `mol/lysate`.
            let end = begin + suffix.len();
            if !lower[end..].starts_with(|c: char| c.is_alphanumeric()) {
                text.replace_range(at..end, "M");
            }
            break;
        }
    }
    text
}

/// The text behind a logarithm that turns the sign, and whether there is one.
fn logarithm(text: &str) -> Result<(&str, bool), UnitFault> {
    let lower = text.to_ascii_lowercase();
    // A name such as `my -log10 Kd` is none of ours: the logarithm stands first.
    if let Some(begin) = NEGATIVE.iter().find(|begin| lower.starts_with(**begin)) {
        let rest = text[begin.len()..].trim_start_matches("10");
        let inner = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let rest = inner.unwrap_or(rest).trim_start_matches(['_', ' ']);
        return Ok((rest.strip_suffix("/M").unwrap_or(rest), true));
    }
    for begin in LOGARITHM {
        if let Some(rest) = lower.strip_prefix(begin) {
            let rest = normalise(rest);
            let words = rest.split('_').filter(|part| !part.is_empty()).map(word);
            let known: Result<Vec<UnitParts>, UnitFault> = words.collect();
            if known.is_ok_and(|known| known.iter().any(|parts| *parts != UnitParts::default())) {
                return Err(UnitFault::Sign);
            }
        }
    }
    Ok((text, false))
}

/// The first sign that belongs to no unit: none of letters, digits, spaces, `_` and closed brackets.
fn stray(text: &str) -> Option<char> {
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '(' | '[' => open.push(c),
            ')' | ']' => {
                let wanted = if c == ')' { '(' } else { '[' };
                if open.pop() != Some(wanted) {
                    return Some(c);
                }
            }
            c if c.is_alphanumeric() || c == ' ' || c == '_' => {}
            c => return Some(c),
        }
    }
    open.pop()
}

fn word(written: &str) -> Result<UnitParts, UnitFault> {
    let measure = |scale| UnitParts {
        scale: Some(scale),
        notation: None,
    };
    let logarithm = |scale| UnitParts {
        scale,
        notation: Some(Notation::Logarithmic),
    };
    let molar = |exponent| UnitParts {
        scale: None,
        notation: Some(Notation::Concentration(exponent)),
    };
    if matches!(written, "MM" | "Mm") {
        return Err(UnitFault::Capital(written.into()));
    }
    Ok(match written.to_ascii_lowercase().as_str() {
        "kd" => measure(Scale::PKd),
        "ki" => measure(Scale::PKi),
        "ic50" => measure(Scale::PIc50),
        "ec50" => measure(Scale::PEc50),
        "ac50" | "potency" => measure(Scale::PAc50),
        "pkd" => logarithm(Some(Scale::PKd)),
        "pki" => logarithm(Some(Scale::PKi)),
        "pic50" => logarithm(Some(Scale::PIc50)),
        "pec50" => logarithm(Some(Scale::PEc50)),
        "pac50" | "ppotency" => logarithm(Some(Scale::PAc50)),
        "pchembl" => logarithm(None),
        "kiba" => UnitParts {
            scale: Some(Scale::Kiba),
            notation: Some(Notation::Score),
        },
        "m" | "molar" => molar(0),
        "mm" | "millimolar" => molar(3),
        "um" | "micromolar" => molar(6),
        "nm" | "nanomolar" => molar(9),
        "pm" | "picomolar" => molar(12),
        "fm" | "femtomolar" => molar(15),
        "mol" | "mmol" | "umol" | "nmol" | "pmol" | "fmol" => return Err(UnitFault::Amount(written.into())),
        "score" | "value" | "values" | "affinity" | "in" | "standard" => UnitParts::default(),
        _ => return Err(UnitFault::Unknown(written.into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concentrations_are_read_as_people_write_them() {
        for (texts, exponent) in [
            (
                &[
                    "nM",
                    "NM",
                    "nm",
                    "nmol/L",
                    "nmol/l",
                    "nmol l-1",
                    "nmol·L−1",
                    "nmol.L-1",
                    "nmol L^-1",
                    "(nM)",
                    "[nM]",
                    "nmol/dm3",
                ][..],
                9,
            ),
            (
                &["uM", "µM", "μM", "um", "umol/L", "μmol/l", "µmol L-1", "micromolar"][..],
                6,
            ),
            (&["mM", "mm", "mmol/L"][..], 3),
            (&["M", "mol/L", "mol l-1", "molar"][..], 0),
            (&["pM", "pmol/l"][..], 12),
        ] {
            for text in texts {
                let wanted = UnitParts {
                    scale: None,
                    notation: Some(Notation::Concentration(exponent)),
                };
                assert_eq!(UnitParts::parse(text), Ok(wanted), "{text}");
            }
        }
    }

    #[test]
    fn logarithms_are_read_where_their_sign_is_said() {
        for text in [
            "pKd",
            "-logKd",
            "-log10 Kd",
            "-Log Kd",
            "−log Kd",
            "-log10(Kd)",
            "-log10(Kd/M)",
            "-lgKd",
            "neg_log_kd",
        ] {
            let wanted = UnitParts {
                scale: Some(Scale::PKd),
                notation: Some(Notation::Logarithmic),
            };
            assert_eq!(UnitParts::of_name(text), Ok(wanted), "{text}");
            assert_eq!(UnitParts::parse(text), Ok(wanted), "{text}");
        }
        for text in ["logKd", "Log Ki", "log10(IC50)", "log M"] {
            assert_eq!(UnitParts::parse(text), Err(UnitFault::Sign), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_unit_or_a_fault(text in "(-?log(10)?|[nuµm]?mol|[/ .(]|[lL]-?1?|.|K[di]|[nu]M){0,6}") {
            let _ = UnitParts::of_name(&text);
            if let Err(fault) = UnitParts::parse(&text) {
                proptest::prop_assert!(!fault.to_string().is_empty());
            }
        }
    }

    #[test]
    fn what_is_no_unit_is_refused_with_a_remedy() {
        for (text, words) in [
            ("/nM", "stray `/`; write `nM`"),
            ("nM?", "stray `?`"),
            ("nM)", "stray `)`"),
            ("(nM", "stray `(`"),
            ("nM;", "stray `;`"),
            ("10^-9 M", "`10^-9 M` is not known"),
            ("MM", "mM or uM"),
            ("nmol", "amount"),
            ("kcal/mol", "`kcal/mol` is not known"),
            ("ug.mL-1", "`ug.mL-1` is not known"),
            ("Kd apparent", "`apparent` is not known"),
            ("pKd nM", "contradict"),
            ("%", "`%` is not known"),
        ] {
            let fault = UnitParts::parse(text).map_err(|fault| fault.to_string());
            assert!(
                fault.as_ref().is_err_and(|fault| fault.contains(words)),
                "{text}: {fault:?}"
            );
        }
        assert!(UnitParts::of_name("logp").is_err() && UnitParts::of_name("login") != Err(UnitFault::Sign));
    }
}
