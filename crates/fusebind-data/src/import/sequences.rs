//! Sequences for files that name their targets by id alone.

use std::collections::HashMap;

use crate::table::Target;

/// A sequence for all rows, or one per id.
#[derive(Clone, Debug, Default)]
pub struct Sequences {
    /// The only target.
    single: Option<String>,
    by_id: HashMap<String, String>,
}

impl Sequences {
    /// One protein for all rows, as a PubChem assay has.
    pub fn single(sequence: impl Into<String>) -> Self {
        Self {
            single: Some(sequence.into()),
            by_id: HashMap::new(),
        }
    }

    /// The sequences of a target table or FASTA file, under every id and key that names them.
    pub fn of(targets: &[Target]) -> Self {
        let mut by_id = HashMap::new();
        for target in targets {
            for id in target.ids.iter().chain(target.keys.values()) {
                by_id
                    .entry(id.clone())
                    .or_insert_with(|| target.protein.sequence.clone());
            }
        }
        // A table of one target says what all rows are about.
        let single = match targets {
            [only] => Some(only.protein.sequence.clone()),
            _ => None,
        };
        Self { single, by_id }
    }

    /// The sequence that `id` names, or the only one where the file names no target.
    pub(super) fn get(&self, id: &str) -> Option<&str> {
        match id {
            "" => self.single.as_deref(),
            id => self.by_id.get(id).map(String::as_str),
        }
    }

    /// The only sequence.
    pub(super) fn only(&self) -> Option<&str> {
        self.single.as_deref()
    }
}
