//! `fusebind screen run`.

use std::time::Instant;

use fusebind::{
    data::store::{NumberedRows, StoredLibrary, StoredRows},
    features::entity::protein::Protein,
    predict::{
        Model,
        screen::{Panel, StageReport, StageSettings, first_stage},
    },
};

use super::{
    flags,
    hits::{self, Ending, report_beside},
    plan::{Plan, Shard, proteins},
    progress::{Progress, duration, peak_memory},
    rows::{self, Source, estimate},
    stage,
    tally::Tally,
    unit::{Job, UnitResult},
    work::{End, Work},
};
use crate::{
    args::ScreenArgs,
    command::{
        library::model_mark,
        output::{create_parent, protect, say},
    },
    console::Console,
    exit::Failure,
    load,
};

/// Rows of a sample.
const SAMPLE: u64 = 8192;

pub fn run(args: &ScreenArgs, console: &Console) -> anyhow::Result<()> {
    check_outputs(args)?;
    let shard = flags::shard(args)?;
    let stored = flags::stored(args)?;
    let plan = flags::plan(args, stored.as_ref(), console)?;
    let filter = plan.filter()?;
    let how = load::ModelFlags::new(args.device, &args.encoders, None);
    let model = load::model(&args.run, how, console)?;
    if let Some(stored) = &stored {
        stored.check_model(&model_mark(&args.run, model.description())?, &args.run)?;
    }
    check_domain(&plan, &model)?;
    let named = proteins(&plan.targets)?;
    let named: Vec<&Protein> = named.iter().collect();
    let panel = Panel::new(&model, &named);
    let job = Job {
        plan: &plan,
        panel: &panel,
        filter: &filter,
        toolkit: model.description().standardise,
    };
    let note = |note: &str| console.note(format_args!("note: {note}"));
    if args.dry_run {
        return sample(&job, (rows(&job, args, stored.as_ref(), &note)?, args, stored.as_ref()));
    }
    let work = args
        .work
        .as_deref()
        .map(|place| Work::create(place, &plan))
        .transpose()?;
    let mut tally = Tally::new(&plan.settings);
    let (source, total, found) = chosen((&job, &model), args, stored.as_ref(), (console, &note))?;
    let end = compute(&job, (source, total), (work.as_ref(), shard), &mut tally, console)?;
    if let Some(work) = &work {
        found.as_ref().map_or(Ok(()), |found| work.put_stage(found))?;
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
            tally.add(work.unit(unit)?);
        }
    }
    create_parent(out)?;
    let ending = Ending {
        plan: &plan,
        model: &model,
        tally: &tally,
        stage: found.as_ref(),
    };
    ending.write(out, args.report.as_deref(), console)
}

/// Refuses outputs that are inputs, and a table of another format.
fn check_outputs(args: &ScreenArgs) -> anyhow::Result<()> {
    let beside = args.out.as_deref().map(load::rejected_beside);
    let report = args.out.as_deref().map(report_beside);
    let outputs = args
        .out
        .iter()
        .chain(&beside)
        .chain(&report)
        .chain(&args.work)
        .chain(&args.report);
    protect(outputs, flags::inputs(args))?;
    args.out.as_deref().map_or(Ok(()), hits::check_name)
}

/// Refuses to ask a model for its domain that does not know it.
fn check_domain(plan: &Plan, model: &Model) -> anyhow::Result<()> {
    match plan.settings.domain.is_some() && model.description().trust.is_none() {
        true => Err(Failure::failed(
            "--domain: this model cannot tell: it was trained without hold-outs",
            "train with `calibration.hold_outs` in the recipe, or leave --domain out",
        )),
        false => Ok(()),
    }
}

/// The rows that the whole model looks at, about how many they are, and how a first stage has chosen them.
fn chosen<'a>(
    (job, model): (&Job<'_>, &Model),
    args: &'a ScreenArgs,
    stored: Option<&'a StoredLibrary>,
    (console, note): (&Console, &'a dyn Fn(&str)),
) -> anyhow::Result<(Source<'a>, Option<u64>, Option<StageReport>)> {
    let Some(stored) = stored.filter(|_| !args.stage.exact) else {
        return Ok((rows(job, args, stored, note)?, total(args, stored), None));
    };
    let plan = job.plan;
    let store = plan.store.clone().unwrap_or_default();
    let settings = StageSettings {
        candidates: store.candidates,
        sample: store.sample,
        hits: plan.settings.kept() as u64,
        targets: plan.targets.iter().map(|target| target.id.clone()).collect(),
    };
    let say = |text: &str| console.note(text);
    let found = first_stage(stored, (model, job.panel, job.filter), &settings, &say)?;
    stage::say(&found.report, console);
    let total = found.places.len() as u64;
    let source = Source::Store(StoredRows::at(stored, found.places));
    Ok((source, Some(total), Some(found.report)))
}

/// All rows that may be screened.
fn rows<'a>(
    job: &Job<'_>,
    args: &'a ScreenArgs,
    stored: Option<&'a StoredLibrary>,
    note: &'a dyn Fn(&str),
) -> anyhow::Result<Source<'a>> {
    if let Some(stored) = stored {
        return Ok(Source::Store(StoredRows::all(stored)));
    }
    let source = args.source.following(job.toolkit)?;
    let given = args.smiles.as_deref().map(rows::given).into_iter().collect();
    let how = (load::columns(&source), source.toolkit());
    let rows = NumberedRows::new(given, flags::files(args), how, note);
    Ok(Source::Files(Box::new(rows)))
}

/// About how many rows they are.
fn total(args: &ScreenArgs, stored: Option<&StoredLibrary>) -> Option<u64> {
    match stored {
        Some(stored) => Some(stored.manifest.total(|part| part.kept)),
        None => estimate(flags::files(args)),
    }
}

/// Computes the units of a shard that are not done.
fn compute(
    job: &Job<'_>,
    (mut rows, total): (Source<'_>, Option<u64>),
    (work, shard): (Option<&Work>, Shard),
    tally: &mut Tally,
    console: &Console,
) -> anyhow::Result<End> {
    let mut progress = Progress::new(console, total);
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
        if unit % shard.of != shard.at || work.map_or(Ok(false), |work| work.has(unit))? {
            progress.pass(taken.len() as u64);
            continue;
        }
        let result = UnitResult::compute(job, unit, &taken);
        let scores = result.hits.iter().map(|hit| hit.score());
        best = scores.chain(best).max_by(f64::total_cmp);
        match work {
            // Where another run was quicker, its unit is the same.
            Some(work) => drop(work.put(&result)?),
            None => tally.add(result),
        }
        progress.at(end.rows, best);
    }
}

/// Times a sample and says what the whole takes.
fn sample(
    job: &Job<'_>,
    (mut rows, args, stored): (Source<'_>, &ScreenArgs, Option<&StoredLibrary>),
) -> anyhow::Result<()> {
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
    let rows = match (taken.len() as u64) < most {
        true => Some(taken.len() as u64),
        false => total(args, stored),
    };
    match rows {
        Some(rows) => say(format_args!(
            "about {rows} rows: {} in units of {}",
            duration(rows as f64 / rate),
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
