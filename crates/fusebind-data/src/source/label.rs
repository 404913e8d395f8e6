//! Binary labels from text.

use super::{missing::present, raw::RawColumn};

/// Reads `0`, `1`, `true`, `false`, `yes`, `no`, `active`, `inactive` and the like; `None` where an assay came to no result.
pub(super) fn parse(text: &str) -> Result<Option<bool>, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "t" | "yes" | "y" | "active" | "positive" | "binds" | "binder" | "probe" => Ok(Some(true)),
        "0" | "0.0" | "false" | "f" | "no" | "n" | "inactive" | "negative" | "non-binder" => Ok(Some(false)),
        "inconclusive" | "unspecified" | "undetermined" => Ok(None),
        _ => Err(
            "a label must be 0 or 1 (or true or false); if the column holds measurements, name it with --affinity and their unit with --unit"
                .into(),
        ),
    }
}

/// Whether most cells are numbers other than 0 and 1: measurements under the name of a label, as in `Y`.
pub(super) fn holds_measurements(column: &RawColumn) -> bool {
    let (mut cells, mut numbers) = (0_usize, 0_usize);
    for text in (0..column.len()).filter_map(|row| present(column, row)) {
        cells += 1;
        let number = text.trim_start_matches(['<', '>', '=', '~']).trim().parse::<f64>();
        numbers += usize::from(number.is_ok_and(|number| number != 0.0 && number != 1.0));
    }
    2 * numbers > cells
}

/// Whether at least half of the cells are read as labels.
pub(super) fn holds_mostly_labels(column: &RawColumn) -> bool {
    let cells = || (0..column.len()).filter_map(|row| present(column, row));
    2 * cells().filter(|text| parse(text).is_ok()).count() >= cells().count()
}

/// Whether all cells are labels, and there is one.
pub(super) fn holds_labels(column: &RawColumn) -> bool {
    let mut cells = (0..column.len()).filter_map(|row| present(column, row)).peekable();
    cells.peek().is_some() && cells.all(|text| matches!(text.parse::<f64>(), Ok(0.0 | 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_read_and_the_rest_is_refused() {
        for (text, label) in [
            ("1", Some(true)),
            ("True", Some(true)),
            ("0.0", Some(false)),
            ("FALSE", Some(false)),
            ("inactive", Some(false)),
            ("Inconclusive", None),
        ] {
            assert_eq!(parse(text), Ok(label));
        }
        for text in ["-1", "2", "0.7", "maybe"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn measurements_are_told_from_labels() {
        let column = |cells: &[&str]| {
            let mut column = RawColumn::new("Y");
            cells.iter().for_each(|cell| column.push(Some(cell)));
            column
        };
        assert!(holds_measurements(&column(&["10000.0", "12", "1", ">5", "NaN"])));
        assert!(!holds_measurements(&column(&["0", "1", "2", "1.0"])));
        assert!(
            holds_mostly_labels(&column(&["0", "active", "2", "no"]))
                && !holds_mostly_labels(&column(&["agonist", "1", "x"]))
        );
        assert!(holds_labels(&column(&["0", "1.0", "", "1"])) && !holds_labels(&column(&["0", "2"])));
        assert!(!holds_labels(&column(&[""])));
    }
}
