//! `fusebind demo`: a simulated universe, a model trained on it, and its scores beside baselines and the planted ceiling.
//!
//! ```text
//! OUT/data, OUT/data/modalities   the simulated data set
//! OUT/split.csv                   a random split of it
//! OUT/run                         the run folder, with its page report.html
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
};

use fusebind::{
    data::{
        simulate::{SimulateConfig, Universe, simulate},
        source::LabelPolicy,
        split::{Fractions, Part, Split, SplitBy, split, write_split},
        table::Dataset,
    },
    eval::regression,
    model::trained::TrainedModel,
    train::{
        calibrate::train,
        evaluate::{EvaluationConfig, EvaluationSet, evaluate},
        recipe::Recipe,
        run_dir::RunDir,
        trainer::Job,
    },
};

use super::{demo_steps, evaluate::print, output::say, sets};
use crate::{
    args::{DemoArgs, DeviceName, SourceArgs},
    console::{Console, TrainingProgress},
    load, report,
    run_source::DataSource,
};

pub fn run(args: &DemoArgs, console: &Console) -> anyhow::Result<()> {
    let folder = match &args.out {
        Some(folder) => {
            sets::new_folder(folder, [])?;
            folder.clone()
        }
        None => free_folder(),
    };
    let universe = show(&folder, args, console)?;
    say(format_args!(
        "\ndata, split and run are in {}; next:\n",
        folder.display()
    ))?;
    for line in demo_steps::next_steps(&folder, &universe) {
        say(line)?;
    }
    Ok(())
}

fn is_taken(folder: &Path) -> bool {
    folder.is_file() || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// `fusebind-demo` in the working directory, with a number if demos have run there before.
fn free_folder() -> PathBuf {
    let names = (2..).map(|count| format!("fusebind-demo-{count}"));
    let mut folders = std::iter::once("fusebind-demo".to_string())
        .chain(names)
        .map(PathBuf::from);
    folders.find(|folder| !is_taken(folder)).expect("numbers do not end")
}

/// What is simulated and the recipe that trains on it.
fn plan(args: &DemoArgs) -> anyhow::Result<(SimulateConfig, Recipe)> {
    let (mut universe, mut recipe) = (SimulateConfig::default(), Recipe::open("demo")?);
    universe.seed = args.seed;
    if args.quick {
        (universe.drugs, universe.targets, universe.pairs) = (120, 40, 2_000);
        recipe.training.epochs = 6;
    }
    Ok((universe, recipe))
}

fn show(folder: &Path, args: &DemoArgs, console: &Console) -> anyhow::Result<Universe> {
    let (config, recipe) = plan(args)?;
    let universe = simulate(&config)?;
    let (data, out, split_file) = (folder.join("data"), folder.join("run"), folder.join("split.csv"));
    universe.write(&data)?;
    let (dataset, mut rejections) = load::dataset(&data, &SourceArgs::default(), LabelPolicy::Required, None, console)?;
    let device = load::device(DeviceName::Auto, console)?;
    let modalities = data.join("modalities");
    let (side, _) = load::side_data(
        (Some(&modalities), load::Unmatched::Refused),
        &dataset,
        [&[], &[]],
        &mut rejections,
        console,
    )?;
    let parts = split(&dataset, SplitBy::Random, Fractions::default(), args.seed)?;
    write_split(&split_file, &dataset, &parts)?;
    let source = DataSource {
        data: data.clone(),
        modalities: Some(modalities),
        split: Some(split_file.display().to_string()),
        tables: SourceArgs::default(),
    };
    source.remember(&dataset)?.write(&RunDir::create(&out)?)?;
    let job = Job {
        recipe: &recipe,
        dataset: &dataset,
        side: [&side[0], &side[1]],
        split: &parts,
        seed: args.seed,
        device: &device,
        out: &out,
        cache: None,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut TrainingProgress::new(*console))?;
    let bundle = TrainedModel::open(&RunDir::open(&out)?.model(), &device)?;
    let set = EvaluationSet {
        dataset: &dataset,
        drug_side: &side[0],
        target_side: &side[1],
        split: &parts,
        part: Part::Test,
    };
    let (evaluation, _) = evaluate(&bundle, &set, &EvaluationConfig::default())?;
    print(&evaluation)?;
    report::run_page(&RunDir::open(&out)?, Some(&evaluation), console);
    ceiling(&universe, &dataset, &parts)?;
    Ok(universe)
}

/// What the noise-free truth itself scores on the test pairs.
fn ceiling(universe: &Universe, dataset: &Dataset, parts: &Split) -> anyhow::Result<()> {
    // Rows of the pair table are numbered from 1 in the universe's order.
    let rows = parts
        .test
        .indices()
        .iter()
        .map(|index| &dataset.interactions[*index as usize]);
    let (measured, truth): (Vec<f64>, Vec<f64>) = rows
        .filter_map(|row| Some((row.affinity?.value, universe.truth()[row.row as usize - 1])))
        .unzip();
    say(format_args!(
        "planted ceiling: the noise-free truth itself scores mse {:.4} and ci {:.4} on these pairs",
        regression::mse(&measured, &truth)?,
        regression::concordance_index(&measured, &truth)?
    ))?;
    Ok(())
}
