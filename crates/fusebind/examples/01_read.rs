//! Read a data set: distinct drugs and targets, accepted pairs, and what was rejected with its reason.
//!
//! `cargo run --release --example 01_read [FOLDER OR TABLE]`; without one, a data set is simulated in `runs/example/data`. The examples
//! that follow go on from there.

use std::{error::Error, path::PathBuf};

use fusebind::{
    data::{
        simulate::{SimulateConfig, simulate},
        source::{LoadConfig, load_dataset},
    },
    features::entity::molecule::ChematicToolkit,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = match std::env::args().nth(1) {
        Some(path) => PathBuf::from(path),
        None => simulated()?,
    };
    let (dataset, rejections) = load_dataset(&path, &ChematicToolkit, &LoadConfig::default())?;
    println!(
        "{} drugs, {} targets, {} pairs",
        dataset.drugs.len(),
        dataset.targets.len(),
        dataset.interactions.len()
    );
    for rejection in rejections.iter().take(5) {
        println!("rejected: {rejection}");
    }
    Ok(())
}

fn simulated() -> Result<PathBuf, Box<dyn Error>> {
    let path = PathBuf::from("runs/example/data");
    if !path.exists() {
        let config = SimulateConfig {
            drugs: 150,
            targets: 60,
            pairs: 4000,
            seed: 1,
            ..SimulateConfig::default()
        };
        simulate(&config)?.write(&path)?;
    }
    Ok(path)
}
