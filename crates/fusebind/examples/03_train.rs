//! Train a recipe on it. Nothing is fitted on the test part; further models without some drugs, targets and pairs tell how sure
//! predictions are.
//!
//! After `02_split`: `cargo run --release --example 03_train`. The run folder `runs/example/run` must not exist yet.

use std::{error::Error, path::Path};

use fusebind::{
    data::{
        source::{LoadConfig, load_dataset},
        split::read_split,
    },
    features::entity::{molecule::ChematicToolkit, side::SideData},
    model::device::Device,
    train::{
        calibrate::train,
        recipe::Recipe,
        trainer::{Job, Silent},
    },
};

const RECIPE: &str = "
    name = 'example'
    task = 'affinity'
    [model]
    width = 64
    [training]
    epochs = 6
";

fn main() -> Result<(), Box<dyn Error>> {
    let (dataset, _) = load_dataset(Path::new("runs/example/data"), &ChematicToolkit, &LoadConfig::default())?;
    let split = read_split(Path::new("runs/example/split.csv"), &dataset)?;
    let none = SideData::default();
    let job = Job {
        recipe: &Recipe::parse(RECIPE)?,
        dataset: &dataset,
        side: [&none, &none],
        split: &split,
        seed: 1,
        device: &Device::flex(),
        out: Path::new("runs/example/run"),
        cache: None,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut Silent)?;
    println!("the model is in runs/example/run");
    Ok(())
}
