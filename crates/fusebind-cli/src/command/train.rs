//! `fusebind train`: a recipe and a data set to a run folder.

use fusebind::{
    data::source::LabelPolicy,
    model::device::DeviceChoice,
    train::{
        recipe::Recipe,
        trainer::{Job, train},
    },
};

use crate::{
    args::TrainArgs,
    load,
    talk::{Talk, TrainingProgress},
};

pub fn run(args: &TrainArgs, talk: &Talk) -> anyhow::Result<()> {
    let mut recipe = Recipe::open(&args.recipe)?;
    if let Some(epochs) = args.epochs {
        recipe.training.epochs = epochs;
    }
    let device = args.device.parse::<DeviceChoice>()?.resolve()?;
    let (dataset, rejections) = load::dataset(
        &args.data,
        &args.source,
        LabelPolicy::Required,
        recipe.censor_at_floor,
        talk,
    )?;
    let mut split = load::split(&dataset, args.split.as_deref(), &recipe)?;
    if args.all_folds {
        split = load::all_folds(&dataset, &split);
    }
    talk.note(format_args!(
        "train {}, valid {}, test {} pairs",
        split.train.indices().len(),
        split.valid.indices().len(),
        split.test.indices().len()
    ));
    let job = Job {
        recipe: &recipe,
        dataset: &dataset,
        split: &split,
        seed: args.seed,
        device: &device,
        out: &args.out,
        resume: args.resume,
        stop_after: None,
    };
    let mut progress = TrainingProgress::new(*talk);
    let trained = train(&job, &mut progress)?;
    load::report_rejections(&rejections, &args.out.join("data"), talk)?;
    let scores: Vec<String> = trained
        .metrics
        .valid
        .iter()
        .map(|(name, v)| format!("{name} {v:.4}"))
        .collect();
    talk.note(format_args!(
        "kept epoch {} ({}); {:.0} s, {:.0} pairs/s; run folder {}",
        trained.epoch,
        if scores.is_empty() {
            "no validation part".into()
        } else {
            format!("valid {}", scores.join(", "))
        },
        trained.seconds,
        trained.pairs_per_second,
        args.out.display()
    ));
    Ok(())
}
