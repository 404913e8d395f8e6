//! The thread that does jobs, one after another.
//!
//! Comes in: jobs. Goes out: their results, in memory, and in a folder where the user named one.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
};

use fusebind_data::table::write_atomically;

use crate::{
    jobs::{Job, Jobs},
    log::Log,
};

/// Starts the thread; it ends with [`Jobs::close`].
///
/// # Errors
/// Where the system starts no thread.
pub(crate) fn start(jobs: Arc<Jobs>, results: Option<PathBuf>, log: Log) -> std::io::Result<JoinHandle<()>> {
    let run = move || {
        while let Some((job, task)) = jobs.next() {
            if !job.begin() {
                continue;
            }
            let is_whole = catch_unwind(AssertUnwindSafe(|| task(&job))).is_ok();
            let is_written = match (&results, is_whole) {
                (Some(folder), true) => write(&job, folder).is_ok(),
                _ => true,
            };
            job.end(is_whole && is_written);
            log.job(&job.progress());
        }
    };
    std::thread::Builder::new().name("jobs".into()).spawn(run)
}

/// Writes the results of a job, one object in a line.
fn write(job: &Job, folder: &std::path::Path) -> Result<(), fusebind_data::Error> {
    let (lines, ..) = job.page(0, usize::MAX);
    let path = folder.join(format!("{}-{}.jsonl", job.kind, job.id));
    write_atomically(&path, |out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}
