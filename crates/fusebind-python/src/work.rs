//! Work without the lock of the interpreter, which Ctrl-C stops.
//!
//! Comes in: a function. Goes out: what it returns, or the exception that a signal raised. The calling thread looks for signals and passes
//! progress on while a pool of threads works. Work ends early at its next call of [`Watch::at`].

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::Fault;

/// Stack of a thread of the pool, as large as that of a main thread.
const STACK: usize = 8 << 20;
/// How often signals are looked for, and progress is told.
const SIGNALS: Duration = Duration::from_millis(50);
const PROGRESS: Duration = Duration::from_millis(250);

/// The pool and the process that started it: a child of `fork` has none of its threads.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// What unwinds work that was stopped.
struct Stopped;

/// What work tells of itself, and whether it is to stop.
#[derive(Default)]
pub struct Watch {
    /// How many signals asked to stop.
    signals: AtomicUsize,
    done: AtomicU64,
    total: AtomicU64,
    lines: Mutex<Vec<String>>,
}

impl Watch {
    /// How much there is to do.
    pub fn expect(&self, total: usize) {
        self.total.store(total as u64, Ordering::Relaxed);
    }

    /// How much is done. Does not return where a signal asked to stop.
    pub fn at(&self, done: usize) {
        self.done.store(done as u64, Ordering::Relaxed);
        self.check(1);
    }

    /// Does not return where so many signals asked to stop.
    pub fn check(&self, signals: usize) {
        if self.signals.load(Ordering::Relaxed) >= signals {
            // Runs no panic hook: nothing is printed.
            resume_unwind(Box::new(Stopped));
        }
    }

    /// How much is done, where the work itself looks at [`Watch::is_stopping`].
    pub fn pass(&self, done: usize) {
        self.done.store(done as u64, Ordering::Relaxed);
    }

    /// Whether a signal asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.signals.load(Ordering::Relaxed) > 0
    }

    /// Something to be said.
    pub fn say(&self, line: impl ToString) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.to_string());
    }

    /// Calls `listener` with what is done, what there is to do, and what is to be said.
    fn tell(&self, listener: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(listener) = listener else { return Ok(()) };
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        listener.call1((done, total, lines)).map(drop)
    }
}

/// The pool of this process.
fn pool() -> Result<Arc<ThreadPool>, Fault> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((process, pool)) = &*pool
        && *process == process::id()
    {
        return Ok(Arc::clone(pool));
    }
    let built = ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build()
        .map_err(Fault::internal)?;
    let built = Arc::new(built);
    // The threads of the parent cannot be joined from its child.
    std::mem::forget(pool.replace((process::id(), Arc::clone(&built))));
    Ok(built)
}

/// Does `work` in the pool; `listener` is called with its progress. Work that a signal stops raises what the signal raised.
pub fn run<T: Send>(
    py: Python<'_>,
    listener: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T, Fault> + Send,
) -> PyResult<T> {
    let (watch, pool) = (Watch::default(), pool()?);
    let (done, finished) = channel();
    let mut raised = None;
    let outcome = pool.in_place_scope(|scope| {
        let watch = &watch;
        scope.spawn(move |_| {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(watch)));
            // The receiver waits for this.
            let _ = done.send(outcome);
        });
        let mut told = Instant::now();
        // A receiver may not be shared between threads, and is not: it is lent to the call that waits.
        let mut finished = finished;
        loop {
            let (waited, back) = py.detach(move || (finished.recv_timeout(SIGNALS), finished));
            finished = back;
            match waited {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => return Err(Box::new("a thread was lost") as Box<dyn Any + Send>),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let mut seen = py.check_signals();
            if seen.is_ok() && told.elapsed() >= PROGRESS {
                told = Instant::now();
                seen = watch.tell(listener);
            }
            if let Err(error) = seen {
                watch.signals.fetch_add(1, Ordering::Relaxed);
                raised.get_or_insert(error);
            }
        }
    });
    match (raised, outcome) {
        (Some(error), _) => Err(error),
        (None, Ok(outcome)) => {
            watch.tell(listener)?;
            Ok(outcome?)
        }
        (None, Err(payload)) => Err(Fault::internal(reason(&*payload)).into()),
    }
}

/// What a panic says.
fn reason(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    format!("a defect of fusebind: {}", text.unwrap_or_default())
}
