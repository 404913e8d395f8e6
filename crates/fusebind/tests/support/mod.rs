//! Simulated data, and an observer that stops.

#![allow(clippy::unwrap_used, missing_docs)] // a test that meets the unexpected should stop
#![allow(dead_code)] // not every test file uses all of it

use std::path::Path;

use fusebind::{
    data::{
        modality::{Side, load_modalities},
        simulate::{SimulateConfig, simulate},
        source::{LoadConfig, load_dataset},
        split::{Fractions, Split, SplitBy, split},
        table::Dataset,
    },
    features::entity::{molecule::ChematicToolkit, side::SideData},
    model::device::Device,
    train::{
        calibrate::train,
        recipe::Recipe,
        run_dir::EpochMetrics,
        trainer::{Job, Observer},
    },
};

/// Configuration of a model that trains in no time.
pub const SMALL_MODEL: &str = "[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 64\n\
     [model.sequence]\ncomposition = 64\n[model.interaction]\ndim = 16\nrank = 4\nlayers = 1\n[model.neighbours]\ndim = 16\n";

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

/// The simulated side tables in `folder` of drugs and of targets.
pub fn side_of(folder: &Path, dataset: &Dataset) -> [SideData; 2] {
    let (tables, _) = load_modalities(&folder.join("modalities"), dataset).unwrap();
    [Side::Drug, Side::Target].map(|s| tables.side(s, &[], dataset))
}

/// Trains a model by the text of a recipe, hold-outs included; goes on with the run in the folder where `resume` says so.
pub fn try_run(
    recipe: &str,
    (dataset, split): (&Dataset, &Split),
    side: &[SideData; 2],
    (out, resume): (&Path, bool),
    observer: &mut dyn Observer,
) -> Result<(), String> {
    let job = Job {
        recipe: &Recipe::parse(recipe).unwrap(),
        dataset,
        side: [&side[0], &side[1]],
        split,
        seed: 1,
        device: &Device::flex(),
        out,
        cache: None,
        resume,
        stop_after: None,
    };
    train(&job, observer).map(|_| ()).map_err(|e| e.to_string())
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
