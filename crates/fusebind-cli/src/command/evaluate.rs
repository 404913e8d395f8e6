//! `fusebind evaluate`: scores beside baselines, with the leakage audit.

use std::path::PathBuf;

use fusebind::{
    data::{split::Part, table::write},
    features::neighbours::Mask,
    model::trained::TrainedModel,
    train::{
        evaluate::{
            CalibrationScores, Evaluation, EvaluationConfig, EvaluationSet, WithinScores, evaluate, pair_columns,
            presence_by_pair,
        },
        run_dir::RunDir,
    },
};

use super::output::{create_parent, protect, say};
use crate::{
    args::EvaluateArgs,
    console::Console,
    exit::Failure,
    load, report,
    run_source::{DataSource, SourceFlags},
};

/// Fewest pairs without some modalities that a line of the table is worth.
const WORTH_A_LINE: usize = 30;

pub fn run(args: &EvaluateArgs, console: &Console) -> anyhow::Result<()> {
    let without = load::switched_off(&args.only, &args.without)?;
    let run = RunDir::open(&args.run)?;
    let (recipe, info) = (run.recipe()?, run.info()?);
    let bundle = open_model(args, &run, console)?;
    bundle.check_without(without)?;
    let mut source = open_source(args, &run, console)?;
    source.tables = source.tables.following(bundle.description.standardise)?;
    let (dataset, mut rejections) = load::named_dataset(&source.data, &source.tables, recipe.censor_at_floor, console)?;
    let split = load::split_of_run(&dataset, source.split.as_deref(), (&recipe, &info), console)?;
    let fields = load::text_fields(&bundle.description);
    let (side, tables) = load::side_data(
        (source.modalities.as_deref(), load::Unmatched::of(&source.tables)),
        &dataset,
        fields,
        &mut rejections,
        console,
    )?;
    let known = tables.as_ref().map(|tables| presence_by_pair(&dataset, tables));
    let lookup = (known.as_ref()).map(|known| move |d: u32, t: u32| known.get(&(d, t)).copied().unwrap_or(0));
    let presence = lookup.as_ref().map(|f| f as &dyn Fn(u32, u32) -> u64);
    let (evaluation, predictions) = evaluate(
        &bundle,
        &EvaluationSet {
            dataset: &dataset,
            drug_side: &side[0],
            target_side: &side[1],
            split: &split,
            part: args.part.part(),
        },
        &EvaluationConfig {
            mask: Mask {
                drug: without,
                target: without,
                ..Mask::default()
            },
            baselines: !args.no_baselines,
            presence,
        },
    )?;
    for note in &evaluation.notes {
        console.note(format_args!("note: {note}"));
    }
    if let Some(path) = &args.predictions {
        create_parent(path)?;
        write(path, &pair_columns(&dataset, &bundle.description, &predictions))?;
    }
    // The page tells of the model as it was trained: scores of a part of it, or of other pairs, are no part of that.
    if args.part.part() == Part::Test && without.is_empty() && split.hash == info.split_hash {
        report::run_page(&run, Some(&evaluation), console);
    }
    let beside = args.predictions.as_deref().map(load::rejected_beside);
    load::report_rejections(&rejections, beside.as_deref(), console)?;
    if args.json {
        say(serde_json::to_string_pretty(&evaluation)?)?
    } else {
        print(&evaluation)?
    }
    Ok(())
}

/// The model of the run, with the mismatch rates that were given.
fn open_model(args: &EvaluateArgs, run: &RunDir, console: &Console) -> anyhow::Result<TrainedModel> {
    finished(run)?;
    let flags = load::ModelFlags::new(args.device, &args.encoders, args.source.cache.as_deref());
    let mut bundle = load::trained(run.root(), &run.model(), flags, console)?;
    if let Some(path) = &args.mismatch_rates {
        bundle.mismatch_rates = load::mismatch_rates(path, &bundle.description)?;
    }
    Ok(bundle)
}

/// Refuses a run that has no model yet, and says how to go on with it.
pub fn finished(run: &RunDir) -> anyhow::Result<()> {
    if run.model().is_file() {
        return Ok(());
    }
    let (root, epochs) = (run.root().display(), run.epochs()?.len());
    let planned = run.recipe()?.training.epochs;
    let sentence = "give the command that started it once more, with --resume: fusebind train RECIPE --data DATA";
    Err(Failure::failed(
        format!("{root}: this run is not finished: {epochs} of {planned} epochs are done, and there is no model yet"),
        format!("{sentence} --out {root} --resume"),
    ))
}

/// Where the data are; refused where the predictions would be written over them.
fn open_source(args: &EvaluateArgs, run: &RunDir, console: &Console) -> anyhow::Result<DataSource> {
    let flags = SourceFlags {
        data: args.data.as_deref(),
        modalities: args.modalities.as_deref(),
        split: args.split.as_deref(),
        tables: &args.source,
    };
    let source = DataSource::of_run(run, flags, console)?;
    if let Some(out) = &args.predictions {
        protect(
            [out, &load::rejected_beside(out)],
            source
                .paths()
                .chain([args.run.as_path()])
                .chain(args.mismatch_rates.as_deref())
                .chain(args.encoders.encoders.iter().map(PathBuf::as_path)),
        )?;
    }
    Ok(source)
}

/// The evaluation as text.
pub fn print(evaluation: &Evaluation) -> anyhow::Result<()> {
    let main: Vec<&str> = ["mse", "ci", "rm2", "pearson", "auroc", "auprc", "f1", "mcc", "ece"]
        .into_iter()
        .filter(|name| evaluation.metrics.contains_key(*name))
        .collect();
    let row = |name: &str, metrics: &std::collections::BTreeMap<String, f64>| {
        let cells: Vec<String> = main
            .iter()
            .map(|m| metrics.get(*m).map_or(format!("{:>8}", "-"), |v| format!("{v:8.4}")))
            .collect();
        format!("{name:24}{}", cells.join(" "))
    };
    let header: Vec<String> = main.iter().map(|m| format!("{m:>8}")).collect();
    say(format_args!("{} pairs ({})", evaluation.n, evaluation.part.name()))?;
    say(format_args!("{:24}{}", "", header.join(" ")))?;
    say(row("model", &evaluation.metrics))?;
    for (name, metrics) in &evaluation.baselines {
        say(row(name, metrics))?;
    }
    for (name, interval) in &evaluation.intervals {
        say(format_args!(
            "{name} {:.4}, 95 % bootstrap interval over {} {:.4} to {:.4}",
            interval.value, evaluation.resampled, interval.low, interval.high
        ))?;
    }
    print_within("within a target", "targets", &evaluation.within_target)?;
    print_within("within a drug", "drugs", &evaluation.within_drug)?;
    if let Some(calibration) = &evaluation.calibration {
        print_calibration(calibration)?;
    }
    for sentence in &evaluation.better_baselines {
        say(sentence)?;
    }
    let leakage = &evaluation.leakage;
    say(format_args!(
        "seen in training: drug {:.1} %, target {:.1} %, both {:.1} %, the very pair {:.1} %",
        100.0 * leakage.drug_seen,
        100.0 * leakage.target_seen,
        100.0 * leakage.both_seen,
        100.0 * leakage.pair_seen
    ))?;
    Ok(())
}

/// Whether intervals, sets and probabilities hold, of all pairs and by how new a pair is.
fn print_calibration(calibration: &CalibrationScores) -> anyhow::Result<()> {
    let cell = |value: Option<f64>| value.map_or(format!("{:>10}", "-"), |v| format!("{v:10.4}"));
    say(
        "intervals and sets of 90 %, and calibrated probabilities, fitted on pairs that were held out of training and validation:",
    )?;
    say(format_args!(
        "{:24}{:>8} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "", "pairs", "coverage", "width", "one width", "sets", "either", "ece", "error", "expected"
    ))?;
    let novelties = calibration
        .by_novelty
        .iter()
        .map(|(novelty, group)| (novelty.name(), group));
    let domains = calibration
        .by_domain
        .iter()
        .map(|(domain, group)| (domain.name(), group));
    let bands = calibration
        .by_similarity
        .iter()
        .map(|(band, group)| (band.as_str(), group));
    // Scores of a few pairs say nothing; the JSON has all groups.
    let missing: Vec<(String, _)> = (calibration.by_missing.iter())
        .filter(|(_, group)| group.n >= WORTH_A_LINE)
        .map(|(lacks, group)| (format!("without {lacks}"), group))
        .collect();
    let missing = missing.iter().map(|(name, group)| (name.as_str(), *group));
    let groups = novelties.chain(domains).chain(bands).chain(missing);
    for (name, group) in std::iter::once(("all", &calibration.all)).chain(groups) {
        let [error, expected] = group.error();
        let cells = [
            group.coverage_90,
            group.width_90,
            group.constant_width_90,
            group.set_coverage_90,
            group.either_90,
            group.ece,
            error,
            expected,
        ];
        say(format_args!("{name:24}{:>8} {}", group.n, cells.map(cell).join(" ")))?;
    }
    if let (Some(auroc), Some(expected)) = (calibration.all.auroc, calibration.all.expected_auroc) {
        say(format_args!(
            "AUROC of the calibrated probabilities: {auroc:.4}; expected from them alone, without a label: {expected:.4}"
        ))?;
    }
    Ok(())
}

/// Mean scores over the entities of one side, and those of the baselines.
fn print_within(title: &str, entities: &str, within: &WithinScores) -> anyhow::Result<()> {
    for (name, interval) in &within.intervals {
        let best = within
            .baselines
            .iter()
            .filter_map(|(baseline, scores)| Some((scores.get(name)?, baseline)))
            .max_by(|a, b| a.0.total_cmp(b.0));
        let beside = best.map_or(String::new(), |(score, baseline)| {
            format!("; best baseline {score:.4} ({baseline})")
        });
        say(format_args!(
            "{title}, mean of {} {entities}: {name} {:.4}, 95 % interval {:.4} to {:.4}{beside}",
            within.entities, interval.value, interval.low, interval.high
        ))?;
    }
    Ok(())
}
