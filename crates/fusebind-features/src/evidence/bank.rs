//! The bank: training entities with their descriptors, and what is known of their pairs.

use std::collections::HashMap;

use super::{Descriptors, Known, Layout, Source};

/// The training entities of one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BankSide {
    /// Identity of each entity: canonical SMILES, or sequence.
    pub keys: Vec<String>,
    /// Similarities, each with the descriptors of all entities.
    pub sources: Vec<(Source, Descriptors)>,
}

impl BankSide {
    /// Names of the similarities.
    pub fn names(&self) -> Vec<Source> {
        self.sources.iter().map(|(source, _)| *source).collect()
    }
}

/// Training entities of both sides and the outcomes of their pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bank {
    /// Drugs.
    pub drugs: BankSide,
    /// Targets.
    pub targets: BankSide,
    /// Outcomes.
    pub known: Known,
}

impl Bank {
    /// Which evidence channel is which.
    pub fn layout(&self) -> Layout {
        Layout::new(&self.drugs.names(), &self.targets.names())
    }
}

/// The entities of one side that evidence is asked for, described as the bank's are.
#[derive(Clone, Debug)]
pub struct Queries<'a> {
    /// Position in the bank of an entity that is in it.
    pub own: Vec<Option<u32>>,
    /// Descriptors by source, in the bank's order.
    pub descriptors: Vec<&'a Descriptors>,
}

impl<'a> Queries<'a> {
    /// Entities with identities `keys` and `descriptors` in the order of the bank's sources.
    pub fn new<'k>(bank: &BankSide, keys: impl Iterator<Item = &'k str>, descriptors: Vec<&'a Descriptors>) -> Self {
        let known: HashMap<&str, u32> = (bank.keys.iter().enumerate())
            .map(|(at, key)| (key.as_str(), at as u32))
            .collect();
        Self {
            own: keys.map(|key| known.get(key).copied()).collect(),
            descriptors,
        }
    }
}
