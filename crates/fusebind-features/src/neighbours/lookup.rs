//! What is built of the entities of a reference to look others up, once and when it is first needed.
//!
//! Comes in: keys and descriptors. Goes out: places of keys, and comparers by source. It is no part of what a reference is: two that differ in it
//! alone are equal, and none of it is written to a file.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use super::{Descriptors, SimilarityKind, descriptor::Comparer};

/// Built when it is first asked for, and shared by clones. Keys and descriptors must not change after that.
#[derive(Clone, Debug, Default)]
pub struct Lookup(OnceLock<Arc<Built>>);

#[derive(Debug)]
pub(super) struct Built {
    /// Position of each key.
    pub places: HashMap<String, u32>,
    /// By source.
    pub comparers: Vec<Comparer>,
}

impl Lookup {
    pub(super) fn of(&self, keys: &[String], sources: &[(SimilarityKind, Descriptors)]) -> &Built {
        self.0.get_or_init(|| {
            Arc::new(Built {
                places: (keys.iter().enumerate())
                    .map(|(at, key)| (key.clone(), at as u32))
                    .collect(),
                comparers: sources
                    .iter()
                    .map(|(_, descriptors)| Comparer::new(descriptors))
                    .collect(),
            })
        })
    }
}

impl PartialEq for Lookup {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
