//! What the server did, as Prometheus reads it. Comes in: counts. Goes out: text in the exposition format 0.0.4.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the histogram of seconds.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    seconds: Mutex<BTreeMap<String, Histogram>>,
    batches: AtomicU64,
    pairs: AtomicU64,
    rejected: AtomicU64,
    refused_connections: AtomicU64,
}

#[derive(Debug, Default, Clone)]
struct Histogram {
    buckets: [u64; SECONDS.len()],
    count: u64,
    sum: f64,
}

/// What is measured at the moment of asking.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) waiting_pairs: usize,
    pub(crate) jobs: BTreeMap<&'static str, usize>,
    pub(crate) caches: [(&'static str, (u64, u64)); 4],
    pub(crate) uptime: Duration,
}

impl Metrics {
    /// An answered request.
    pub(crate) fn request(&self, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.to_string(), status)).or_default() += 1;
        drop(requests);
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = seconds.entry(route.to_string()).or_default();
        let took = took.as_secs_f64();
        let above = SECONDS
            .iter()
            .zip(&mut histogram.buckets)
            .filter(|(bound, _)| took <= **bound);
        above.for_each(|(_, count)| *count += 1);
        histogram.count += 1;
        histogram.sum += took;
    }

    /// Pairs that went through the model in one call.
    pub(crate) fn batch(&self, pairs: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.pairs.fetch_add(pairs as u64, Ordering::Relaxed);
    }

    /// Rows that were answered with an error.
    pub(crate) fn rejected(&self, rows: usize) {
        self.rejected.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// A connection that was closed because there were too many.
    pub(crate) fn refused_connection(&self) {
        self.refused_connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything as text.
    pub(crate) fn text(&self, gauges: &Gauges) -> String {
        let mut text = String::new();
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = write!(text, "# HELP fusebind_{name} {help}\n# TYPE fusebind_{name} {kind}\n");
        };
        head(&mut text, "requests_total", "counter", "Answered requests.");
        for ((route, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(
                text,
                "fusebind_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        head(&mut text, "request_seconds", "histogram", "Time to answer.");
        for (route, histogram) in &*self.seconds.lock().unwrap_or_else(PoisonError::into_inner) {
            histogram.write(&mut text, route);
        }
        let counters = [
            ("batches_total", &self.batches, "Calls of the model for requests."),
            ("batched_pairs_total", &self.pairs, "Pairs of these calls."),
            (
                "rejected_rows_total",
                &self.rejected,
                "Rows that were answered with an error.",
            ),
            (
                "refused_connections_total",
                &self.refused_connections,
                "Connections that were closed because there were too many.",
            ),
        ];
        for (name, counter, help) in counters {
            head(&mut text, name, "counter", help);
            let _ = writeln!(text, "fusebind_{name} {}", counter.load(Ordering::Relaxed));
        }
        head(
            &mut text,
            "cache_lookups_total",
            "counter",
            "Lookups of compounds and proteins that were read or encoded before.",
        );
        for (cache, (hits, misses)) in gauges.caches {
            for (result, count) in [("hit", hits), ("miss", misses)] {
                let _ = writeln!(
                    text,
                    "fusebind_cache_lookups_total{{cache=\"{cache}\",result=\"{result}\"}} {count}"
                );
            }
        }
        head(&mut text, "jobs", "gauge", "Jobs that are held.");
        for (status, count) in &gauges.jobs {
            let _ = writeln!(text, "fusebind_jobs{{status=\"{status}\"}} {count}");
        }
        head(&mut text, "waiting_pairs", "gauge", "Pairs that wait for the model.");
        let _ = writeln!(text, "fusebind_waiting_pairs {}", gauges.waiting_pairs);
        head(&mut text, "uptime_seconds", "gauge", "Time since the start.");
        let _ = writeln!(text, "fusebind_uptime_seconds {}", gauges.uptime.as_secs_f64());
        text
    }
}

impl Histogram {
    fn write(&self, text: &mut String, route: &str) {
        let name = "fusebind_request_seconds";
        for (bound, count) in SECONDS.iter().zip(&self.buckets) {
            let _ = writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", self.count);
        let _ = writeln!(text, "{name}_sum{{route=\"{route}\"}} {}", self.sum);
        let _ = writeln!(text, "{name}_count{{route=\"{route}\"}} {}", self.count);
    }
}
