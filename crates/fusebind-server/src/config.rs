//! What a server is told when it starts.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use fusebind_features::entity::protein::MAX_RESIDUES;
use fusebind_predict::EncoderFolders;
use serde::Serialize;

/// Where a server listens, who may use it, and how much of it.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address. Any but a loopback address needs a token.
    pub host: IpAddr,
    /// Port; 0 lets the system choose one.
    pub port: u16,
    /// What a client must send as `Authorization: Bearer TOKEN`.
    pub token: Option<String>,
    /// Folder for the results of jobs; without one nothing is written to disk.
    pub results: Option<PathBuf>,
    /// Where the pretrained encoders of the model are.
    pub encoders: EncoderFolders,
    /// Whether requests are logged to stderr.
    pub logs: bool,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of a server. A refusal names the one that was passed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Pairs of a request that is answered at once.
    pub rows: usize,
    /// Pairs of a prediction job.
    pub job_rows: usize,
    /// Compounds times proteins of a screening.
    pub screened_pairs: usize,
    /// Pairs that are explained at once.
    pub explained: usize,
    /// Pairs of an explanation job.
    pub job_explained: usize,
    /// Letters of a SMILES.
    pub smiles_letters: usize,
    /// Letters of a sequence.
    pub sequence_letters: usize,
    /// Letters of an id.
    pub id_letters: usize,
    /// Letters and numbers of side data of one compound or protein.
    pub side_values: usize,
    /// Pairs that wait for the model; more are refused until it has caught up.
    pub waiting_pairs: usize,
    /// Requests that are worked on; more are refused.
    pub requests: usize,
    /// Bodies of more than 64 KiB, or of unknown length, from their first byte until they are answered; more are refused.
    pub bodies: usize,
    /// Open connections; where there are more, those that have waited longest for their clients are closed.
    pub connections: usize,
    /// Jobs that wait.
    pub waiting_jobs: usize,
    /// Bytes of encoded compounds and proteins that are kept, about; those that nobody asked for go first.
    pub cached_bytes: usize,
    /// Bytes of results of jobs that are kept; the oldest go first.
    pub kept_bytes: usize,
    /// Jobs that are kept; the oldest go first.
    pub kept_jobs: usize,
    /// Seconds for reading a head, a body, or for idling between requests.
    pub read_seconds: u64,
    /// Seconds until a request is given up.
    pub answer_seconds: u64,
    /// Seconds for which a finished job is kept.
    pub kept_seconds: u64,
    /// Seconds that a stopping server has for what it took.
    pub stop_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            rows: 10_000,
            job_rows: 200_000,
            screened_pairs: 5_000_000,
            explained: 4,
            job_explained: 200,
            smiles_letters: 4_096,
            sequence_letters: MAX_RESIDUES,
            id_letters: 200,
            side_values: 100_000,
            waiting_pairs: 200_000,
            requests: 256,
            bodies: 64,
            connections: 2_048,
            waiting_jobs: 16,
            cached_bytes: 64 << 20,
            kept_bytes: 256 << 20,
            kept_jobs: 64,
            read_seconds: 30,
            answer_seconds: 60,
            kept_seconds: 3_600,
            stop_seconds: 30,
        }
    }
}

impl Limits {
    /// [`Limits::read_seconds`].
    pub(crate) fn read(&self) -> Duration {
        Duration::from_secs(self.read_seconds)
    }

    /// [`Limits::answer_seconds`].
    pub(crate) fn answer(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }
}
