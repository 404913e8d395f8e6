//! The curriculum on a universe whose truth is known: a modality of pure noise is found out and trusted least.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use burn::tensor::Device;
use fusebind_data::{
    modality::{Side, load_modalities},
    simulate::{SimulateConfig, simulate},
    source::{LoadConfig, load_dataset},
    split::{Fractions, SplitBy, split},
};
use fusebind_features::entity::molecule::ChematicToolkit;
use fusebind_train::{
    recipe::Recipe,
    run_dir::RunDir,
    trainer::{Job, Silent, train},
};

#[test]
fn pure_noise_is_trusted_least_from_the_first_third_on() {
    let mut config = SimulateConfig {
        drugs: 200,
        targets: 60,
        pairs: 4000,
        seed: 5,
        ..SimulateConfig::default()
    };
    // A statement that is as often false as true says nothing.
    config.noise.text = 0.5;
    let folder = tempfile::tempdir().unwrap();
    simulate(&config).unwrap().write(folder.path()).unwrap();
    let (dataset, _) = load_dataset(folder.path(), &ChematicToolkit, &LoadConfig::default()).unwrap();
    let (tables, _) = load_modalities(&folder.path().join("modalities"), &dataset).unwrap();
    let side = [Side::Drug, Side::Target].map(|s| tables.side(s, &[], &dataset));
    let recipe = Recipe::parse(
        "name = \"acmo\"\ntask = \"affinity\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 0\nsubstructures = 64\n\
         [model.sequence]\ncomposition = 64\n[model.interaction]\nchannels = 16\nrank = 0\nlayers = 0\n\
         [training]\nepochs = 6\n[training.curriculum]\nkind = \"acmo\"\n",
    )
    .unwrap();
    let job = Job {
        recipe: &recipe,
        dataset: &dataset,
        side: [&side[0], &side[1]],
        split: &split(&dataset, SplitBy::Random, Fractions::default(), 1).unwrap(),
        seed: 1,
        device: &Device::flex(),
        out: &folder.path().join("run"),
        resume: false,
        stop_after: None,
    };
    train(&job, &mut Silent).unwrap();
    let epochs = RunDir::open(&folder.path().join("run")).unwrap().epochs().unwrap();
    for epoch in &epochs[1..] {
        let trust = |name: &str| epoch.trust[name];
        for other in ["graph", "drug transcriptome", "drug bioassay"] {
            assert!(
                trust("drug text") < trust(other),
                "epoch {}: {:?}",
                epoch.epoch,
                epoch.trust
            );
        }
    }
    let last = &epochs.last().unwrap().trust;
    assert!(
        last["drug text"] < 0.3 && last.values().copied().fold(0.0, f64::max) > 0.9,
        "{last:?}"
    );
}
