//! Everything that requests share.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use fusebind_model::{device::DeviceChoice, model_file::ModelInfo};
use fusebind_predict::{CachingModel, Model};
use tokio::sync::Semaphore;

use crate::{
    config::ServerConfig,
    engine::Engine,
    id,
    jobs::Jobs,
    log::Log,
    metrics::Metrics,
    reader::{Caches, Reader},
    work,
};

/// Large bodies that are read at once.
const LARGE_BODIES: usize = 4;
/// Letters of a token that cannot be guessed.
const LEAST_TOKEN: usize = 16;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The model cannot be read.
    #[error(transparent)]
    Model(#[from] fusebind_model::Error),
    /// A folder or a thread cannot be made.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// Others can reach the address, and there is no token, or a short one.
    #[error("an address that others can reach needs a token of at least {LEAST_TOKEN} letters")]
    Token,
}

/// A model that is served.
#[derive(Debug)]
pub struct App {
    pub(crate) config: ServerConfig,
    pub(crate) engine: Arc<Engine>,
    pub(crate) info: ModelInfo,
    pub(crate) caches: Caches,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Log,
    /// SHA-256 of the token.
    pub(crate) token: Option<[u8; 32]>,
    pub(crate) requests: Semaphore,
    pub(crate) bodies: Semaphore,
    pub(crate) large: Semaphore,
    pub(crate) started: Instant,
    is_stopping: AtomicBool,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl App {
    /// Opens a run folder or a model file, and starts the threads that predict and do jobs.
    ///
    /// # Errors
    /// Where the model cannot be read, where another address than a loopback one has no token, and where a thread or a folder cannot be made.
    pub fn open(path: &Path, config: ServerConfig) -> Result<Arc<Self>, OpenError> {
        if !config.host.is_loopback() && config.token.as_ref().is_none_or(|token| token.len() < LEAST_TOKEN) {
            return Err(OpenError::Token);
        }
        let file = match path.is_dir() {
            true => path.join("model.safetensors"),
            false => path.to_path_buf(),
        };
        let mut info = ModelInfo::open(&file)?;
        // Clients need not know where things are on this machine.
        for encoder in &mut info.encoders {
            encoder.folder.clone_from(&encoder.name);
        }
        let model = Model::open_with(path, &DeviceChoice::Cpu.resolve()?.device, &config.encoders)?;
        let model = CachingModel::new(Arc::new(model), config.limits.cached_bytes);
        if let Some(folder) = &config.results {
            std::fs::create_dir_all(folder)?;
        }
        let metrics = Arc::new(Metrics::default());
        let jobs = Arc::new(Jobs::new(config.limits));
        let log = Log { is_on: config.logs };
        let worker = work::start(jobs.clone(), config.results.clone(), log)?;
        Ok(Arc::new(Self {
            engine: Engine::start(model, metrics.clone(), config.limits.waiting_pairs)?,
            info,
            caches: Caches::default(),
            jobs,
            metrics,
            log,
            token: config.token.as_ref().map(|token| id::hash(token.as_bytes())),
            requests: Semaphore::new(config.limits.requests),
            bodies: Semaphore::new(config.limits.bodies),
            large: Semaphore::new(LARGE_BODIES),
            started: Instant::now(),
            is_stopping: AtomicBool::new(false),
            worker: Mutex::new(Some(worker)),
            config,
        }))
    }

    /// What rows are read with.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            caches: &self.caches,
            limits: &self.config.limits,
            toolkit: self.engine.model().description().standardise,
            with_side: true,
        }
    }

    /// Takes nothing new. Jobs end after their step, unless their results go to a folder.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.jobs.close(self.config.results.is_none());
    }

    /// Whether it takes nothing new.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Whether no job is left.
    pub(crate) fn is_idle(&self) -> bool {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        worker.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Cancels what is left and ends the threads.
    pub(crate) fn end(&self) {
        self.jobs.close(true);
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker {
            // A job that panicked has been reported as failed.
            let _ = worker.join();
        }
        self.engine.close();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.jobs.close(true);
        self.engine.close();
    }
}
