//! The page of `fusebind robustness`.

use std::path::Path;

use fusebind::{
    features::modality::Modality,
    report::{Block, Curves, Heat, Page, Section, Table},
    run_page::{axis, curriculum},
    train::{
        experiment::robustness::{Found, Measurement, Robustness},
        missing::Pattern,
        run_dir::EpochMetrics,
    },
};

use super::{metric_name, missing_curve};

/// Lays out one sweep.
pub fn page(run: &Path, data: &Path, swept: &Robustness, epochs: &[EpochMetrics]) -> Page {
    let metric = metric_name(&swept.metric);
    let summary = format!(
        "{} pairs ({}): {metric} {:.4} with everything, {:.4} with graph and sequence alone. The area under the curves over the \
         missing rate is {:.4} of what it would be if nothing were missing.",
        swept.n,
        swept.part.name(),
        swept.full,
        swept.structure_only,
        swept.area_ratio
    );
    let mut sections = vec![
        Section {
            title: "Missing modalities".into(),
            blocks: missing(swept, metric),
        },
        Section {
            title: "Any subset of the modalities".into(),
            blocks: subsets(swept, metric),
        },
        Section {
            title: "Wrong modalities".into(),
            blocks: [noise(swept, metric)].into_iter().chain(tables(swept)).collect(),
        },
    ];
    sections.extend(curriculum(epochs));
    Page {
        title: format!("Robustness of {}", run.display()),
        summary: vec![format!("Data: {}.", data.display()), summary],
        sections,
    }
}

fn missing(swept: &Robustness, metric: &str) -> Vec<Block> {
    let measurements: Vec<&Measurement> = swept.measurements.iter().collect();
    let error = swept
        .measurements
        .iter()
        .find(|c| c.variant == "full")
        .map_or(f64::NAN, |c| c.error);
    let curves = |title: &str, label: &str, full: f64, levels: Vec<(String, f64)>, read: fn(&Measurement) -> f64| {
        let series = Pattern::ALL.map(|p| missing_curve(p.name(), p, (&[full], &measurements), read));
        Block::Curves(Curves {
            title: title.into(),
            x: axis("side modalities missing, %", Some((0.0, 100.0))),
            y: axis(label, None),
            series: series.into(),
            levels,
        })
    };
    let level = vec![("graph and sequence alone".to_string(), swept.structure_only)];
    let error_name = match swept.metric.as_str() {
        "auroc" => "expected calibration error",
        _ => "mean squared error",
    };
    vec![
        curves("Score", metric, swept.full, level, |c| c.score),
        curves("Calibration", error_name, error, Vec::new(), |c| c.error),
    ]
}

/// Structures in rows, side modalities in columns.
fn subsets(swept: &Robustness, metric: &str) -> Vec<Block> {
    let structure = |m: &Modality| matches!(m, Modality::Graph | Modality::Sequence);
    let split = |name: &str| -> (String, String) {
        let parts: Vec<Modality> = name.split('+').filter_map(|n| n.parse().ok()).collect();
        let join = |of: &dyn Fn(&Modality) -> bool| {
            let names: Vec<&str> = parts.iter().filter(|m| of(m)).map(|m| m.name()).collect();
            match names.is_empty() {
                true => "nothing".to_string(),
                false => names.join(" + "),
            }
        };
        (join(&structure), join(&|m| !structure(m)))
    };
    let scored: Vec<((String, String), f64)> = (swept.measurements.iter())
        .filter(|c| c.variant == "subset")
        .map(|c| (split(&c.name), c.score))
        .collect();
    let (mut rows, mut columns): (Vec<String>, Vec<String>) = Default::default();
    for ((row, column), _) in &scored {
        for (list, name) in [(&mut rows, row), (&mut columns, column)] {
            if !list.contains(name) {
                list.push(name.clone());
            }
        }
    }
    columns.sort_by_key(|name| (name != "nothing", name.matches('+').count(), name.clone()));
    let at = |row: &String, column: &String| scored.iter().find(|s| s.0.0 == *row && s.0.1 == *column).map(|s| s.1);
    let values = rows
        .iter()
        .map(|row| columns.iter().map(|column| at(row, column)).collect())
        .collect();
    let violation = |v: &fusebind::train::experiment::robustness::Violation| {
        vec![v.added.clone(), v.subset.replace('+', " + "), format!("{:.4}", v.loss)]
    };
    let spread = swept.subsets;
    let mut blocks = vec![
        Block::Text(format!(
            "Mean {:.4}, standard deviation {:.4}, worst {:.4}. Adding a true modality lowers the score in {} cases.",
            spread.mean,
            spread.sd,
            spread.worst,
            swept.violations.len()
        )),
        Block::Heat(Heat {
            title: format!("{metric} by what is known"),
            rows,
            columns,
            values,
            decimals: 3,
        }),
    ];
    if !swept.violations.is_empty() {
        blocks.push(Block::Table(Table {
            caption: "Where a true modality hurts".into(),
            header: ["added", "to", "score lost"].map(String::from).into(),
            rows: swept.violations.iter().map(violation).collect(),
        }));
    }
    blocks
}

fn noise(swept: &Robustness, metric: &str) -> Block {
    let row = |c: &Measurement| {
        vec![
            c.name.replace('-', " "),
            format!("{:.4}", c.score),
            format!("{:+.4}", c.score - swept.full),
        ]
    };
    Block::Table(Table {
        caption: format!("{metric} when one modality is wrong for every entity"),
        header: ["what is wrong", metric, "against everything right"]
            .map(String::from)
            .into(),
        rows: swept
            .measurements
            .iter()
            .filter(|c| c.variant == "noise")
            .map(row)
            .collect(),
    })
}

/// Mismatch rates that the model estimates for the side tables; `None` where it checks no side values.
fn tables(swept: &Robustness) -> Option<Block> {
    let percent = |share: f32| format!("{:.0} %", 100.0 * share);
    let row = |found: &Found| {
        let table = &found.finding;
        vec![
            found.noise.replace('-', " "),
            format!("{} {}", table.entity, table.quality.modality),
            table.quality.values.to_string(),
            percent(table.quality.mismatch_rate),
            percent(table.quality.used),
        ]
    };
    (!swept.tables.is_empty()).then(|| {
        Block::Table(Table {
            caption: "How much of each side table the model takes for wrong".into(),
            header: ["what is wrong", "table", "values", "taken for wrong", "in training"]
                .map(String::from)
                .into(),
            rows: swept.tables.iter().map(row).collect(),
        })
    })
}
