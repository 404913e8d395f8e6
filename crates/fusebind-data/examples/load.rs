//! Loads a data set folder and prints the check report and how long it took.
//!
//! `cargo run -p fusebind-data --example load -- DIR [MODALITIES_DIR]`

use std::{path::Path, time::Instant};

use fusebind_data::{
    check::check_dataset,
    modality::load_modalities,
    source::{LoadConfig, load_dataset},
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn main() -> Result<(), fusebind_data::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(dir) = arguments.first() else {
        eprintln!("usage: load DIR [MODALITIES_DIR]");
        return Ok(());
    };
    let start = Instant::now();
    let (dataset, mut rejections) = load_dataset(Path::new(dir), &ChematicToolkit, &LoadConfig::default())?;
    eprintln!("data set read in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let modalities = match arguments.get(1) {
        Some(dir) => {
            let (tables, rejected) = load_modalities(Path::new(dir), &dataset)?;
            rejections.extend(rejected);
            Some(tables)
        }
        None => None,
    };
    eprintln!("modalities read in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    println!("{}", check_dataset(&dataset, modalities.as_ref(), &rejections));
    eprintln!("checked in {:.2} s", start.elapsed().as_secs_f64());
    Ok(())
}
