//! `fusebind robustness`: a trained model under missing and wrong modalities.

use std::{fs, io::Write};

use anyhow::Context;
use fusebind::{
    data::{
        source::LabelPolicy,
        split::Part,
        table::{Column, write, write_atomically},
    },
    train::{
        evaluate::EvaluationSet,
        experiment::robustness::{Measurement, Robustness, RobustnessConfig, robustness},
        run_dir::RunDir,
    },
};

use super::{
    evaluate::finished,
    output::{protect, say},
};
use crate::{
    args::RobustnessArgs,
    console::Console,
    load, report,
    run_source::{DataSource, SourceFlags},
};

/// What is written into the folder of `--out`.
const FILES: [&str; 4] = [
    "measurements.csv",
    "measurements.parquet",
    "summary.json",
    "report.html",
];

pub fn run(args: &RobustnessArgs, console: &Console) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let flags = SourceFlags {
        data: args.data.as_deref(),
        modalities: args.modalities.as_deref(),
        split: args.split.as_deref(),
        tables: &args.source,
    };
    let source = DataSource::of_run(&run, flags, console)?;
    if let Some(folder) = &args.out {
        let files = FILES.map(|name| folder.join(name));
        protect(files.iter().chain([folder]), source.paths().chain([args.run.as_path()]))?;
    }
    let swept = sweep(
        &Sweep {
            run: &run,
            source: &source,
            part: args.part.part(),
            quick: args.quick,
            flags: load::ModelFlags::new(args.device, &args.encoders, args.source.cache.as_deref()),
        },
        console,
    )?;
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be created", folder.display()))?;
        let columns = columns(&swept.measurements);
        write(&folder.join(FILES[0]), &columns)?;
        write(&folder.join(FILES[1]), &columns)?;
        let put = |name: &str, text: &str| {
            let file = folder.join(name);
            write_atomically(&file, |out| out.write_all(text.as_bytes()))
        };
        put(FILES[2], &(serde_json::to_string_pretty(&swept)? + "\n"))?;
        let epochs = run.epochs()?;
        put(
            FILES[3],
            &report::robustness::page(&args.run, &source.data, &swept, &epochs).render()?,
        )?;
    }
    if args.json {
        say(serde_json::to_string_pretty(&swept)?)?
    } else {
        print(&swept)?
    }
    Ok(())
}

/// What is swept.
pub struct Sweep<'a> {
    /// Run folder.
    pub run: &'a RunDir,
    /// Data to sweep over.
    pub source: &'a DataSource,
    /// Part to score.
    pub part: Part,
    /// Few missing rates.
    pub quick: bool,
    /// How the model is opened.
    pub flags: load::ModelFlags<'a>,
}

/// Sweeps a run over a data set.
pub fn sweep(wanted: &Sweep<'_>, console: &Console) -> anyhow::Result<Robustness> {
    let (run, source) = (wanted.run, wanted.source);
    let (recipe, info) = (run.recipe()?, run.info()?);
    finished(run)?;
    let bundle = load::trained(run.root(), &run.model(), wanted.flags, console)?;
    let labels = LabelPolicy::Required;
    let tables = source.tables.following(bundle.description.standardise)?;
    let (dataset, mut rejections) = load::dataset(&source.data, &tables, labels, recipe.censor_at_floor, console)?;
    let split = load::split_of_run(&dataset, source.split.as_deref(), (&recipe, &info), console)?;
    let fields = load::text_fields(&bundle.description);
    let (side, _) = load::side_data(
        (source.modalities.as_deref(), load::Unmatched::of(&source.tables)),
        &dataset,
        fields,
        &mut rejections,
        console,
    )?;
    let config = if wanted.quick {
        RobustnessConfig::quick()
    } else {
        RobustnessConfig::default()
    };
    let bar = console.bar(0, "measurements");
    let swept = robustness(
        &bundle,
        &EvaluationSet {
            dataset: &dataset,
            drug_side: &side[0],
            target_side: &side[1],
            split: &split,
            part: wanted.part,
        },
        &config,
        |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        },
    )?;
    bar.finish_and_clear();
    load::report_rejections(&rejections, None, console)?;
    Ok(swept)
}

fn columns(measurements: &[Measurement]) -> Vec<Column> {
    vec![
        Column::text("variant", measurements.iter().map(|c| Some(c.variant.as_str()))),
        Column::text("name", measurements.iter().map(|c| Some(c.name.as_str()))),
        Column::real("rate", measurements.iter().map(|c| Some(c.rate))),
        Column::whole("draw", measurements.iter().map(|c| i64::try_from(c.draw).ok())),
        Column::real("score", measurements.iter().map(|c| Some(c.score))),
        Column::real("error", measurements.iter().map(|c| Some(c.error))),
    ]
}

fn print(swept: &Robustness) -> anyhow::Result<()> {
    let metric = &swept.metric;
    say(format_args!(
        "{} pairs ({}), {metric} {:.4} with everything",
        swept.n,
        swept.part.name(),
        swept.full
    ))?;
    say(format_args!(
        "{metric} {:.4} with graph and sequence alone",
        swept.structure_only
    ))?;
    say(format_args!(
        "area under the missing-rate curves over the full score: {:.4}",
        swept.area_ratio
    ))?;
    let spread = swept.subsets;
    say(format_args!(
        "subsets of the modalities: mean {:.4}, sd {:.4}, worst {:.4}",
        spread.mean, spread.sd, spread.worst
    ))?;
    let mut last = String::new();
    for measurement in &swept.measurements {
        let line = match measurement.variant.as_str() {
            "missing" => format!("missing {:14} {:3.0} %", measurement.name, 100.0 * measurement.rate),
            variant => format!("{variant} {}", measurement.name),
        };
        // Of the samples of one rate the first is printed; all of them are in measurements.csv.
        if line != last {
            say(format_args!("{line:56} {:.4}", measurement.score))?;
        }
        last = line;
    }
    for found in &swept.tables {
        let (table, what) = (&found.finding, &found.finding.quality);
        say(format_args!(
            "wrong: {:24} {} {}: {:.0} % of {} values look wrong (in training {:.0} %)",
            found.noise,
            table.entity,
            what.modality,
            100.0 * what.mismatch_rate,
            what.values,
            100.0 * what.used
        ))?;
    }
    for violation in &swept.violations {
        say(format_args!(
            "adding {} to {} costs {:.4}",
            violation.added, violation.subset, violation.loss
        ))?;
    }
    Ok(())
}
