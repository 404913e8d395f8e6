//! Where a row comes from: the source that reported it, and the day or year it was measured or published.
//!
//! Comes in: cells of a pair table. Goes out: for each [`Origin`] one optional text per interaction, as it was written, and a
//! number that orders dates. Splits by source and by time read them; nothing else does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A question about the origin of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Which data set, database or laboratory reported it.
    Source,
    /// When it was measured or published.
    Date,
}

/// One optional text per interaction for each origin that the pair table has a column for.
pub type Origins = BTreeMap<Origin, Vec<Option<String>>>;

impl Origin {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Source, Self::Date];

    /// Column that it is written to.
    pub fn column(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Date => "date",
        }
    }

    /// Columns that it is read from, in order of preference, in lower case with `_` between words.
    pub fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::Source => &[
                "source",
                "data_source",
                "curation_datasource",
                "source_description",
                "dataset",
            ],
            Self::Date => &[
                "date",
                "year",
                "document_year",
                "publication_year",
                "date_of_publication",
                "date_in_bindingdb",
            ],
        }
    }
}

/// A date as a number that orders it: `20190307` for 2019-03-07. What is not stated is 0, so that a year comes before its days.
///
/// Read are `2019`, `2019-03`, `2019-03-07`, the same with `/` or `.`, `3/7/2019` (month first, as BindingDB writes it) and a date
/// followed by a time of day. `None` where the text is none of these.
pub fn day(text: &str) -> Option<u32> {
    let date = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let number = |part: &str| -> Option<u32> {
        let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    let is_year = |part: &&str| part.len() == 4;
    let [year, month, day] = match parts[..] {
        [year] if is_year(&year) => [number(year)?, 0, 0],
        [year, month] if is_year(&year) => [number(year)?, number(month)?, 0],
        [year, month, day] if is_year(&year) => [number(year)?, number(month)?, number(day)?],
        [month, day, year] if is_year(&year) => [number(year)?, number(month)?, number(day)?],
        _ => return None,
    };
    (1800..=2200).contains(&year).then_some(())?;
    (month <= 12 && day <= 31).then_some(year * 10_000 + month * 100 + day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_ordered_however_they_are_written() {
        for (text, expected) in [
            ("2019", 20_190_000),
            ("2019-03", 20_190_300),
            (" 2019-03-07T12:00:00Z", 20_190_307),
            ("2019/03/07", 20_190_307),
            ("3/7/2019", 20_190_307),
        ] {
            assert_eq!(day(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "n/a",
            "19",
            "2019-13-01",
            "0019",
            "2019-03-07-01",
            "12019",
            "3/7/19",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
