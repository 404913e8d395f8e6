//! Split it by the question that you have: here, how well are new compounds predicted?
//!
//! After `01_read`: `cargo run --release --example 02_split`.

use std::{error::Error, path::Path};

use fusebind::{
    data::{
        source::{LoadConfig, load_dataset},
        split::{Fractions, Part, SplitBy, split, write_split},
    },
    features::entity::molecule::ChematicToolkit,
};

fn main() -> Result<(), Box<dyn Error>> {
    let (dataset, _) = load_dataset(Path::new("runs/example/data"), &ChematicToolkit, &LoadConfig::default())?;
    let split = split(&dataset, SplitBy::UnseenDrug, Fractions::default(), 1)?;
    for part in [Part::Train, Part::Valid, Part::Test] {
        println!("{}: {} pairs", part.name(), split.part(part).len());
    }
    write_split(Path::new("runs/example/split.csv"), &dataset, &split)?;
    Ok(())
}
