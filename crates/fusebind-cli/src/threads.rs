//! How many threads the program may have: as many as `RAYON_NUM_THREADS` asks for or the machine has cores, and no more than the system
//! lets it start (`ulimit -u`).
//!
//! Comes in: the environment. Goes out: [`Threads`].

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{Builder, available_parallelism},
};

/// More threads for each core only wait for each other.
const MOST_PER_CORE: usize = 4;
/// Threads beside the pool: the progress bar, the loader of batches, the handler of signals.
const BESIDE: usize = 4;

/// Threads of the pool.
pub struct Threads {
    /// How many; the main thread is one of them where no other can be started.
    pub count: usize,
    /// Whether the main thread has to do the work.
    pub alone: bool,
    /// Why there are fewer than were asked for.
    pub note: Option<String>,
}

/// The threads to use, each with `stack` bytes.
pub fn available(stack: usize) -> Threads {
    let cores = available_parallelism().map_or(1, usize::from);
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked
        .and_then(|text| text.parse().ok())
        .filter(|count: &usize| *count > 0);
    let wanted = asked.unwrap_or(cores).min(MOST_PER_CORE * cores.max(4));
    let started = startable(wanted + BESIDE, stack);
    let count = started.saturating_sub(BESIDE).clamp(1, wanted);
    let note = if count < wanted {
        Some(format!(
            "the system lets this program start {started} threads only (ulimit -u); it works with {count}"
        ))
    } else {
        asked
            .filter(|asked| *asked > wanted)
            .map(|asked| format!("RAYON_NUM_THREADS={asked} is more than helps; {wanted} threads are used"))
    };
    Threads {
        count,
        alone: started <= BESIDE,
        note,
    }
}

/// How many of `wanted` threads can be started.
fn startable(wanted: usize, stack: usize) -> usize {
    let (open, closed) = mpsc::channel::<()>();
    let closed = Arc::new(Mutex::new(closed));
    let start = |_| {
        let closed = closed.clone();
        // All live until the last one is started.
        let wait = move || closed.lock().unwrap_or_else(PoisonError::into_inner).recv().is_ok();
        Builder::new().stack_size(stack).spawn(wait).ok()
    };
    let started: Vec<_> = (0..wanted).map_while(start).collect();
    drop(open);
    let count = started.len();
    started.into_iter().for_each(|thread| drop(thread.join()));
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_threads_can_be_started_and_absurdly_many_are_not() {
        assert_eq!(startable(3, 1 << 16), 3);
        // 1 << 60 bytes of stack are more than any address space has.
        assert_eq!(startable(2, 1 << 60), 0);
    }
}
