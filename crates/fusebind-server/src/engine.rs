//! The pairs of all waiting requests, predicted in one call of the model.
//!
//! Comes in: pairs of one request. Goes out: its predictions. A thread of its own takes whatever waits, up to [`MOST`] pairs, predicts it, and
//! hands each request its part. A prediction depends on the model and its own pair alone, so that it has the same bits in every batch.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use fusebind_predict::{CachingModel, Model, Pair, Prediction};
use tokio::sync::oneshot;

use crate::{gate::Gate, metrics::Metrics, refusal::Refusal};

/// Pairs of one call. Larger requests are cut, so that others go between their parts.
pub(crate) const MOST: usize = 1024;

/// See the file's header.
#[derive(Debug)]
pub(crate) struct Engine {
    model: CachingModel,
    gate: Gate,
    queue: Mutex<Queue>,
    filled: Condvar,
    metrics: Arc<Metrics>,
    most_waiting: usize,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    pairs: usize,
    is_closed: bool,
}

#[derive(Debug)]
struct Waiting {
    pairs: Vec<Pair>,
    answer: oneshot::Sender<Vec<Prediction>>,
}

impl Engine {
    /// Starts the thread that predicts; it ends with [`Engine::close`].
    ///
    /// # Errors
    /// Where the system starts no thread.
    pub(crate) fn start(model: CachingModel, metrics: Arc<Metrics>, most_waiting: usize) -> std::io::Result<Arc<Self>> {
        let engine = Arc::new(Self {
            model,
            gate: Gate::default(),
            queue: Mutex::default(),
            filled: Condvar::new(),
            metrics,
            most_waiting,
        });
        let own = engine.clone();
        let run = move || while own.step() {};
        std::thread::Builder::new().name("predict".into()).spawn(run)?;
        Ok(engine)
    }

    /// The model.
    pub(crate) fn model(&self) -> &Model {
        self.model.model()
    }

    /// Lookups of encoded compounds and proteins.
    pub(crate) fn lookups(&self) -> [(u64, u64); 2] {
        self.model.lookups()
    }

    /// Ends the thread once nothing waits.
    pub(crate) fn close(&self) {
        self.queue().is_closed = true;
        self.filled.notify_all();
    }

    /// Pairs that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue().pairs
    }

    /// Predicts `pairs`, in order.
    pub(crate) async fn predict(&self, pairs: Vec<Pair>) -> Result<Vec<Prediction>, Refusal> {
        if pairs.len() + self.waiting() > self.most_waiting {
            let reason = "too many pairs wait for the model";
            return Err(Refusal::busy("waiting_pairs", self.most_waiting, reason));
        }
        let mut all = Vec::with_capacity(pairs.len());
        let mut rest = pairs;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(MOST));
            all.extend(self.enqueue(rest).await.map_err(|_| Refusal::internal())?);
            rest = later;
        }
        Ok(all)
    }

    /// Does one step of a job with the model, when no request waits.
    pub(crate) fn patient<T: Send>(&self, work: impl FnOnce(&Model) -> T + Send) -> T {
        // A thread outside of the pool would wake it and sleep once for each of thousands of small products.
        self.gate.patient(|| rayon::scope(|_| work(self.model())))
    }

    fn enqueue(&self, pairs: Vec<Pair>) -> oneshot::Receiver<Vec<Prediction>> {
        let (answer, receiver) = oneshot::channel();
        let mut queue = self.queue();
        if !queue.is_closed {
            queue.pairs += pairs.len();
            queue.waiting.push_back(Waiting { pairs, answer });
        }
        drop(queue);
        self.filled.notify_one();
        receiver
    }

    /// Predicts what waits; false when there is nothing more to come.
    fn step(&self) -> bool {
        let mut queue = self.queue();
        while queue.waiting.is_empty() {
            if queue.is_closed {
                return false;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queue);
        // Who comes while the gate is closed is taken along.
        self.gate.urgent(|| self.batch());
        true
    }

    fn batch(&self) {
        let (mut pairs, mut answers) = (Vec::new(), Vec::new());
        let mut queue = self.queue();
        while let Some(next) = queue.waiting.front() {
            if !pairs.is_empty() && pairs.len() + next.pairs.len() > MOST {
                break;
            }
            let Some(next) = queue.waiting.pop_front() else { break };
            queue.pairs -= next.pairs.len();
            // Nobody waits for it any more.
            if !next.answer.is_closed() {
                answers.push((next.pairs.len(), next.answer));
                pairs.extend(next.pairs);
            }
        }
        drop(queue);
        if pairs.is_empty() {
            return;
        }
        self.metrics.batch(pairs.len());
        let predict = || rayon::scope(|_| self.model.predict(&pairs));
        // Whoever waits for a batch that failed gets an internal error; the thread goes on.
        let Ok(predictions) = catch_unwind(AssertUnwindSafe(predict)) else {
            return;
        };
        let mut predictions = predictions.into_iter();
        for (count, answer) in answers {
            let own: Vec<Prediction> = predictions.by_ref().take(count).collect();
            // The client may have gone.
            let _ = answer.send(own);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
