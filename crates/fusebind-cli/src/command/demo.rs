//! `fusebind demo`: a simulated universe, a model trained on it, and its scores beside floors and the planted ceiling.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use fusebind::{
    data::{
        simulate::{SimulateConfig, Universe, simulate},
        source::LabelPolicy,
        split::{Fractions, Part, Split, SplitBy, split},
        table::Dataset,
    },
    eval::regression,
    features::neighbours::Mask,
    model::trained::TrainedModel,
    train::{
        evaluate::evaluate,
        recipe::Recipe,
        run_dir::RunDir,
        trainer::{Job, train},
    },
};

use super::{evaluate::print, output::say};
use crate::{
    args::{DemoArgs, DeviceName, SourceArgs},
    console::{Console, TrainingProgress},
    exit::Failure,
    load,
};

pub fn run(args: &DemoArgs, console: &Console) -> anyhow::Result<()> {
    match &args.out {
        Some(folder) => {
            if folder.is_file() || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(Failure::failed(
                    format!("{}: is not empty", folder.display()),
                    "name a new folder with --out",
                ));
            }
            show(folder, args, console)?;
            console.note(format_args!("data and run are in {}", folder.display()));
            Ok(())
        }
        None => {
            let folder = temporary();
            let result = show(&folder, args, console);
            // The demo leaves nothing behind; that the folder may never have been made is fine.
            let _ = fs::remove_dir_all(&folder);
            result
        }
    }
}

fn temporary() -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    std::env::temp_dir().join(format!("fusebind-demo-{}-{}", std::process::id(), now.as_nanos()))
}

/// What is simulated and how it is learned.
fn plan(args: &DemoArgs) -> anyhow::Result<(SimulateConfig, Recipe)> {
    let (mut universe, mut recipe) = (SimulateConfig::default(), Recipe::open("demo")?);
    universe.seed = args.seed;
    if args.quick {
        (universe.drugs, universe.targets, universe.pairs) = (120, 40, 2_000);
        recipe.training.epochs = 6;
    }
    Ok((universe, recipe))
}

fn show(folder: &Path, args: &DemoArgs, console: &Console) -> anyhow::Result<()> {
    let (config, recipe) = plan(args)?;
    let universe = simulate(&config)?;
    let (data, out) = (folder.join("data"), folder.join("run"));
    universe.write(&data)?;
    let (dataset, mut rejections) = load::dataset(&data, &SourceArgs::default(), LabelPolicy::Required, None, console)?;
    let device = load::device(DeviceName::Auto, console)?;
    let modalities = data.join("modalities");
    let (side, _) = load::side_data(Some(&modalities), &dataset, [&[], &[]], &mut rejections, console)?;
    let parts = split(&dataset, SplitBy::Random, Fractions::default(), args.seed)?;
    let job = Job {
        recipe: &recipe,
        dataset: &dataset,
        side: [&side[0], &side[1]],
        split: &parts,
        seed: args.seed,
        device: &device,
        out: &out,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut TrainingProgress::new(*console))?;
    let bundle = TrainedModel::open(&RunDir::open(&out)?.model(), &device)?;
    let everything = Mask::default();
    let read = (&dataset, [&side[0], &side[1]]);
    let (evaluation, _) = evaluate(&bundle, read, (&parts, Part::Test), everything, (true, None))?;
    print(&evaluation)?;
    ceiling(&universe, &dataset, &parts)?;
    Ok(())
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
