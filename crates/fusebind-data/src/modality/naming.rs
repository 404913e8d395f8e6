//! Texts that name what they are paired with: a description of a drug that names its targets states the label.
//!
//! Comes in: text tables and a data set. Goes out: a [`Naming`] for each table that is read with a column that may do so.

use std::collections::HashSet;

use super::{ModalityTables, Side, TextTable};
use crate::{source::normalise, table::Dataset};

/// Share of the pairs from which on naming is worth a word.
const WORTH_A_WORD: f64 = 0.005;
/// Shorter names occur in every text.
const SHORTEST: usize = 3;

/// How often the texts of a table name the other side of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Naming {
    /// Table.
    pub table: String,
    /// Side that it describes.
    pub side: Side,
    /// Column that is read.
    pub field: String,
    /// Pairs whose other entity is named by one of its ids or keys.
    pub pairs: u64,
    /// Pairs of entities with a text.
    pub of_pairs: u64,
    /// A column that leaves such sentences out.
    pub stricter: Option<String>,
}

impl std::fmt::Display for Naming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (this, other, key) = match self.side {
            Side::Drug => ("drugs", "target", "drug_text"),
            Side::Target => ("targets", "drug", "target_text"),
        };
        write!(f, "{}: the texts of {this} are read from `{}`", self.table, self.field)?;
        match self.pairs {
            0 => write!(f, ", which may name the {other}")?,
            pairs => write!(
                f,
                ", which names the {other} in {:.1} % of the pairs: that states the label",
                100.0 * pairs as f64 / self.of_pairs as f64
            )?,
        }
        match &self.stricter {
            Some(column) => write!(
                f,
                "; `{column}` leaves such sentences out: set `{key} = [\"{column}\"]` under [modalities] in the recipe"
            ),
            None => write!(f, "; scores on such pairs flatter the model"),
        }
    }
}

impl ModalityTables {
    /// What is to be said of the texts of `side`, of which the first of `fields` that a table has is read, or else its main column.
    pub fn naming(&self, side: Side, fields: &[String], dataset: &Dataset) -> Vec<Naming> {
        let tables = self.texts.iter().filter(|table| table.side == side);
        tables.filter_map(|table| naming(table, fields, dataset)).collect()
    }
}

fn naming(table: &TextTable, fields: &[String], dataset: &Dataset) -> Option<Naming> {
    let wanted = fields.iter().find(|field| table.fields.contains(field));
    let field = wanted.or(table.fields.first())?;
    let is_strict = |field: &&String| normalise(field).contains("strict");
    if is_strict(&field) {
        return None;
    }
    let stricter = table.fields.iter().find(is_strict).cloned();
    let words: Vec<HashSet<String>> = (0..table.of_entity.len() as u32)
        .map(|entity| table.texts(entity, field).flat_map(words).collect())
        .collect();
    let (mut pairs, mut of_pairs) = (0, 0);
    for interaction in &dataset.interactions {
        let (drug, target) = (interaction.drug as usize, interaction.target as usize);
        let (own, ids, keys) = match table.side {
            Side::Drug => (drug, &dataset.targets[target].ids, &dataset.targets[target].keys),
            Side::Target => (target, &dataset.drugs[drug].ids, &dataset.drugs[drug].keys),
        };
        let Some(words) = words.get(own).filter(|words| !words.is_empty()) else {
            continue;
        };
        of_pairs += 1;
        let mut long = ids.iter().chain(keys.values()).filter(|id| id.len() >= SHORTEST);
        pairs += u64::from(long.any(|id| words.contains(&id.to_lowercase())));
    }
    let often = pairs as f64 > WORTH_A_WORD * of_pairs as f64;
    (often || (stricter.is_some() && of_pairs > 0)).then(|| Naming {
        table: table.name.clone(),
        side: table.side,
        field: field.clone(),
        pairs,
        of_pairs,
        stricter,
    })
}

/// Words in small letters; a hyphen belongs to its word.
fn words(text: &str) -> impl Iterator<Item = String> {
    let divides = |c: char| !(c.is_alphanumeric() || c == '-' || c == '_');
    let words = text.split(divides).map(str::to_lowercase);
    words
        .filter(|word| word.len() >= SHORTEST)
        .collect::<Vec<_>>()
        .into_iter()
}
