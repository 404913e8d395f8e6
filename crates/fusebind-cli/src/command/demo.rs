//! `fusebind demo`: a simulated universe, a model trained on it, and its scores beside floors and the planted ceiling.

use std::path::{Path, PathBuf};

use fusebind::{
    data::{
        simulate::{SimulateConfig, simulate},
        source::LabelPolicy,
        split::{Fractions, Part, SplitBy, split},
    },
    eval::regression,
    model::{bundle::Bundle, device::DeviceChoice},
    train::{
        evaluate::evaluate,
        recipe::Recipe,
        run_dir::RunDir,
        trainer::{Job, train},
    },
};

use super::{evaluate::print, say};
use crate::{
    args::{DemoArgs, SourceArgs},
    load,
    talk::{Talk, TrainingProgress},
};

pub fn run(args: &DemoArgs, talk: &Talk) -> anyhow::Result<()> {
    match &args.out {
        Some(folder) => show(folder, args.seed, talk),
        None => {
            let folder: PathBuf = std::env::temp_dir().join(format!("fusebind-demo-{}", std::process::id()));
            let result = show(&folder, args.seed, talk);
            // The demo leaves nothing behind; that the folder may never have been made is fine.
            let _ = std::fs::remove_dir_all(&folder);
            result
        }
    }
}

fn show(folder: &Path, seed: u64, talk: &Talk) -> anyhow::Result<()> {
    let universe = simulate(&SimulateConfig {
        seed,
        ..SimulateConfig::default()
    })?;
    let (data, out) = (folder.join("data"), folder.join("run"));
    universe.write(&data)?;
    let (dataset, _) = load::dataset(&data, &SourceArgs::default(), LabelPolicy::Required, None, talk)?;
    let recipe = Recipe::open("demo")?;
    let device = DeviceChoice::Auto.resolve()?;
    let parts = split(&dataset, SplitBy::Random, Fractions::default(), seed)?;
    let job = Job {
        recipe: &recipe,
        dataset: &dataset,
        split: &parts,
        seed,
        device: &device,
        out: &out,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut TrainingProgress::new(*talk))?;
    let bundle = Bundle::open(&RunDir::open(&out)?.model(), &device)?;
    let (evaluation, _) = evaluate(&bundle, &dataset, &parts, Part::Test, (true, None))?;
    print(&evaluation)?;
    // Rows of the pair table are numbered from 1 in the universe's order.
    let rows = || parts.test.indices().iter().map(|i| &dataset.interactions[*i as usize]);
    let measured: Vec<f64> = rows().filter_map(|i| Some(i.affinity?.value)).collect();
    let truth: Vec<f64> = rows().map(|i| universe.truth()[i.row as usize - 1]).collect();
    say(format_args!(
        "planted ceiling: the noise-free truth itself scores mse {:.4} and ci {:.4} on these pairs",
        regression::mse(&measured, &truth)?,
        regression::concordance_index(&measured, &truth)?
    ))?;
    talk.note(
        "part of the planted rule shows only in texts, expression and assays, which this model does not read yet",
    );
    Ok(())
}
