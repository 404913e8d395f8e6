//! Values that were computed from a text, kept by that text within a bound.
//!
//! Comes in: a text and how to compute its value. Goes out: the value, shared. Two generations: when the young one is full it becomes the old
//! one, and what was not asked for since is dropped. A text is one that a user sent; nothing of it leaves the cache.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Weight of an entry beside the letters of its text.
const ENTRY: usize = 256;

/// See the file's header.
#[derive(Debug)]
pub(crate) struct Cache<V> {
    generations: Mutex<Generations<V>>,
    most: usize,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Debug)]
struct Generations<V> {
    young: HashMap<String, Arc<V>>,
    old: HashMap<String, Arc<V>>,
    weight: usize,
}

impl<V> Cache<V> {
    /// A cache of two generations of `most` letters each, an entry counted as [`ENTRY`] more.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
                weight: 0,
            }),
            most,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The value of `text`; a failure is not kept.
    pub(crate) fn get<E>(&self, text: &str, compute: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        if let Some(found) = self.find(text) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(found);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let value = Arc::new(compute()?);
        self.put(text.to_string(), value.clone());
        Ok(value)
    }

    /// Lookups that found something, and that did not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    fn find(&self, text: &str) -> Option<Arc<V>> {
        let mut all = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = all.young.get(text) {
            return Some(found.clone());
        }
        let (text, found) = all.old.remove_entry(text)?;
        all.put(text, found.clone(), self.most);
        Some(found)
    }

    fn put(&self, text: String, value: Arc<V>) {
        let mut all = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        all.put(text, value, self.most);
    }
}

impl<V> Generations<V> {
    fn put(&mut self, text: String, value: Arc<V>, most: usize) {
        let weight = ENTRY + text.len();
        if self.weight + weight > most {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.young.insert(text, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let cache: Cache<usize> = Cache::new(4 * (ENTRY + 2));
        let get = |text: &str| cache.get(text, || Ok::<_, ()>(text.len())).map(|value| *value);
        for at in 0..40 {
            assert_eq!(get("aa"), Ok(2));
            assert_eq!(get(&format!("{at:02}")), Ok(2));
        }
        let (hits, misses) = cache.counts();
        assert_eq!((hits, misses), (39, 41), "only `aa` is found again");
        let all = cache.generations.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(all.young.len() + all.old.len() <= 8);
    }

    #[test]
    fn failures_are_not_kept() {
        let cache: Cache<usize> = Cache::new(1000);
        assert_eq!(cache.get("a", || Err("no")), Err("no"));
        assert_eq!(cache.get("a", || Ok::<_, &str>(1)).map(|value| *value), Ok(1));
    }
}
