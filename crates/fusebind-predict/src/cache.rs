//! Values that were computed from a text, kept by that text within a bound.
//!
//! Comes in: a text, how to compute its value, and how much the value weighs. Goes out: the value, shared. Two generations: when the young one is full it
//! becomes the old one, and what was not asked for since is dropped. A text is one that a user sent; nothing of it leaves the cache.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Weight of an entry beside its text and its value.
const ENTRY: usize = 256;

/// See the file's header.
#[derive(Debug)]
pub struct Cache<V> {
    generations: Mutex<Generations<V>>,
    most: usize,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Debug)]
struct Generations<V> {
    young: HashMap<String, Kept<V>>,
    old: HashMap<String, Kept<V>>,
    weight: usize,
}

#[derive(Debug)]
struct Kept<V> {
    value: Arc<V>,
    weight: usize,
}

impl<V> Cache<V> {
    /// A cache of two generations of `most` bytes each.
    pub fn new(most: usize) -> Self {
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

    /// The value of `text`; a failure is not kept. A value weighs no more than its text.
    ///
    /// # Errors
    /// Those of `compute`.
    pub fn get<E>(&self, text: &str, compute: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        if let Some(found) = self.find(text) {
            return Ok(found);
        }
        let value = Arc::new(compute()?);
        self.put(text, value.clone(), 0);
        Ok(value)
    }

    /// What is kept of `text`.
    pub fn find(&self, text: &str) -> Option<Arc<V>> {
        let found = self.lock().find(text, self.most);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps a value of `weight` bytes; one that is larger than a generation is not kept.
    pub fn put(&self, text: &str, value: Arc<V>, weight: usize) {
        let weight = ENTRY + text.len() + weight;
        if weight <= self.most {
            self.lock().put(text.to_string(), Kept { value, weight }, self.most);
        }
    }

    /// Lookups that found something, and that did not.
    pub fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations<V>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Generations<V> {
    fn find(&mut self, text: &str, most: usize) -> Option<Arc<V>> {
        if let Some(found) = self.young.get(text) {
            return Some(found.value.clone());
        }
        let (text, found) = self.old.remove_entry(text)?;
        let value = found.value.clone();
        self.put(text, found, most);
        Some(value)
    }

    fn put(&mut self, text: String, kept: Kept<V>, most: usize) {
        if self.weight + kept.weight > most {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += kept.weight;
        if let Some(before) = self.young.insert(text, kept) {
            self.weight -= before.weight;
        }
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
        let all = cache.lock();
        assert!(all.young.len() + all.old.len() <= 8);
    }

    #[test]
    fn failures_are_not_kept() {
        let cache: Cache<usize> = Cache::new(1000);
        assert_eq!(cache.get("a", || Err("no")), Err("no"));
        assert_eq!(cache.get("a", || Ok::<_, &str>(1)).map(|value| *value), Ok(1));
    }

    #[test]
    fn weights_bound_what_is_kept() {
        let cache: Cache<usize> = Cache::new(10_000);
        for at in 0..100 {
            cache.put(&format!("{at:03}"), Arc::new(at), 2_000);
            let all = cache.lock();
            let weight = |kept: &HashMap<String, Kept<usize>>| kept.values().map(|kept| kept.weight).sum::<usize>();
            assert!(weight(&all.young) <= 10_000 && weight(&all.old) <= 10_000);
            assert_eq!(weight(&all.young), all.weight);
        }
        cache.put("099", Arc::new(1), 3_000);
        assert_eq!(cache.find("099").as_deref(), Some(&1));
        cache.put("large", Arc::new(1), 10_000);
        assert_eq!(cache.find("large"), None);
    }
}
