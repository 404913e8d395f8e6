//! Terms of descriptions, weighted by how specific they are.
//!
//! A vocabulary is fitted on the texts of training entities: words, and pairs of neighbouring words, in lower case. The
//! weight of term `t` in an entity's texts is `(1 + ln n) (1 + ln(N / df))`, with `n` its count, `df` the number of training
//! entities that have it and `N` their number (Salton & Buckley 1988, doi 10.1016/0306-4573(88)90021-0). Rows have unit norm.
//! Comes in: texts. Goes out: sparse rows over the vocabulary. Axis legend: `V` terms.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::sparse_rows::SparseRows;

/// Longest text that is read of one entity, in words; the rest is cut.
pub const MOST_WORDS: usize = 4096;

/// Stop words.
const STOP: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "can", "for", "from", "has", "have", "in", "is", "it",
    "its", "may", "not", "of", "on", "or", "such", "that", "the", "their", "these", "this", "to", "was", "were",
    "which", "with",
];

/// Above the logarithm of any number of entities.
const MOST_WEIGHT: f32 = 1000.0;

/// Terms that were seen in training texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Terms, `[V]`.
    terms: Vec<String>,
    /// Inverse document frequency of each term, `[V]`.
    weights: Vec<f32>,
}

/// Lower-case words: runs of letters and digits, joined by inner hyphens.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-')
        .map(|word| word.trim_matches('-').to_lowercase())
        .filter(|word| word.len() > 1 && !STOP.contains(&word.as_str()))
}

/// Terms of an entity's texts with their counts, and whether something was cut.
fn terms(texts: &[String]) -> (BTreeMap<String, u32>, bool) {
    let (mut counts, mut read, mut cut) = (BTreeMap::new(), 0usize, false);
    for text in texts {
        let mut last: Option<String> = None;
        for word in words(text) {
            read += 1;
            if read > MOST_WORDS {
                cut = true;
                break;
            }
            if let Some(last) = last.replace(word.clone()) {
                *counts.entry(format!("{last} {word}")).or_insert(0) += 1;
            }
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    (counts, cut)
}

impl Vocabulary {
    /// Whether each term has a weight, and no term is there twice.
    pub(crate) fn is_whole(&self) -> bool {
        let usual = |weight: &f32| weight.is_finite() && weight.abs() <= MOST_WEIGHT;
        self.terms.len() == self.weights.len()
            && self.weights.iter().all(usual)
            && self.terms.windows(2).all(|two| two[0] < two[1])
    }

    /// The `most` terms that occur in most of the given entities' texts, but at least in two and not in more than half.
    pub fn fit<'a>(texts: impl Iterator<Item = &'a [String]>, most: usize) -> Self {
        let mut frequency: HashMap<String, u32> = HashMap::new();
        let mut entities = 0u32;
        for texts in texts.filter(|texts| !texts.is_empty()) {
            entities += 1;
            for term in terms(texts).0.into_keys() {
                *frequency.entry(term).or_insert(0) += 1;
            }
        }
        let informative = |df: &u32| *df >= 2 && (entities < 8 || *df * 2 <= entities);
        let mut kept: Vec<(String, u32)> = frequency.into_iter().filter(|(_, df)| informative(df)).collect();
        kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(most);
        kept.sort();
        let weight = |df: u32| 1.0 + (entities as f32 / df as f32).ln();
        Self {
            weights: kept.iter().map(|(_, df)| weight(*df)).collect(),
            terms: kept.into_iter().map(|(term, _)| term).collect(),
        }
    }

    /// Number of terms `V`.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether no term is known.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The first `most` known words of an entity's texts in their order, as positions in the vocabulary.
    pub fn sequence(&self, texts: &[String], most: usize) -> Vec<u32> {
        let known = |word: String| self.terms.binary_search(&word).ok().map(|at| at as u32);
        texts
            .iter()
            .flat_map(|text| words(text))
            .filter_map(known)
            .take(most)
            .collect()
    }

    /// Weighted terms of each entity's texts, and how many entities had a text that was cut. Entities without a known term
    /// have an empty row.
    pub fn rows<'a>(&self, texts: impl Iterator<Item = &'a [String]>) -> (SparseRows, usize) {
        let (mut rows, mut cut_texts) = (SparseRows::default(), 0);
        for texts in texts {
            let (counts, cut) = terms(texts);
            cut_texts += usize::from(cut);
            let entry = |(term, count): (String, u32)| {
                let at = self.terms.binary_search(&term).ok()?;
                Some((at as u32, (1.0 + (count as f32).ln()) * self.weights[at]))
            };
            rows.push(counts.into_iter().filter_map(entry).collect());
        }
        (rows, cut_texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<Vec<String>> {
        all.iter()
            .map(|t| if t.is_empty() { vec![] } else { vec![t.to_string()] })
            .collect()
    }

    #[test]
    fn informative_terms_weigh_more_and_new_words_nothing() {
        let train = texts(&[
            "The 5-HT2A receptor binds serotonin.",
            "a receptor of the kinase family",
            "kinase receptor",
            "",
        ]);
        let vocabulary = Vocabulary::fit(train.iter().map(Vec::as_slice), 100);
        assert_eq!(
            vocabulary.terms,
            ["kinase", "receptor"],
            "once is not enough, and `the` is a stop word"
        );
        let new = texts(&["Kinase receptor receptor of unheard-of kind", "quite other words", ""]);
        let (rows, cut) = vocabulary.rows(new.iter().map(Vec::as_slice));
        let (terms, weights) = rows.row(0);
        assert_eq!((terms, cut), ([0, 1].as_slice(), 0));
        // df 2 and 3 of 3: (1 + ln 1.5) against (1 + ln 2) (1 + ln 1).
        let (a, b) = (1.0 + 1.5f32.ln(), 1.0 + 2.0f32.ln());
        assert!((weights[0] / weights[1] - a / b).abs() < 1e-5);
        assert!(rows.row(1).0.is_empty() && rows.row(2).0.is_empty());
        assert_eq!(vocabulary.sequence(&new[0], 2), [0, 1], "known words in order, cut");
    }

    #[test]
    fn long_texts_are_cut_and_counted() {
        let long = [vec!["alpha beta ".repeat(MOST_WORDS)], vec!["alpha".to_string()]];
        let vocabulary = Vocabulary::fit(long.iter().map(Vec::as_slice), 10);
        assert_eq!(vocabulary.rows(long.iter().map(Vec::as_slice)).1, 1);
        assert_eq!(
            Vocabulary::fit(long.iter().map(Vec::as_slice), 0).len(),
            0,
            "at most as many as requested"
        );
    }
}
