//! Places for connections. When all are taken, those that have waited longest for their clients are closed for new ones.
//!
//! Comes in: how many there are. Goes out: a [`Place`] for each connection. Clients that send slowly or nothing could otherwise take all places
//! and keep others out. A connection whose request is being answered is never closed for another.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::metrics::Metrics;

/// Time that a connection has to end for another; a moment is enough.
const MOMENT: Duration = Duration::from_millis(250);
/// One in so many places is made free when all are taken: in a flood of connections none waits for each.
const SHARE: usize = 32;
/// Of a client that is not waited for.
const ANSWERED: u64 = u64::MAX;

/// Who is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Client {
    /// When the server began to wait for it, in turns; [`ANSWERED`] while it has a whole request.
    waited_since: AtomicU64,
    evicted: Notify,
    clock: Arc<AtomicU64>,
}

impl Client {
    /// It has sent a whole request.
    pub(crate) fn has_asked(&self) {
        self.waited_since.store(ANSWERED, Ordering::Relaxed);
    }

    /// It has its answer.
    pub(crate) fn has_answer(&self) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        self.waited_since.store(now, Ordering::Relaxed);
    }

    /// Comes back when its place is needed for another while the server waits for it.
    pub(crate) async fn evicted(&self) {
        loop {
            self.evicted.notified().await;
            if self.waited_since() != ANSWERED {
                return;
            }
        }
    }

    fn waited_since(&self) -> u64 {
        self.waited_since.load(Ordering::Relaxed)
    }
}

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    all: u32,
    taken: Mutex<HashMap<u64, Arc<Client>>>,
    clock: Arc<AtomicU64>,
    metrics: Arc<Metrics>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    places: Arc<Places>,
    _permit: OwnedSemaphorePermit,
    /// Who has it.
    pub(crate) client: Arc<Client>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(&self.number);
    }
}

impl Places {
    pub(crate) fn new(most: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            all: most as u32,
            taken: Mutex::default(),
            clock: Arc::default(),
            metrics,
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Arc<Client>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place; none where everybody who has one is being answered.
    pub(crate) async fn take(self: &Arc<Self>) -> Option<Place> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.metrics.refused_connection();
                if !self.evict() {
                    return None;
                }
                timeout(MOMENT, self.free.clone().acquire_owned()).await.ok()?.ok()?
            }
        };
        let number = self.clock.fetch_add(1, Ordering::Relaxed);
        let client = Arc::new(Client {
            waited_since: AtomicU64::new(number),
            evicted: Notify::new(),
            clock: self.clock.clone(),
        });
        self.taken().insert(number, client.clone());
        Some(Place {
            number,
            places: self.clone(),
            _permit: permit,
            client,
        })
    }

    /// Asks those who have been waited for longest to leave; whether there are any.
    fn evict(&self) -> bool {
        let taken = self.taken();
        let since = taken.values().map(|client| (client.waited_since(), client));
        let mut waited_for: Vec<_> = since.filter(|(since, _)| *since != ANSWERED).collect();
        waited_for.sort_unstable_by_key(|(since, _)| *since);
        let leaving = waited_for.iter().take((self.all as usize).div_ceil(SHARE));
        leaving.for_each(|(_, client)| client.evicted.notify_one());
        !waited_for.is_empty()
    }

    /// Comes back when all places are free.
    pub(crate) async fn free(&self) {
        let _ = self.free.acquire_many(self.all).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Gauges;

    #[tokio::test]
    async fn who_is_waited_for_longest_makes_room_and_who_is_answered_stays() {
        let metrics = Arc::<Metrics>::default();
        let places = Places::new(3, metrics.clone());
        let take = async || places.take().await.expect("there is room");
        let (first, second, third) = (take().await, take().await, take().await);
        first.client.has_asked();
        // The third sent a request and has its answer: the second has been waited for longer.
        third.client.has_asked();
        third.client.has_answer();
        let leaves = tokio::spawn(async move {
            second.client.evicted().await;
            drop(second);
        });
        let fourth = take().await;
        leaves.await.expect("was told to leave");
        third.client.has_asked();
        fourth.client.has_asked();
        assert!(places.take().await.is_none(), "everybody is being answered");
        drop((first, third, fourth));
        places.free().await;
        assert!(places.taken().is_empty());
        assert!(
            metrics
                .text(&Gauges::default())
                .contains("fusebind_refused_connections_total 2")
        );
    }
}
