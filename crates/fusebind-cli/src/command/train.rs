//! `fusebind train`: a recipe and a data set to a run folder.

use std::path::Path;

use fusebind::{
    data::{source::LabelPolicy, split::Part, table::Dataset},
    train::{
        experiment::perturbation::train,
        recipe::Recipe,
        run_dir::RunDir,
        run_split::all_folds,
        trainer::{Job, Trained},
    },
};

use super::output::{create_parent, protect};
use crate::{
    args::TrainArgs,
    console::{Console, TrainingProgress},
    exit::Failure,
    interrupt, load, report,
    run_source::{DataSource, RunSource},
};

pub fn run(args: &TrainArgs, console: &Console) -> anyhow::Result<()> {
    let mut recipe = Recipe::open(&args.recipe)?;
    let training = &mut recipe.training;
    training.epochs = args.epochs.unwrap_or(training.epochs);
    training.ensemble = args.ensemble.unwrap_or(training.ensemble);
    recipe.check()?;
    refuse_inputs(args, &recipe)?;
    let device = load::device(args.device, console)?;
    let (dataset, mut rejections) = load::dataset(
        &args.data,
        &args.source,
        LabelPolicy::Required,
        recipe.censor_at_floor,
        console,
    )?;
    let mut split = load::split(&dataset, args.split.as_deref(), &recipe)?;
    if args.all_folds {
        split = all_folds(&dataset, &split);
    }
    let fields = [&recipe.modalities.drug_text[..], &recipe.modalities.target_text[..]];
    let (side, _) = load::side_data(
        (args.modalities.as_deref(), load::Unmatched::of(&args.source)),
        &dataset,
        fields,
        &mut rejections,
        console,
    )?;
    // Before the training, so that a failed training does not lose them.
    create_parent(&args.out)?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    let [train_pairs, valid, test] = Part::ALL.map(|part| split.part(part).len());
    console.note(format_args!("train {train_pairs}, valid {valid}, test {test} pairs"));
    let source = data_source(args).remember(&dataset)?;
    if args.resume && RunDir::open(&args.out)?.is_finished() {
        return finished(args, &source, &dataset, console);
    }
    // A resumed run remembers its data again only after the trainer has found that they are the same.
    if !args.resume {
        source.write(&RunDir::create(&args.out)?)?;
    }
    let job = Job {
        recipe: &recipe,
        dataset: &dataset,
        side: [&side[0], &side[1]],
        split: &split,
        seed: args.seed,
        device: &device,
        out: &args.out,
        cache: args.source.cache.as_deref(),
        resume: args.resume,
        stop_after: None,
    };
    interrupt::watch();
    let trained = train(&job, &mut TrainingProgress::new(*console))?;
    if args.resume {
        source.write(&RunDir::open(&args.out)?)?;
    }
    refuse_unfinished(args)?;
    report::run_page(&RunDir::open(&args.out)?, None, console);
    console.note(format_args!("{}; run folder {}", summary(&trained), args.out.display()));
    Ok(())
}

/// A finished run is not trained again; it remembers where the same data are now.
fn finished(args: &TrainArgs, source: &RunSource, dataset: &Dataset, console: &Console) -> anyhow::Result<()> {
    let run = RunDir::open(&args.out)?;
    if run.info()?.data_fingerprint != dataset.fingerprint {
        return Err(Failure::failed(
            format!(
                "{}: this run is finished, and was trained on other data",
                args.out.display()
            ),
            "name another folder with --out",
        ));
    }
    source.write(&run)?;
    // The page is written last: a run that was stopped before has none, or a part of one.
    if !fusebind::run_page::path(&run).is_file() {
        report::run_page(&run, None, console);
    }
    console.note(format_args!("{}: this run is finished", args.out.display()));
    Ok(())
}

/// Says how to go on with a run that was stopped.
fn refuse_unfinished(args: &TrainArgs) -> anyhow::Result<()> {
    if RunDir::open(&args.out)?.is_finished() {
        return Ok(());
    }
    Err(Failure::interrupted(
        format!(
            "{}: stopped before its last epoch; no finished epoch is lost",
            args.out.display()
        ),
        "give the same command with --resume to go on",
    ))
}

/// What the run remembers of where its data are.
fn data_source(args: &TrainArgs) -> DataSource {
    DataSource {
        data: args.data.clone(),
        modalities: args.modalities.clone(),
        split: args.split.clone(),
        tables: args.source.clone(),
    }
}

/// Refuses a run folder that is read, before anything is written.
fn refuse_inputs(args: &TrainArgs, recipe: &Recipe) -> anyhow::Result<()> {
    let split = args.split.as_deref().map(Path::new).filter(|split| split.is_file());
    let encoders = recipe.model.pretrained().map(|(_, table)| Path::new(&table.path));
    // The name of a built-in recipe is no file, and may be that of the run folder.
    let recipe_file = Some(Path::new(&args.recipe)).filter(|recipe| recipe.is_file());
    let inputs = std::iter::once(args.data.as_path())
        .chain(recipe_file)
        .chain(split)
        .chain(encoders);
    protect(
        [&args.out, &load::rejected_beside(&args.out)],
        inputs.chain(args.modalities.as_deref()),
    )
}

fn summary(trained: &Trained) -> String {
    let scores: Vec<String> = trained
        .metrics
        .iter()
        .map(|(name, v)| format!("{name} {v:.4}"))
        .collect();
    let scores = match &scores[..] {
        [] => "no validation part".to_string(),
        scores => format!("valid {}", scores.join(", ")),
    };
    format!(
        "kept epoch {} ({scores}); {:.0} s, {:.0} pairs/s",
        trained.epoch, trained.seconds, trained.pairs_per_second
    )
}
