//! Writes a simulated universe as a data set folder, and the planted truth to standard output.
//!
//! `cargo run -p fusebind-data --example simulate -- DIR [SEED] > truth.csv`

use std::path::Path;

use fusebind_data::simulate::{SimulateConfig, simulate};

fn main() -> Result<(), fusebind_data::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(dir) = arguments.first() else {
        eprintln!("usage: simulate DIR [SEED]");
        return Ok(());
    };
    let seed = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    let universe = simulate(&SimulateConfig {
        seed,
        ..SimulateConfig::default()
    })?;
    universe.write(Path::new(dir))?;
    println!("truth");
    universe.truth().iter().for_each(|truth| println!("{truth}"));
    eprintln!("{:?}", universe.ceiling());
    Ok(())
}
