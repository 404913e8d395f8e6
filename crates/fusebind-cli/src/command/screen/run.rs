//! `fusebind screen run`.

use std::{path::PathBuf, time::Instant};

use fusebind::{features::entity::protein::Protein, predict::screen::Panel};

use super::{
    flags,
    hits::{self, Ending},
    plan::{Shard, proteins},
    progress::{Progress, duration, peak_memory},
    rows::{Rows, estimate},
    tally::Tally,
    unit::{Job, UnitResult},
    work::{End, WorkFolder},
};
use crate::{
    args::ScreenArgs,
    command::output::{create_parent, protect, say},
    console::Console,
    exit::Failure,
    load,
};

/// Rows of a sample.
const SAMPLE: u64 = 8192;

pub fn run(args: &ScreenArgs, console: &Console) -> anyhow::Result<()> {
    let beside = args.out.as_deref().map(load::rejected_beside);
    protect(args.out.iter().chain(&beside).chain(&args.work), flags::inputs(args))?;
    let shard = flags::shard(args)?;
    if let Some(out) = &args.out {
        hits::check_name(out)?;
    }
    let plan = flags::plan(args, console)?;
    let filter = plan.filter()?;
    let how = load::ModelFlags::new(args.device, &args.encoders, None);
    let model = load::model(&args.run, how, console)?;
    if plan.settings.inside && model.description().trust.is_none() {
        return Err(Failure::failed(
            "--domain inside: this model cannot tell: it was trained without hold-outs",
            "train with `calibration.hold_outs` in the recipe, or leave --domain out",
        ));
    }
    let named = proteins(&plan.targets)?;
    let named: Vec<&Protein> = named.iter().collect();
    let panel = Panel::new(&model, &named);
    let job = Job {
        plan: &plan,
        panel: &panel,
        filter: &filter,
        toolkit: model.description().standardise,
    };
    let files = flags::library(args);
    if args.dry_run {
        return sample(&job, &files, args, console);
    }
    let work = args
        .work
        .as_deref()
        .map(|folder| WorkFolder::create(folder, &plan))
        .transpose()?;
    let mut tally = Tally::new(&plan.settings);
    let end = compute(&job, (&files, args), (work.as_ref(), shard), &mut tally, console)?;
    if let Some(work) = &work {
        work.put_end(end)?;
    }
    let Some(out) = &args.out else {
        console.note(format_args!(
            "units {}/{} of {} are done; `fusebind screen merge` writes the hits",
            shard.at + 1,
            shard.of,
            end.units
        ));
        return Ok(());
    };
    if let Some(work) = &work {
        for unit in 0..end.units {
            tally.add(work.get(unit)?);
        }
    }
    create_parent(out)?;
    let ending = Ending {
        plan: &plan,
        model: &model,
        tally: &tally,
    };
    ending.write(out, console)
}

/// Computes the units of a shard that are not done.
fn compute(
    job: &Job<'_>,
    (files, args): (&[PathBuf], &ScreenArgs),
    (work, shard): (Option<&WorkFolder>, Shard),
    tally: &mut Tally,
    console: &Console,
) -> anyhow::Result<End> {
    let source = args.source.following(job.toolkit)?;
    let mut rows = Rows::new(files, &source, args.smiles.as_deref(), console);
    let mut progress = Progress::new(console, estimate(files));
    let mut end = End { rows: 0, units: 0 };
    let mut best: Option<f64> = None;
    loop {
        let taken = rows.take(job.plan.settings.unit_rows)?;
        if taken.is_empty() {
            return Ok(end);
        }
        let unit = end.units;
        end.units += 1;
        end.rows += taken.len() as u64;
        if unit % shard.of != shard.at || work.is_some_and(|work| work.has(unit)) {
            progress.pass(taken.len() as u64);
            continue;
        }
        let result = UnitResult::compute(job, unit, &taken);
        let scores = result.hits.iter().map(|hit| hit.score());
        best = scores.chain(best).max_by(f64::total_cmp);
        match work {
            Some(work) => work.put(&result)?,
            None => tally.add(result),
        }
        progress.at(end.rows, best);
    }
}

/// Times a sample and says what the whole takes.
fn sample(job: &Job<'_>, files: &[PathBuf], args: &ScreenArgs, console: &Console) -> anyhow::Result<()> {
    let source = args.source.following(job.toolkit)?;
    let mut rows = Rows::new(files, &source, args.smiles.as_deref(), console);
    let most = SAMPLE.min(job.plan.settings.unit_rows);
    let taken = rows.take(most)?;
    let begun = Instant::now();
    let result = UnitResult::compute(job, 0, &taken);
    let seconds = begun.elapsed().as_secs_f64();
    let rate = taken.len() as f64 / seconds.max(1e-9);
    say(format_args!(
        "{} rows against {} targets took {seconds:.2} s: {rate:.0} rows/s; {} were scored, {} left out, {} rejected",
        taken.len(),
        job.panel.len(),
        result.scored,
        result.left_out,
        result.rejected
    ))?;
    let total = match (taken.len() as u64) < most {
        true => Some(taken.len() as u64),
        false => estimate(files),
    };
    match total {
        Some(total) => say(format_args!(
            "about {total} rows: {} in units of {}",
            duration(total as f64 / rate),
            job.plan.settings.unit_rows
        ))?,
        None => say("the number of rows is not known: the files are packed or binary")?,
    }
    if let Some(memory) = peak_memory() {
        say(format_args!(
            "memory so far: {memory} MiB at most; it does not grow with the library"
        ))?;
    }
    Ok(())
}
