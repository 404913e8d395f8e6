//! Loads a data set folder and prints what was accepted, what was rejected, and how long it took.
//!
//! `cargo run -p fusebind-data --example load -- DIR [DIR ..]`

use std::{collections::BTreeMap, path::Path, time::Instant};

use fusebind_data::source::{LoadConfig, load_dataset};
use fusebind_features::entity::molecule::ChematicToolkit;

fn main() {
    for dir in std::env::args().skip(1) {
        let start = Instant::now();
        match load_dataset(Path::new(&dir), &ChematicToolkit, &LoadConfig::default()) {
            Ok((dataset, rejections)) => {
                println!(
                    "{dir}: {} drugs, {} targets, {} interactions, {} split columns, {} rejected rows, {:.2} s",
                    dataset.drugs.len(),
                    dataset.targets.len(),
                    dataset.interactions.len(),
                    dataset.split_columns.len(),
                    rejections.len(),
                    start.elapsed().as_secs_f64()
                );
                let mut first = BTreeMap::new();
                for rejection in &rejections {
                    let (count, _) = first.entry((&rejection.file, &rejection.field)).or_insert((0, rejection));
                    *count += 1;
                }
                first.values().for_each(|(count, rejection)| println!("  {count} x {rejection}"));
            }
            Err(error) => println!("{error}"),
        }
    }
}
