//! Rank a library for some targets: the targets are encoded once, the compounds stream by.
//!
//! After `03_train`: `cargo run --release --example 06_screen`. For files of millions of compounds there is `fusebind screen`, which is
//! resumable and runs on several machines.

use std::{error::Error, path::Path};

use fusebind::{
    Model,
    data::source::{LoadConfig, load_dataset},
    features::entity::molecule::{ChematicToolkit, Molecule},
    predict::screen::Panel,
};

fn main() -> Result<(), Box<dyn Error>> {
    let model = Model::open("runs/example/run")?;
    let (dataset, _) = load_dataset(Path::new("runs/example/data"), &ChematicToolkit, &LoadConfig::default())?;
    let targets: Vec<_> = dataset.targets.iter().take(2).map(|target| &target.protein).collect();
    let panel = Panel::new(&model, &targets);
    let library: Vec<&Molecule> = dataset.drugs.iter().map(|drug| &drug.molecule).collect();
    // Row by row of the library, one score for each target.
    let scores = panel.scores(&library, None);
    let mut ranked: Vec<(f64, &str)> = scores
        .iter()
        .step_by(panel.len())
        .zip(&library)
        .filter_map(|(score, molecule)| Some(((*score)?, molecule.smiles.as_str())))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (score, smiles) in ranked.iter().take(5) {
        println!("{score:.2} {smiles}");
    }
    Ok(())
}
