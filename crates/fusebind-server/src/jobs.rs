//! Jobs: work that takes longer than a request should.
//!
//! Comes in: a task. Goes out: a [`Job`] whose lines of results grow, page by page. Jobs are held in memory, so many and for so long as the limits say;
//! one thread (`work`) does them one after another.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use serde::Serialize;

use crate::{config::Limits, id, refusal::Refusal};

/// What a job does, given itself.
pub(crate) type Task = Box<dyn FnOnce(&Job) + Send>;

/// What a client calls its request, so that sending it again does nothing twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Hash of the name.
    pub(crate) name: [u8; 32],
    /// Hash of what was sent under it.
    pub(crate) body: [u8; 32],
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// In the queue.
    Waiting,
    /// At work.
    Running,
    /// All results are there.
    Done,
    /// Stopped by a client or by the end of the server; results so far are there.
    Cancelled,
    /// The program failed.
    Failed,
}

/// See the file's header.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// Columns of its results as a table; empty where they are no table.
    pub(crate) header: Vec<String>,
    notes: Vec<String>,
    is_cancelled: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    status: Status,
    done: usize,
    total: usize,
    lines: Vec<String>,
    bytes: usize,
    ended: Option<Instant>,
}

/// What a client is told of a job.
#[derive(Debug, Serialize)]
pub(crate) struct Progress<'a> {
    id: &'a str,
    kind: &'static str,
    status: Status,
    /// Steps that are done, and all of them.
    done: usize,
    total: usize,
    /// Rows of results so far.
    results: usize,
    notes: &'a [String],
}

/// A new job.
pub(crate) struct NewJob {
    pub(crate) kind: &'static str,
    pub(crate) header: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) total: usize,
    pub(crate) task: Task,
}

impl Job {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its task should stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Adds results, and tells of steps.
    pub(crate) fn add(&self, lines: Vec<String>, steps: usize) {
        let mut state = self.state();
        state.bytes += lines.iter().map(String::len).sum::<usize>();
        state.lines.extend(lines);
        state.done += steps;
    }

    /// Asks it to stop; one that waits is over at once.
    pub(crate) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        let mut state = self.state();
        if state.status == Status::Waiting {
            state.status = Status::Cancelled;
            state.ended = Some(Instant::now());
        }
    }

    /// Says that its task begins; false where it was cancelled before.
    pub(crate) fn begin(&self) -> bool {
        let mut state = self.state();
        let begins = state.status == Status::Waiting;
        if begins {
            state.status = Status::Running;
        }
        begins
    }

    /// Says that its task is over.
    pub(crate) fn end(&self, is_whole: bool) {
        let mut state = self.state();
        state.status = match (is_whole, self.is_cancelled()) {
            (false, _) => Status::Failed,
            (true, true) => Status::Cancelled,
            (true, false) => Status::Done,
        };
        state.ended = Some(Instant::now());
    }

    /// What a client is told, as the text of an object.
    pub(crate) fn progress(&self) -> String {
        let state = self.state();
        let progress = Progress {
            id: &self.id,
            kind: self.kind,
            status: state.status,
            done: state.done,
            total: state.total,
            results: state.lines.len(),
            notes: &self.notes,
        };
        // Texts and numbers become JSON in any case.
        serde_json::to_string(&progress).unwrap_or_default()
    }

    /// Lines from `offset` on, at most `most` of them; where the next page begins, where there is one; and the status.
    pub(crate) fn page(&self, offset: usize, most: usize) -> (Vec<String>, Option<usize>, Status) {
        let state = self.state();
        let from = offset.min(state.lines.len());
        let to = from.saturating_add(most).min(state.lines.len());
        let is_open = matches!(state.status, Status::Waiting | Status::Running);
        let next = (to < state.lines.len() || is_open).then_some(to);
        (state.lines[from..to].to_vec(), next, state.status)
    }

    fn ended(&self) -> Option<Instant> {
        self.state().ended
    }
}

/// See the file's header.
#[derive(Debug)]
pub(crate) struct Jobs {
    held: Mutex<Held>,
    filled: Condvar,
    limits: Limits,
}

#[derive(Default)]
struct Held {
    jobs: HashMap<String, Arc<Job>>,
    /// From the oldest on.
    order: VecDeque<String>,
    waiting: VecDeque<(Arc<Job>, Task)>,
    /// Hashes of idempotency keys, with the hash of the body and the job.
    keys: HashMap<[u8; 32], ([u8; 32], String)>,
    is_closed: bool,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

impl Jobs {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            held: Mutex::default(),
            filled: Condvar::new(),
            limits,
        }
    }

    /// The job that was submitted with this key before, where the body was the same.
    pub(crate) fn known(&self, key: Option<&Key>) -> Result<Option<Arc<Job>>, Refusal> {
        self.held().known(key)
    }

    /// Takes a job; the same key with the same body gives the same job.
    pub(crate) fn submit(&self, new: NewJob, key: Option<Key>) -> Result<Arc<Job>, Refusal> {
        let mut held = self.held();
        held.expire(&self.limits);
        if let Some(known) = held.known(key.as_ref())? {
            return Ok(known);
        }
        if held.is_closed {
            return Err(stopping());
        }
        held.waiting.retain(|(job, _)| !job.is_cancelled());
        if held.waiting.len() >= self.limits.waiting_jobs {
            let reason = "too many jobs wait";
            return Err(Refusal::busy("waiting_jobs", self.limits.waiting_jobs, reason));
        }
        let job = Arc::new(Job {
            id: id::secret(),
            kind: new.kind,
            header: new.header,
            notes: new.notes,
            is_cancelled: AtomicBool::new(false),
            state: Mutex::new(State {
                status: Status::Waiting,
                done: 0,
                total: new.total,
                lines: Vec::new(),
                bytes: 0,
                ended: None,
            }),
        });
        held.jobs.insert(job.id.clone(), job.clone());
        held.order.push_back(job.id.clone());
        if let Some(key) = key {
            held.keys.insert(key.name, (key.body, job.id.clone()));
        }
        held.waiting.push_back((job.clone(), new.task));
        drop(held);
        self.filled.notify_one();
        Ok(job)
    }

    /// A job by its name.
    pub(crate) fn find(&self, id: &str) -> Result<Arc<Job>, Refusal> {
        let mut held = self.held();
        held.expire(&self.limits);
        held.jobs.get(id).cloned().ok_or_else(|| {
            let remedy =
                "check the id; finished jobs are kept for a while, see `kept_seconds` and `kept_jobs` in /v1/model";
            Refusal::unknown("there is no such job", remedy)
        })
    }

    /// The next job; none after [`Jobs::close`] when nothing waits.
    pub(crate) fn next(&self) -> Option<(Arc<Job>, Task)> {
        let mut held = self.held();
        loop {
            if let Some(next) = held.waiting.pop_front() {
                return Some(next);
            }
            if held.is_closed {
                return None;
            }
            held = self.filled.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more jobs; with `cancel`, those that it has stop after their step.
    pub(crate) fn close(&self, cancel: bool) {
        let mut held = self.held();
        held.is_closed = true;
        if cancel {
            held.jobs.values().for_each(|job| job.cancel());
        }
        drop(held);
        self.filled.notify_all();
    }

    /// Jobs by status.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut held = self.held();
        held.expire(&self.limits);
        let mut counts = BTreeMap::new();
        for job in held.jobs.values() {
            let name = match job.state().status {
                Status::Waiting => "waiting",
                Status::Running => "running",
                Status::Done => "done",
                Status::Cancelled => "cancelled",
                Status::Failed => "failed",
            };
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn known(&self, key: Option<&Key>) -> Result<Option<Arc<Job>>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        match self.keys.get(&key.name) {
            Some((known, id)) if *known == key.body => Ok(self.jobs.get(id).cloned()),
            Some(_) => Err(Refusal::new(
                StatusCode::CONFLICT,
                "idempotency",
                "the same Idempotency-Key was used with another body",
                "use a new key for a new job",
            )),
            None => Ok(None),
        }
    }

    /// Forgets jobs that ended long ago, and the oldest of them where there are too many or their results are too large.
    fn expire(&mut self, limits: &Limits) {
        let kept = Duration::from_secs(limits.kept_seconds);
        let is_old = |job: &Job| job.ended().is_some_and(|ended| ended.elapsed() >= kept);
        let size = |job: &Arc<Job>| job.state().bytes;
        let mut bytes: usize = self.jobs.values().map(size).sum();
        let order = std::mem::take(&mut self.order);
        for id in order {
            let Some(job) = self.jobs.get(&id) else { continue };
            let too_many = self.jobs.len() >= limits.kept_jobs || bytes > limits.kept_bytes;
            if is_old(job) || (too_many && job.ended().is_some()) {
                bytes -= size(job);
                self.jobs.remove(&id);
            } else {
                self.order.push_back(id);
            }
        }
        self.keys.retain(|_, (_, id)| self.jobs.contains_key(id));
    }
}

/// The server ends.
pub(crate) fn stopping() -> Refusal {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "stopping",
        "the server is stopping",
        "ask again when it has been started",
    )
}
