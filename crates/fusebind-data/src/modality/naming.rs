//! Texts that name what they should help to predict: descriptions of drugs that name targets of the data set, and the other way.
//!
//! Comes in: the texts that are read, and the names of the other side. Goes out: sentences with counts, which name a stricter column.

use std::collections::HashMap;

use super::{ModalityTables, Side, TextTable};
use crate::{source::normalise, table::Dataset};

/// Shortest name that is looked for, in characters.
const SHORTEST: usize = 3;
/// Names of up to this many characters are symbols, which are compared with their case: `KIT` is a gene, `kit` is not.
const SYMBOL: usize = 5;
/// Share of texts below which names are worth no word where no column is stricter.
const WORTH_A_NOTE: f64 = 0.02;

/// Keys that hold names.
const NAMES: [&str; 9] = [
    "gene",
    "gene_name",
    "gene_symbol",
    "symbol",
    "name",
    "protein_name",
    "target_name",
    "drug_name",
    "compound_name",
];

/// Names by their first word, in lower case: the words, and whether case counts.
type ByFirstWord = HashMap<String, Vec<(Vec<String>, bool)>>;

/// How many entities have a text that names one of the other side, and the first name.
#[derive(Default)]
struct Found {
    named: usize,
    of: usize,
    first: Option<String>,
}

impl ModalityTables {
    /// Sentences about the texts of each side that name entities of the other one; `fields` are the text columns that are asked for, as in
    /// [`ModalityTables::side`].
    pub fn naming(&self, fields: [&[String]; 2], dataset: &Dataset) -> Vec<String> {
        let mut notes = Vec::new();
        for (side, fields) in [Side::Drug, Side::Target].into_iter().zip(fields) {
            let names = names(side, dataset);
            for table in self.texts.iter().filter(|table| table.side == side) {
                let wanted = fields.iter().find(|field| table.fields.contains(field));
                let Some(read) = wanted.or(table.fields.first()) else {
                    continue;
                };
                notes.extend(note(table, read, &names));
            }
        }
        notes
    }
}

fn note(table: &TextTable, read: &str, names: &ByFirstWord) -> Option<String> {
    let found = count(table, read, names);
    let first = found.first?;
    let others = table.fields.iter().filter(|field| *field != read);
    let stricter = others
        .map(|field| (field, count(table, field, names)))
        .filter(|(_, other)| other.of > 0 && other.named < found.named)
        .min_by_key(|(_, other)| other.named);
    let (of, other, setting) = match table.side {
        Side::Drug => ("drugs", "targets", "drug_text"),
        Side::Target => ("targets", "drugs", "target_text"),
    };
    let advice = match stricter {
        Some((field, other)) => format!(
            "`{field}` does so for {}: choose it with modalities.{setting} = [\"{field}\"] in the recipe",
            other.named
        ),
        None if (found.named as f64) < WORTH_A_NOTE * found.of as f64 => return None,
        None => format!("add a column without such sentences, and choose it with modalities.{setting} in the recipe"),
    };
    Some(format!(
        "{}: the texts of {} of {} {of} in the column `{read}` name {other} of the data set, such as `{first}`, which may give the answer away; {advice}",
        table.name, found.named, found.of
    ))
}

/// Names of the side that `side` is paired with.
fn names(side: Side, dataset: &Dataset) -> ByFirstWord {
    let entities: Vec<_> = match side {
        Side::Drug => dataset
            .targets
            .iter()
            .map(|target| (&target.ids, &target.keys))
            .collect(),
        Side::Target => dataset.drugs.iter().map(|drug| (&drug.ids, &drug.keys)).collect(),
    };
    let mut by_first = ByFirstWord::new();
    for (ids, keys) in entities {
        let named = keys.iter().filter(|(key, _)| NAMES.contains(&normalise(key).as_str()));
        for name in ids.iter().chain(named.map(|(_, name)| name)) {
            let is_name = name.len() >= SHORTEST && name.len() <= 100 && name.chars().any(char::is_alphabetic);
            let words: Vec<String> = words(name).map(str::to_string).collect();
            let Some(first) = words.first().filter(|_| is_name) else {
                continue;
            };
            let has_case = words.len() == 1 && name.len() <= SYMBOL;
            by_first
                .entry(first.to_lowercase())
                .or_default()
                .push((words, has_case));
        }
    }
    by_first
}

fn count(table: &TextTable, field: &str, names: &ByFirstWord) -> Found {
    let mut found = Found::default();
    for entity in 0..table.of_entity.len() as u32 {
        let mut texts = table.texts(entity, field).peekable();
        found.of += usize::from(texts.peek().is_some());
        if let Some(name) = texts.find_map(|text| named(text, names)) {
            found.named += 1;
            found.first.get_or_insert(name);
        }
    }
    found
}

/// The first name in `text`.
fn named(text: &str, names: &ByFirstWord) -> Option<String> {
    let words: Vec<&str> = words(text).collect();
    for at in 0..words.len() {
        let Some(known) = names.get(&words[at].to_lowercase()) else {
            continue;
        };
        let is_here = |(name, has_case): &&(Vec<String>, bool)| {
            let there = &words[at..];
            there.len() >= name.len()
                && name
                    .iter()
                    .zip(there)
                    .all(|(a, b)| if *has_case { a == b } else { a.eq_ignore_ascii_case(b) })
        };
        if let Some((name, _)) = known.iter().find(is_here) {
            return Some(name.join(" "));
        }
    }
    None
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}
