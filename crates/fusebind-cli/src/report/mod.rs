//! Results as pages. Comes in: what a command has measured. Goes out: a [`Page`](fusebind::report::Page) that opens offline.

pub mod ablation;
pub mod explanation;
pub mod robustness;
pub mod run;
pub mod screening;

use std::collections::BTreeMap;

use fusebind::{
    report::{Axis, Block, Curves, Point, Section, Series},
    train::{experiment::robustness::Measurement, missing::Pattern, run_dir::EpochMetrics},
};

fn axis(label: &str, range: Option<(f64, f64)>) -> Axis {
    Axis {
        label: label.into(),
        range,
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

/// Weight and importance of each modality over training; `None` without a curriculum.
fn curriculum(epochs: &[EpochMetrics]) -> Option<Section> {
    let curves = |title: &str, label: &str, read: &dyn Fn(&EpochMetrics) -> &BTreeMap<String, f64>| {
        let mut series: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
        for epoch in epochs {
            for (name, value) in read(epoch) {
                series.entry(name).or_default().push(Point {
                    x: epoch.epoch as f64,
                    y: *value,
                    band: None,
                });
            }
        }
        let named = |(name, points): (&str, Vec<Point>)| Series {
            name: name.into(),
            points,
        };
        Block::Curves(Curves {
            title: title.into(),
            x: axis("epoch", None),
            y: axis(label, None),
            series: series.into_iter().map(named).collect(),
            levels: Vec::new(),
        })
    };
    let any = epochs.iter().any(|e| !e.modality_weights.is_empty());
    any.then(|| Section {
        title: "Curriculum".into(),
        blocks: vec![
            curves("Weight of each modality", "weight", &|e| &e.modality_weights),
            curves(
                "What each modality saves of the loss, running average",
                "share of the loss",
                &|e| &e.measured_importance,
            ),
        ],
    })
}
