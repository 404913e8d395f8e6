//! Whether the numbers of a whole column can be what its unit says. A column under a wrong unit is refused as a whole: the rows that happen
//! to lie in the usual range would be misread as well.

use std::{collections::BTreeMap, path::Path};

use super::{
    measured::Measured,
    missing::present,
    raw::RawTable,
    unit::{Notation, PLAUSIBLE, Unit, shown, split_relation},
};
use crate::{Error, ErrorKind};

/// Share of impossible values from which a column as a whole is refused, where there are at least two.
pub const IMPOSSIBLE_SHARE: f64 = 0.2;
/// A median of -log10(molar) above this, 1 pM, says that the unit is wrong.
pub const HIGHEST_MEDIAN: f64 = 12.0;
/// Share of values between 3 and 12 from which concentrations look like logarithms, where a third of them has decimals.
pub const LOGARITHM_SHARE: f64 = 0.9;
/// Fewest values for a judgement by the median, for a note on the range of logarithms, and for a refusal by that range.
const FEWEST: [usize; 3] = [3, 4, 8];

/// Why numbers cannot be what their unit says.
struct Suspicion {
    reason: String,
    /// What they look like, with the flag that says so.
    likely: Option<String>,
    /// Too few numbers for a refusal.
    is_weak: bool,
}

/// Checks each column of measurements, apart for each unit that its rows have. Returns a note on each that is too short to be refused.
///
/// # Errors
///
/// The first column whose numbers cannot be what its unit says, with the likely unit.
pub(super) fn check(table: &RawTable, columns: &[Measured<'_>]) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    for measured in columns {
        let mut by_unit: BTreeMap<Unit, Vec<f64>> = BTreeMap::new();
        for row in 0..table.len() {
            let number = present(measured.column, row).and_then(|text| split_relation(text).1.parse::<f64>().ok());
            if let (Some(number), Ok(unit)) = (number.filter(|number| number.is_finite()), measured.unit(row)) {
                by_unit.entry(unit).or_default().push(number);
            }
        }
        let all: usize = by_unit.values().map(Vec::len).sum();
        // Where the rows have units of their own, the wrong ones of a few are refused row by row.
        for (unit, numbers) in by_unit.into_iter().filter(|(_, numbers)| 2 * numbers.len() >= all) {
            if let Some(found) = suspicion(unit, &numbers) {
                let likely = found.likely.map_or("check the unit".to_string(), |likely| {
                    format!("the numbers look like {likely}")
                });
                let reason = found.reason;
                if found.is_weak {
                    notes.push(format!(
                        "`{}`: {reason}; if the unit is wrong, {likely}",
                        measured.column.name()
                    ));
                    continue;
                }
                return Err(Error::new(ErrorKind::Unit, reason)
                    .in_file(Path::new(&table.file))
                    .in_column(measured.column.name())
                    .hint(format!("{likely}; --accept-values reads them as they are")));
            }
        }
    }
    Ok(notes)
}

/// Why `numbers` cannot be in `unit`, and what they look like.
fn suspicion(unit: Unit, numbers: &[f64]) -> Option<Suspicion> {
    let refusal = |reason, likely| Suspicion {
        reason,
        likely,
        is_weak: false,
    };
    if unit.notation == Notation::Score {
        return None;
    }
    let mut stored: Vec<f64> = numbers.iter().filter_map(|number| unit.stored(*number)).collect();
    let (all, name) = (stored.len(), unit.scale.name());
    let outside: Vec<f64> = numbers
        .iter()
        .copied()
        .filter(|number| unit.stored(*number).is_some_and(|value| !unit.plausible(value)))
        .collect();
    if outside.len() >= 2 && outside.len() as f64 >= IMPOSSIBLE_SHARE * all as f64 {
        let reason = format!(
            "{} of {all} numbers, such as {}, cannot be {}",
            outside.len(),
            shown(outside[0]),
            match unit.notation {
                Notation::Concentration(_) => format!("concentrations in {}", unit.symbol()),
                _ => format!("{name} ({} to {})", PLAUSIBLE.start(), PLAUSIBLE.end()),
            }
        );
        return Some(refusal(reason, most_likely(unit, &outside)));
    }
    stored.sort_by(f64::total_cmp);
    if all >= FEWEST[0] && stored[all / 2] > HIGHEST_MEDIAN {
        let reason = format!(
            "the median is a {name} of {:.1}, which no set of measurements has",
            stored[all / 2]
        );
        return Some(refusal(reason, most_likely(unit, numbers)));
    }
    let Notation::Concentration(exponent) = unit.notation else {
        return None;
    };
    // Weak binders in micromolar often lie between 3 and 12 as well: more of them are needed to tell.
    let times = if exponent >= 9 { 1 } else { 3 };
    let fewest = times * FEWEST[1];
    (numbers.len() >= fewest && like_logarithms(numbers)).then(|| {
        let reason = format!(
            "nearly all of {} numbers lie between 3 and 12, as logarithms do and concentrations in {} do not",
            numbers.len(),
            unit.symbol()
        );
        Suspicion {
            reason,
            likely: Some(as_logarithm(unit)),
            is_weak: numbers.len() < times * FEWEST[2],
        }
    })
}

/// Whether nearly all numbers lie where -log10(molar) does, and many have decimals.
fn like_logarithms(numbers: &[f64]) -> bool {
    let within = numbers.iter().filter(|number| (3.0..=12.0).contains(*number)).count();
    let decimals = numbers.iter().filter(|number| number.fract() != 0.0).count();
    within as f64 > LOGARITHM_SHARE * numbers.len() as f64 && decimals * 3 >= numbers.len()
}

fn as_logarithm(unit: Unit) -> String {
    let name = unit.scale.name();
    format!("{name}: --unit {name}")
}

/// What most of `numbers` look like.
fn most_likely(unit: Unit, numbers: &[f64]) -> Option<String> {
    if unit.notation != Notation::Logarithmic && like_logarithms(numbers) {
        return Some(as_logarithm(unit));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for likely in numbers.iter().filter_map(|number| unit.likely(*number)) {
        *counts.entry(likely).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(likely, _)| likely)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Scale;

    fn judged(notation: Notation, numbers: &[f64]) -> Option<String> {
        let unit = Unit {
            scale: Scale::PKd,
            notation,
        };
        let refusal = suspicion(unit, numbers).filter(|found| !found.is_weak);
        refusal.map(|found| format!("{}; {}", found.reason, found.likely.unwrap_or_default()))
    }

    #[test]
    fn columns_under_a_wrong_unit_are_seen() {
        let nanomolar = Notation::Concentration(9);
        for (notation, numbers, likely) in [
            (nanomolar, &[2e-8, 1.5e-9, 3e-7, 8e-6][..], "--unit Kd_M"),
            (nanomolar, &[1.2e-9, 3.4e-8, 12.0, 350.0], "--unit Kd_M"),
            (nanomolar, &[5.1, 6.2, 7.3, 8.0, 9.1, 4.4, 6.6, 7.7], "--unit pKd"),
            (
                Notation::Logarithmic,
                &[1.2, 3.5, 8.0, 31.0, 450.0, 10000.0],
                "--unit Kd_nM",
            ),
            (Notation::Logarithmic, &[-8.1, -7.0, -6.5, -9.2], "turn its sign"),
            (Notation::Concentration(0), &[120.0, 5000.0, 42.0], "--unit Kd_nM"),
            (Notation::Concentration(0), &[7.2, 5.4, 6.1], "--unit pKd"),
        ] {
            let judged = judged(notation, numbers);
            assert!(
                judged.as_ref().is_some_and(|reason| reason.contains(likely)),
                "{numbers:?}: {judged:?}"
            );
        }
    }

    #[test]
    fn usual_columns_are_accepted() {
        for (notation, numbers) in [
            (
                Notation::Concentration(9),
                &[10000.0, 12.0, 3.3, 450.0, 10000.0, 0.05, 7.0, 8.5][..],
            ),
            (
                Notation::Concentration(9),
                &[5.0, 6.0, 7.0, 8.0, 9.0, 4.0, 6.0, 7.0, 8.0],
            ),
            (Notation::Concentration(9), &[5.5, 1e-9]),
            (Notation::Concentration(6), &[5.1, 6.2, 7.3, 8.0, 9.1, 4.4, 6.6, 7.7]),
            (Notation::Logarithmic, &[5.0, 5.0, 9.2, 10.5, 7.1]),
            (Notation::Score, &[400.0, 1000.0, 12.0]),
        ] {
            assert_eq!(judged(notation, numbers), None, "{numbers:?}");
        }
    }
}
