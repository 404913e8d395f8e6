//! How far a screening is, on stderr: a line at most every few seconds.

use std::time::{Duration, Instant};

use crate::console::Console;

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// See the file's header.
pub struct Progress<'a> {
    console: &'a Console,
    begun: Instant,
    said: Instant,
    /// About how many rows there are.
    total: Option<u64>,
    /// Rows that earlier runs have done.
    passed: u64,
}

impl<'a> Progress<'a> {
    pub fn new(console: &'a Console, total: Option<u64>) -> Self {
        Self {
            console,
            begun: Instant::now(),
            said: Instant::now(),
            total,
            passed: 0,
        }
    }

    /// Rows that need no work.
    pub fn pass(&mut self, rows: u64) {
        self.passed += rows;
    }

    /// `rows` are done in all.
    pub fn at(&mut self, rows: u64, best: Option<f64>) {
        if self.said.elapsed() < PAUSE {
            return;
        }
        self.said = Instant::now();
        let rate = (rows - self.passed) as f64 / self.begun.elapsed().as_secs_f64().max(1e-9);
        let left = self.total.filter(|total| *total > rows && rate > 0.0).map(|total| {
            let seconds = (total - rows) as f64 / rate;
            format!(" of about {total}, about {} left", duration(seconds))
        });
        let best = best.map(|best| format!(", best {best:.3}"));
        self.console.note(format_args!(
            "{rows} rows{}, {rate:.0} rows/s{}",
            left.unwrap_or_default(),
            best.unwrap_or_default()
        ));
    }
}

/// A time in words.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// The most memory that this process has taken so far, in MiB, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}
