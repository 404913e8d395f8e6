//! The page of a run, `RUN/report.html`: what it was trained on, how training went, what to expect, and the scores of the test part once they are
//! known. It opens offline.

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use fusebind_data::table::write_atomically;
use fusebind_eval::resample::Interval;
use fusebind_features::modality::Modality;
use fusebind_model::model_file::ModelInfo;
use fusebind_report::{Axis, Block, Curves, Page, Point, Section, Series};
use fusebind_train::{
    evaluate::{CalibrationScores, Evaluation, GroupCalibration, Metrics},
    run_dir::{EpochMetrics, RunDir},
};

/// Name of the page in a run folder.
const FILE: &str = "report.html";

/// Where the page of a run is.
pub fn path(run: &RunDir) -> PathBuf {
    run.root().join(FILE)
}

/// Writes the page of a run into its folder, with the scores of a part where there are some.
///
/// # Errors
/// What stands in the way, as a sentence with the name of the page: a run goes on without one.
pub fn write(run: &RunDir, evaluation: Option<&Evaluation>) -> Result<(), String> {
    let path = path(run);
    let write = || -> Result<(), Box<dyn std::error::Error>> {
        let text = page(run, evaluation)?.render()?;
        Ok(write_atomically(&path, |out| out.write_all(text.as_bytes()))?)
    };
    write().map_err(|error| format!("the page {} was not written: {error}", path.display()))
}

/// Lays out a finished run, with the scores of a part where there are some.
///
/// # Errors
/// Where the run folder or its model cannot be read.
fn page(run: &RunDir, evaluation: Option<&Evaluation>) -> Result<Page, Box<dyn std::error::Error>> {
    let info = ModelInfo::open(&run.model())?;
    let mut sections = vec![data(run, &info)?];
    sections.extend(evaluation.map(scores));
    sections.extend(
        evaluation
            .and_then(|evaluation| evaluation.calibration.as_ref())
            .map(calibration),
    );
    sections.extend(expected(&info));
    let epochs = run.epochs()?;
    sections.push(training(&epochs));
    sections.extend(curriculum(&epochs));
    let summary = match evaluation {
        Some(evaluation) => format!(
            "Scores of {} pairs of the {} part.",
            evaluation.n,
            evaluation.part.name()
        ),
        None => {
            "Trained, and not yet scored on its test part: `fusebind evaluate` adds those scores to this page.".into()
        }
    };
    Ok(Page {
        title: format!("Run {}", run.root().display()),
        summary: vec![summary],
        sections,
    })
}

fn data(run: &RunDir, info: &ModelInfo) -> Result<Section, fusebind_train::Error> {
    let [train, valid, test] = run.info()?.pairs;
    let names = |modalities: &[Modality]| {
        modalities
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let training = &info.training;
    let fact = |name: &str, value: String| (name.to_string(), value);
    Ok(Section {
        title: "Data and model".into(),
        blocks: vec![Block::Facts(vec![
            fact("task", info.task.into()),
            fact("recipe", info.recipe.clone()),
            fact("pairs", format!("{train} train, {valid} validate, {test} test")),
            fact(
                "training",
                format!("{} drugs, {} targets", training.drugs, training.targets),
            ),
            fact("drug modalities", names(&info.drug_modalities)),
            fact("target modalities", names(&info.target_modalities)),
            fact("parameters", info.parameters.to_string()),
            fact("kept epoch", training.epoch.to_string()),
            fact("seed", info.seed.to_string()),
            fact("data fingerprint", info.data_fingerprint.clone()),
            fact("split hash", info.split_hash.clone()),
            fact("fusebind", info.version.clone()),
        ])],
    })
}

fn number(value: Option<&f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.4}"))
}

/// The model beside all baselines, and what of the part occurs in training.
fn scores(evaluation: &Evaluation) -> Section {
    let names: Vec<&str> = ["mse", "ci", "rm2", "pearson", "auroc", "auprc", "f1", "ece"]
        .into_iter()
        .filter(|name| evaluation.metrics.contains_key(*name))
        .collect();
    let row = |name: &str, metrics: &Metrics| {
        let cells = names.iter().map(|metric| number(metrics.get(*metric)));
        std::iter::once(name.to_string()).chain(cells).collect()
    };
    let mut rows = vec![row("this model", &evaluation.metrics)];
    rows.extend(evaluation.baselines.iter().map(|(name, metrics)| row(name, metrics)));
    let mut header = vec![""];
    header.extend(&names);
    let mut blocks = vec![Block::table("Beside baselines that are hard to beat", &header, rows)];
    blocks.extend(evaluation.better_baselines.iter().cloned().map(Block::Text));
    let within = [
        ("targets", &evaluation.within_target),
        ("drugs", &evaluation.within_drug),
    ];
    for (entities, scores) in within {
        let row = |(name, interval): (&String, &Interval)| {
            let best = scores
                .baselines
                .values()
                .filter_map(|of| of.get(name))
                .copied()
                .reduce(f64::max);
            vec![
                name.clone(),
                format!("{:.4}", interval.value),
                format!("{:.4} to {:.4}", interval.low, interval.high),
                number(best.as_ref()),
            ]
        };
        let rows: Vec<Vec<String>> = scores.intervals.iter().map(row).collect();
        if !rows.is_empty() {
            let caption = format!("Ranking within each of {} {entities}, mean", scores.entities);
            blocks.push(Block::table(
                &caption,
                &["score", "this model", "95 % interval", "best baseline"],
                rows,
            ));
        }
    }
    let leakage = &evaluation.leakage;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    blocks.push(Block::Facts(vec![
        ("drug seen in training".into(), percent(leakage.drug_seen)),
        ("target seen in training".into(), percent(leakage.target_seen)),
        ("the very pair in training".into(), percent(leakage.pair_seen)),
    ]));
    Section {
        title: "Scores".into(),
        blocks,
    }
}

/// Whether intervals, sets and probabilities hold.
fn calibration(scores: &CalibrationScores) -> Section {
    let row = |name: &str, of: &GroupCalibration| {
        let [error, expected] = of.error();
        let cells = [
            of.coverage_90,
            of.width_90,
            of.constant_width_90,
            of.set_coverage_90,
            of.either_90,
            of.ece,
            error,
            expected,
        ];
        let cells = cells.iter().map(|value| number(value.as_ref()));
        [name.to_string(), of.n.to_string()].into_iter().chain(cells).collect()
    };
    let mut rows = vec![row("all", &scores.all)];
    rows.extend(scores.by_novelty.iter().map(|(novelty, of)| row(novelty.name(), of)));
    rows.extend(scores.by_domain.iter().map(|(domain, of)| row(domain.name(), of)));
    rows.extend(
        scores
            .by_similarity
            .iter()
            .map(|(band, of)| row(&format!("similarity {band}"), of)),
    );
    rows.extend((scores.by_missing.iter()).map(|(lacks, of)| row(&format!("without {lacks}"), of)));
    let header = [
        "pairs",
        "number",
        "in the interval",
        "width",
        "one width for all",
        "in the set",
        "cannot tell",
        "calibration error",
        "mean error",
        "expected error",
    ];
    Section {
        title: "How sure it may be".into(),
        blocks: vec![Block::table("Intervals and sets of 90 %", &header, rows)],
    }
}

/// What to expect of new pairs, from pairs that were held out.
fn expected(info: &ModelInfo) -> Option<Section> {
    let rows: Vec<Vec<String>> = (info.expected.iter())
        .flat_map(|(novelty, scores)| {
            let pairs = info.held_out_pairs.get(novelty).copied().unwrap_or_default();
            let row = move |(name, value): (&String, &f64)| {
                vec![
                    novelty.name().to_string(),
                    pairs.to_string(),
                    name.clone(),
                    format!("{value:.4}"),
                ]
            };
            scores.iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    let of_sources: Vec<Vec<String>> = (info.expected_of_sources.iter())
        .flat_map(|(source, of)| {
            let row = |(name, value): (&String, &f64)| {
                vec![
                    source.clone(),
                    of.pairs.to_string(),
                    name.clone(),
                    format!("{value:.4}"),
                ]
            };
            of.scores.iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    let by_novelty =
        "Scores of further models on pairs, drugs and targets that they did not see; no test pair among them";
    let by_source =
        "Scores of further models on the pairs of a source that they were trained without: what to expect elsewhere";
    let tables = [("pairs", by_novelty, rows), ("source", by_source, of_sources)];
    let blocks: Vec<Block> = (tables.into_iter())
        .filter(|(.., rows)| !rows.is_empty())
        .map(|(of, title, rows)| Block::table(title, &[of, "number", "score", "value"], rows))
        .collect();
    (!blocks.is_empty()).then(|| Section {
        title: "What to expect of new pairs".into(),
        blocks,
    })
}

fn training(epochs: &[EpochMetrics]) -> Section {
    let point = |epoch: &EpochMetrics, y: f64| Point {
        x: epoch.epoch as f64,
        y,
        band: None,
    };
    let curves = |title: &str, label: &str, series: Vec<Series>| {
        Block::Curves(Curves {
            title: title.into(),
            x: axis("epoch", None),
            y: axis(label, None),
            series,
            levels: Vec::new(),
        })
    };
    let loss = Series {
        name: "training loss".into(),
        points: epochs.iter().map(|epoch| point(epoch, epoch.train_loss)).collect(),
    };
    let mut blocks = vec![curves("Training loss", "loss", vec![loss])];
    for metric in ["mse", "ci", "auroc", "auprc"] {
        let points: Vec<Point> = (epochs.iter())
            .filter_map(|epoch| Some(point(epoch, *epoch.valid.get(metric)?)))
            .collect();
        if !points.is_empty() {
            let series = Series {
                name: "validation".into(),
                points,
            };
            blocks.push(curves(&format!("Validation, {metric}"), metric, vec![series]));
        }
    }
    Section {
        title: "Training".into(),
        blocks,
    }
}

/// An axis of a diagram.
pub fn axis(label: &str, range: Option<(f64, f64)>) -> Axis {
    Axis {
        label: label.into(),
        range,
    }
}

/// Weight and importance of each modality over training; `None` without a curriculum.
pub fn curriculum(epochs: &[EpochMetrics]) -> Option<Section> {
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
