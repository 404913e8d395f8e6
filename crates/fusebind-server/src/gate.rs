//! One user of the model at a time, and waiting requests before jobs.
//!
//! Comes in: work of either kind. Goes out: its result. A job holds the gate for one short step at a time, so that a request waits for one step at
//! most, and a job for [`IN_A_ROW`] batches of requests.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Batches of requests that go before a job that waits.
const IN_A_ROW: usize = 8;

/// See the file's header.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    /// Requests that wait.
    urgent: usize,
    /// Jobs that wait.
    patient: usize,
    /// Batches of requests since the last step of a job.
    in_a_row: usize,
}

impl State {
    fn is_turn_of_jobs(&self) -> bool {
        self.patient > 0 && self.in_a_row >= IN_A_ROW
    }
}

/// Opens the gate again, also where the work panics.
struct Pass<'a>(&'a Gate);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.state().is_taken = false;
        self.0.changed.notify_all();
    }
}

impl Gate {
    /// Does the work of requests.
    pub(crate) fn urgent<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        state.urgent += 1;
        while state.is_taken || state.is_turn_of_jobs() {
            state = self.wait(state);
        }
        state.urgent -= 1;
        state.in_a_row += 1;
        state.is_taken = true;
        drop(state);
        let _pass = Pass(self);
        work()
    }

    /// Does a step of a job, when no request waits.
    pub(crate) fn patient<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        state.patient += 1;
        while state.is_taken || (state.urgent > 0 && !state.is_turn_of_jobs()) {
            state = self.wait(state);
        }
        state.patient -= 1;
        state.in_a_row = 0;
        state.is_taken = true;
        drop(state);
        let _pass = Pass(self);
        work()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn one_at_a_time_and_a_panic_opens_the_gate() {
        let gate = Gate::default();
        assert!(catch_unwind(AssertUnwindSafe(|| gate.urgent(|| panic!("no")))).is_err());
        let inside = AtomicUsize::new(0);
        let step = || {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            inside.fetch_sub(1, Ordering::SeqCst);
        };
        std::thread::scope(|scope| {
            for at in 0..4 {
                let (gate, step) = (&gate, &step);
                scope.spawn(move || {
                    for _ in 0..100 {
                        match at % 2 {
                            0 => gate.urgent(step),
                            _ => gate.patient(step),
                        }
                    }
                });
            }
        });
    }
}
