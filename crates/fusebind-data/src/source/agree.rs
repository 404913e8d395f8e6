//! One quantity in several columns of a row: `Ki (nM)` beside `pKi`. They count once where they agree; where they contradict each other
//! the row is refused, or a setting names the column that counts. pChEMBL is derived from the value beside it: there the value counts, and
//! the contradiction is counted.

use crate::table::{Affinity, Censoring};

/// Exact values of one quantity that differ by more than this on their scale contradict each other. Rounding to one decimal stays below.
pub const AGREEMENT: f64 = 0.05;

/// A value that was read, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'t> {
    /// Name of the column.
    pub(super) column: &'t str,
    /// The cell.
    pub(super) text: &'t str,
    pub(super) affinity: Affinity,
    /// Derived from another column by the source.
    pub(super) is_derived: bool,
}

/// How a reading relates to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// It is the first of its scale, agrees, or a setting decides.
    Agrees,
    /// One of two that contradict each other is derived, and the other counts.
    Overruled,
}

/// Adds `new` to the readings of a row, one for each scale, or gives the reason why it contradicts an earlier one.
pub(super) fn add<'t>(
    readings: &mut Vec<Reading<'t>>,
    new: Reading<'t>,
    prefer: Option<&str>,
) -> Result<Agreement, String> {
    let Some(known) = readings
        .iter_mut()
        .find(|known| known.affinity.scale == new.affinity.scale)
    else {
        readings.push(new);
        return Ok(Agreement::Agrees);
    };
    if prefer == Some(known.column) {
        return Ok(Agreement::Agrees);
    }
    if prefer == Some(new.column) {
        *known = new;
        return Ok(Agreement::Agrees);
    }
    if let Some(both) = combined(known.affinity, new.affinity) {
        known.affinity = both;
        return Ok(Agreement::Agrees);
    }
    if known.is_derived != new.is_derived {
        if known.is_derived {
            *known = new;
        }
        return Ok(Agreement::Overruled);
    }
    let scale = new.affinity.scale.name();
    let part = |reading: &Reading<'_>| {
        let bound = match reading.affinity.censoring {
            Censoring::Exact => "",
            Censoring::AtMost => "at most ",
            Censoring::AtLeast => "at least ",
        };
        format!(
            "`{}` = `{}` ({scale} {bound}`{:.2}`)",
            reading.column, reading.text, reading.affinity.value
        )
    };
    Err(format!(
        "{} contradicts {}; correct one, or choose with --prefer COLUMN",
        part(&new),
        part(known)
    ))
}

/// What both say; `None` where they contradict each other.
fn combined(a: Affinity, b: Affinity) -> Option<Affinity> {
    use Censoring::{AtLeast, AtMost, Exact};
    let same = (a.value - b.value).abs() <= AGREEMENT + 1e-9;
    let holds = |bound: Affinity, exact: f64| match bound.censoring {
        AtMost => exact <= bound.value + AGREEMENT,
        AtLeast => exact >= bound.value - AGREEMENT,
        Exact => same,
    };
    match (a.censoring, b.censoring) {
        // A relation that one column has lost is kept.
        (Exact, AtMost | AtLeast) if same => Some(Affinity {
            censoring: b.censoring,
            ..a
        }),
        (AtMost | AtLeast, Exact) if same => Some(a),
        (Exact, AtMost | AtLeast) => holds(b, a.value).then_some(a),
        (AtMost | AtLeast, Exact) => holds(a, b.value).then_some(b),
        // An interval, which one value cannot carry: the first bound is kept.
        (AtMost, AtLeast) => (b.value <= a.value + AGREEMENT).then_some(a),
        (AtLeast, AtMost) => (a.value <= b.value + AGREEMENT).then_some(a),
        _ => same.then_some(a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Scale;

    fn reading(column: &'static str, value: f64, censoring: Censoring) -> Reading<'static> {
        let affinity = Affinity {
            value,
            scale: Scale::PKi,
            censoring,
        };
        Reading {
            column,
            text: "x",
            affinity,
            is_derived: column == "pchembl",
        }
    }

    #[test]
    fn what_agrees_counts_once_and_keeps_its_bound() {
        use Censoring::{AtLeast, AtMost, Exact};
        for (first, second, kept) in [
            ((8.0, Exact), (8.04, Exact), Some((8.0, Exact))),
            ((8.0, Exact), (8.06, Exact), None),
            ((5.0, Exact), (5.0, AtMost), Some((5.0, AtMost))),
            ((4.0, Exact), (5.0, AtMost), Some((4.0, Exact))),
            ((6.0, Exact), (5.0, AtMost), None),
            ((5.0, AtMost), (4.0, AtMost), None),
            ((5.0, AtMost), (6.0, AtLeast), None),
            ((6.0, AtMost), (5.0, AtLeast), Some((6.0, AtMost))),
        ] {
            let mut readings = vec![reading("a", first.0, first.1)];
            let added = add(&mut readings, reading("b", second.0, second.1), None);
            assert_eq!(added.is_ok(), kept.is_some(), "{first:?} {second:?}");
            if let Some((value, censoring)) = kept {
                let affinity = readings[0].affinity;
                assert_eq!(
                    (readings.len(), affinity.value, affinity.censoring),
                    (1, value, censoring)
                );
            }
        }
    }

    #[test]
    fn a_preferred_column_counts_alone() {
        for (prefer, value) in [("a", 8.0), ("b", 5.0)] {
            let mut readings = vec![reading("a", 8.0, Censoring::Exact)];
            assert_eq!(
                add(&mut readings, reading("b", 5.0, Censoring::Exact), Some(prefer)),
                Ok(Agreement::Agrees)
            );
            assert_eq!(readings[0].affinity.value, value);
        }
        for [first, second] in [["a", "pchembl"], ["pchembl", "a"]] {
            let value = |column: &str| if column == "a" { 8.0 } else { 5.0 };
            let mut readings = vec![reading(first, value(first), Censoring::Exact)];
            let second = reading(second, value(second), Censoring::Exact);
            assert_eq!(add(&mut readings, second, None), Ok(Agreement::Overruled));
            assert_eq!(readings[0].affinity.value, 8.0);
        }
        let mut readings = vec![reading("a", 8.0, Censoring::Exact)];
        let reason = add(&mut readings, reading("b", 5.0, Censoring::Exact), Some("c")).unwrap_err();
        assert!(
            reason.contains("`a`") && reason.contains("`b`") && reason.contains("--prefer"),
            "{reason}"
        );
    }
}
