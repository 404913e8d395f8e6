//! Results as pages. Comes in: what a command has measured. Goes out: a [`Page`](fusebind::report::Page) that opens offline.

pub mod ablation;
pub mod explanation;
pub mod robustness;
pub mod screening;

use std::collections::BTreeMap;

use fusebind::{
    report::{Point, Series},
    train::{evaluate::Evaluation, experiment::robustness::Measurement, missing::Pattern, run_dir::RunDir},
};

use crate::console::Console;

/// Writes the page of a run into its folder; a folder that cannot be written to costs the page alone.
pub fn run_page(run: &RunDir, evaluation: Option<&Evaluation>, console: &Console) {
    if let Err(reason) = fusebind::run_page::write(run, evaluation) {
        console.note(format_args!("note: {reason}"));
    }
}

/// Name of a metric as people write it.
fn metric_name(metric: &str) -> &'static str {
    match metric {
        "auroc" => "AUROC",
        _ => "concordance index",
    }
}

/// Mean of `values` with their range, at `x`.
fn point(x: f64, values: &[f64]) -> Point {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Point {
        x,
        y: mean,
        band: (values.len() > 1).then_some((low, high)),
    }
}

/// Curve over missing rates of one pattern, from `full` at rate 0 on; `read` is what is shown of a measurement.
fn missing_curve(
    name: &str,
    pattern: Pattern,
    (full, measurements): (&[f64], &[&Measurement]),
    read: impl Fn(&Measurement) -> f64,
) -> Series {
    let mut by_rate: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let of = |measurement: &&&Measurement| measurement.variant == "missing" && measurement.name == pattern.name();
    for measurement in measurements.iter().filter(of) {
        by_rate
            .entry((measurement.rate * 1000.0).round() as u64)
            .or_default()
            .push(read(measurement));
    }
    let start = point(0.0, full);
    let further = by_rate.iter().map(|(rate, values)| point(*rate as f64 / 10.0, values));
    Series {
        name: name.into(),
        points: [start].into_iter().chain(further).collect(),
    }
}
