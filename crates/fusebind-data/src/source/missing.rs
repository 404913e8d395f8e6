//! Words that stand for "there is no value", the same in every column.

use super::raw::RawColumn;

/// In lower case.
const WORDS: [&str; 30] = [
    "",
    "nan",
    "na",
    "n/a",
    "n.a.",
    "n.a",
    "none",
    "null",
    "nil",
    "missing",
    "-",
    "--",
    "---",
    ".",
    "..",
    "?",
    "<na>",
    "<null>",
    "#n/a",
    "#na",
    "nd",
    "n.d.",
    "n.d",
    "not available",
    "not determined",
    "not tested",
    "#value!",
    "#ref!",
    "#name?",
    "#div/0!",
];

/// The trimmed text, unless it is empty or a word for a missing value.
pub(super) fn value(text: &str) -> Option<&str> {
    let text = text.trim();
    let missing = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    (!missing).then_some(text)
}

/// The trimmed cell, unless it is missing.
pub(super) fn present(column: &RawColumn, row: usize) -> Option<&str> {
    value(column.get(row)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_nothing_are_no_values() {
        for text in [
            "",
            "  ",
            "nan",
            "NaN",
            "NA",
            " N/A ",
            "None",
            "null",
            "NULL",
            "missing",
            "-",
            ".",
            "<NA>",
            "#N/A",
            "nd",
            "Not available",
        ] {
            assert_eq!(value(text), None, "{text:?}");
        }
        for text in ["0", "C", "N", "NAD", "no", "none of these", " CCO "] {
            assert_eq!(value(text), Some(text.trim()), "{text:?}");
        }
    }
}
