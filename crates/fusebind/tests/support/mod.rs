//! Simulated data, and an observer that stops.

#![allow(clippy::unwrap_used, missing_docs)] // a test that meets the unexpected should stop
#![allow(dead_code)] // not every test file uses all of it

use std::path::Path;

use fusebind::{
    data::{
        simulate::{SimulateConfig, simulate},
        source::{LoadConfig, load_dataset},
        split::{Fractions, Split, SplitBy, split},
        table::Dataset,
    },
    features::entity::molecule::ChematicToolkit,
    train::{run_dir::EpochMetrics, trainer::Observer},
};

/// A data set of so many drugs, targets and pairs, divided at random.
pub fn simulated(folder: &Path, [drugs, targets, pairs]: [usize; 3]) -> (Dataset, Split) {
    let config = SimulateConfig {
        drugs,
        targets,
        pairs,
        seed: 5,
        ..SimulateConfig::default()
    };
    simulate(&config).unwrap().write(folder).unwrap();
    let (dataset, _) = load_dataset(folder, &ChematicToolkit, &LoadConfig::default()).unwrap();
    let split = split(&dataset, SplitBy::Random, Fractions::default(), 1).unwrap();
    (dataset, split)
}

/// Stops after so many epochs, those of members and of hold-outs counted.
pub struct StopAfter(pub u32);

impl Observer for StopAfter {
    fn epoch(&mut self, _: &EpochMetrics) {
        self.0 = self.0.saturating_sub(1);
    }

    fn is_stopping(&self) -> bool {
        self.0 == 0
    }
}
