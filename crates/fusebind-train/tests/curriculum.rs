//! The curriculum on universes whose truth is known: a modality of pure noise gets the least weight, and a text that belongs
//! to another drug is separated from one that does not.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::path::Path;

use burn::tensor::Device;
use fusebind_data::{
    modality::{Side, load_modalities},
    simulate::{SimulateConfig, simulate},
    source::{LoadConfig, load_dataset},
    split::{Fractions, Part, SplitBy, split},
    table::Dataset,
};
use fusebind_eval::classification;
use fusebind_features::{
    entity::{molecule::ChematicToolkit, side::SideData},
    modality::Modality,
};
use fusebind_model::trained::TrainedModel;
use fusebind_train::{
    evaluate::EvaluationSet,
    experiment::robustness::{RobustnessConfig, robustness},
    recipe::Recipe,
    run_dir::{EpochMetrics, RunDir},
    trainer::{Job, Silent, train},
};

fn universe(config: &SimulateConfig, folder: &Path) -> (Dataset, [SideData; 2]) {
    simulate(config).unwrap().write(folder).unwrap();
    let (dataset, _) = load_dataset(folder, &ChematicToolkit, &LoadConfig::default()).unwrap();
    let (tables, _) = load_modalities(&folder.join("modalities"), &dataset).unwrap();
    let side = [Side::Drug, Side::Target].map(|s| tables.side(s, &[], &dataset));
    (dataset, side)
}

/// A small model under `curriculum`; its metrics and its model.
fn trained(
    (dataset, side): (&Dataset, &[SideData; 2]),
    epochs: u64,
    curriculum: &str,
    folder: &Path,
) -> (Vec<EpochMetrics>, TrainedModel) {
    let recipe = Recipe::parse(&format!(
        "name = \"acmo\"\ntask = \"affinity\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 0\nsubstructures = 64\n\
         [model.sequence]\ncomposition = 64\n[model.interaction]\ndim = 16\nrank = 0\nlayers = 0\n\
         [training]\nepochs = {epochs}\nstructure_only_shares = [0.0, 0.5]\n[training.curriculum]\n{curriculum}\n"
    ))
    .unwrap();
    let device = Device::flex();
    let job = Job {
        recipe: &recipe,
        dataset,
        side: [&side[0], &side[1]],
        split: &split(dataset, SplitBy::Random, Fractions::default(), 1).unwrap(),
        seed: 1,
        device: &device,
        out: &folder.join("run"),
        cache: None,
        resume: false,
        stop_after: None,
    };
    train(&job, &mut Silent).unwrap();
    let run = RunDir::open(&folder.join("run")).unwrap();
    (
        run.epochs().unwrap(),
        TrainedModel::open(&run.model(), &device).unwrap(),
    )
}

#[test]
fn pure_noise_has_the_least_weight_from_the_first_third_on() {
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
    let (dataset, side) = universe(&config, folder.path());
    let (epochs, model) = trained((&dataset, &side), 6, "kind = \"acmo\"", folder.path());
    for epoch in &epochs[1..] {
        let modality_weights = |name: &str| epoch.modality_weights[name];
        for other in ["graph", "drug transcriptome", "drug bioassay"] {
            assert!(
                modality_weights("drug text") < modality_weights(other),
                "epoch {}: {:?}",
                epoch.epoch,
                epoch.modality_weights
            );
        }
    }
    let last = epochs.last().unwrap();
    assert!(last.modality_weights["graph"] > 0.9, "{:?}", last.modality_weights);
    assert!(
        last.measured_importance["graph"] > last.measured_importance["drug text"],
        "{:?}",
        last.measured_importance
    );
    let score = |epoch: &&EpochMetrics| -epoch.valid["mse"] - epoch.valid["missing_mse"];
    let kept = epochs.iter().max_by(|a, b| score(a).total_cmp(&score(b))).unwrap();
    assert_eq!(
        f64::from(model.description.structure_only_share),
        kept.valid["structure_only_share"],
        "validation chooses how far structure alone is relied on"
    );
}

/// How well the weights of a modality separate the drugs that have their own value from the others, as `perturb` made them: the area
/// under the ROC curve.
fn separation(modality: Modality, seed: u64, perturb: impl Fn(&mut SideData) -> Vec<(usize, bool)>) -> f64 {
    let config = SimulateConfig {
        drugs: 600,
        targets: 40,
        pairs: 4000,
        seed,
        ..SimulateConfig::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let (dataset, mut side) = universe(&config, folder.path());
    let own = perturb(&mut side[0]);
    let (_, model) = trained((&dataset, &side), 1, "mismatch_prior = 0.3", folder.path());
    let molecules = dataset.drugs.iter().map(|d| &d.molecule);
    let proteins = dataset.targets.iter().map(|t| &t.protein);
    let (drugs, _, _) = model.stores((molecules, &side[0]), (proteins, &side[1]));
    let modality_weights = |drug: usize| f64::from(drugs.side.modality_weights(drug as u32).of(modality));
    let (own, modality_weights): (Vec<bool>, Vec<f64>) =
        own.into_iter().map(|(drug, own)| (own, modality_weights(drug))).unzip();
    classification::auroc(&own, &modality_weights).unwrap()
}

/// Which of the entities that have a value keep it: every second one.
fn every_second<T>(values: &[Vec<T>]) -> Vec<(usize, bool)> {
    let with = (0..values.len()).filter(|d| !values[*d].is_empty());
    with.enumerate().map(|(at, drug)| (drug, at % 2 == 1)).collect()
}

/// Gives those that do not keep theirs the value of another one of them.
fn permute<T: Clone>(values: &mut [Vec<T>]) -> Vec<(usize, bool)> {
    let kept = every_second(values);
    let wrong: Vec<usize> = kept.iter().filter(|k| !k.1).map(|k| k.0).collect();
    let taken: Vec<Vec<T>> = wrong.iter().map(|d| values[*d].clone()).collect();
    for (at, drug) in wrong.iter().enumerate() {
        values[*drug].clone_from(&taken[(at + 1) % taken.len()]);
    }
    kept
}

#[test]
fn a_modality_that_is_noise_for_half_of_the_drugs_has_a_low_weight_for_that_half() {
    let area = separation(Modality::Transcriptome, 7, |side| {
        let profiles = &mut side.transcriptome;
        let kept = every_second(&profiles.of_entity);
        let width = profiles.columns.len();
        let mut state = 1u64;
        let mut wave = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f32 / (1u64 << 31) as f32 - 0.5
        };
        for (drug, _) in kept.iter().filter(|k| !k.1) {
            for row in profiles.of_entity[*drug].clone() {
                // Sums of uniform numbers, with the spread of the true signatures.
                let values = &mut profiles.values[row as usize * width..][..width];
                values
                    .iter_mut()
                    .for_each(|v| *v = 2.45 * (0..4).map(|_| wave()).sum::<f32>());
            }
        }
        kept
    });
    println!("noise: transcriptome {area}");
    assert!(area >= 0.9, "area under the ROC curve {area}");
}

#[test]
fn what_belongs_to_another_drug_has_a_low_weight() {
    let texts = separation(Modality::Text, 7, |side| permute(&mut side.texts));
    let signatures = separation(Modality::Transcriptome, 7, |side| {
        permute(&mut side.transcriptome.of_entity)
    });
    let assays = separation(Modality::Bioassay, 7, |side| permute(&mut side.bioassay.of_entity));
    println!("swapped: text {texts}, transcriptome {signatures}, bioassay {assays}");
    // Six statements of a text, a tenth of them wrong, cannot tell drugs apart as a hundred genes can.
    assert!(texts > 0.7 && signatures > 0.75 && assays > 0.7);
}

#[test]
fn a_table_whose_rows_were_shifted_is_reported() {
    let config = SimulateConfig {
        drugs: 600,
        targets: 40,
        pairs: 4000,
        seed: 7,
        ..SimulateConfig::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let (dataset, side) = universe(&config, folder.path());
    let (_, model) = trained((&dataset, &side), 1, "mismatch_prior = 0.1", folder.path());
    let notes = |of_drugs: &SideData| {
        let molecules = dataset.drugs.iter().map(|d| &d.molecule);
        let proteins = dataset.targets.iter().map(|t| &t.protein);
        model.stores((molecules, of_drugs), (proteins, &side[1])).2.notes
    };
    assert!(notes(&side[0]).is_empty(), "{:?}", notes(&side[0]));
    let mut shifted = side[0].clone();
    let signatures = &mut shifted.transcriptome.of_entity;
    let having: Vec<usize> = (0..signatures.len()).filter(|d| !signatures[*d].is_empty()).collect();
    let taken: Vec<Vec<u32>> = having.iter().map(|d| signatures[*d].clone()).collect();
    for (at, drug) in having.iter().enumerate() {
        signatures[*drug].clone_from(&taken[(at + 1) % taken.len()]);
    }
    let found_notes = notes(&shifted);
    assert!(
        found_notes.len() == 1 && found_notes[0].starts_with("drug transcriptome: about "),
        "{found_notes:?}"
    );

    let split = split(&dataset, SplitBy::Random, Fractions::default(), 1).unwrap();
    let swept = robustness(
        &model,
        &EvaluationSet {
            dataset: &dataset,
            drug_side: &side[0],
            target_side: &side[1],
            split: &split,
            part: Part::Test,
        },
        &RobustnessConfig::quick(),
        |_, _| {},
    )
    .unwrap();
    let found = |noise: &str| -> Vec<(Modality, f32)> {
        let of = swept.tables.iter().filter(|found| found.noise == noise);
        of.map(|found| (found.finding.quality.modality, found.finding.quality.mismatch_rate))
            .collect()
    };
    let right = found("nothing");
    assert!(
        right.len() > 1 && right.iter().all(|(_, wrong)| *wrong < 0.2),
        "{right:?}"
    );
    let wrong = found("shuffled-transcriptome");
    assert!(
        matches!(wrong[..], [(Modality::Transcriptome, share)] if share > 0.5),
        "{wrong:?}"
    );
}
