//! A run that is stopped and resumed is bit-identical to one that never stopped.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use burn::tensor::Device;
use fusebind_data::{
    split::{Part, Split},
    table::{Affinity, Censoring, Dataset, Drug, Interaction, Scale, Target},
};
use fusebind_features::entity::{
    molecule::{ChematicToolkit, Chemistry},
    protein::Protein,
    side::{Profiles, SideData},
};
use fusebind_train::{
    recipe::Recipe,
    run_dir::RunDir,
    trainer::{Job, Silent, train},
};

const SMILES: [&str; 8] = [
    "CCO",
    "CCN",
    "c1ccccc1",
    "CC(=O)O",
    "Cc1ccccc1O",
    "CCCCO",
    "C1CCNCC1",
    "O=C(N)c1ccccc1",
];
const SEQUENCES: [&str; 5] = [
    "MKTAYIAKQR",
    "MKTAYIWKQRLL",
    "GGSGGSPPLK",
    "WWHHKKLMNP",
    "ACDEFGHIKLMNPQRS",
];

fn dataset() -> Dataset {
    let drugs = SMILES.iter().enumerate().map(|(i, smiles)| Drug {
        ids: vec![format!("D{i}")],
        keys: Default::default(),
        molecule: ChematicToolkit.molecule(smiles).unwrap(),
    });
    let targets = SEQUENCES.iter().enumerate().map(|(i, sequence)| Target {
        ids: vec![format!("T{i}")],
        keys: Default::default(),
        protein: Protein::parse(sequence).unwrap(),
    });
    let interactions = (0..40u32).map(|row| Interaction {
        drug: row % 8,
        target: row / 8,
        affinity: Some(Affinity {
            value: 5.0 + f64::from((row * 7) % 11) / 4.0,
            scale: Scale::PKd,
            censoring: if row % 9 == 0 {
                Censoring::AtMost
            } else {
                Censoring::Exact
            },
        }),
        binds: Some(row % 3 == 0),
        row: u64::from(row) + 1,
    });
    let mut dataset = Dataset {
        drugs: drugs.collect(),
        targets: targets.collect(),
        interactions: interactions.collect(),
        ..Dataset::default()
    };
    dataset.refresh_fingerprint();
    dataset
}

fn recipe() -> Recipe {
    Recipe::parse(
        "name = \"small\"\ntask = \"joint\"\n\
         [model]\nwidth = 16\n[model.graph]\nlayers = 1\nchannels = 8\nsubstructures = 32\n\
         [model.sequence]\ncomposition = 32\nmotifs = 4\nmotif_length = 3\n\
         [model.interaction]\nchannels = 16\nrank = 4\nlayers = 1\n\
         [training]\nepochs = 6\n[training.sampler]\nbatch_pairs = 8\n",
    )
    .unwrap()
}

/// Texts of both sides and signatures of drugs, each of a part of the entities: side modalities take part in resuming.
fn side() -> [SideData; 2] {
    let texts = |count: usize| {
        (0..count).map(|e| {
            if e % 3 == 0 {
                vec![]
            } else {
                vec!["one of two words".to_string()]
            }
        })
    };
    let drug = SideData {
        texts: texts(8).collect(),
        transcriptome: Profiles {
            columns: vec!["g1".into(), "g2".into()],
            values: vec![1.0, -2.0, 0.5, 0.25],
            of_entity: (0..8).map(|e| if e < 4 { vec![e % 2] } else { vec![] }).collect(),
        },
        ..SideData::default()
    };
    let target = SideData {
        texts: texts(5).collect(),
        ..SideData::default()
    };
    [drug, target]
}

fn run(dataset: &Dataset, out: &Path, resume: bool, stop_after: Option<u64>, seed: u64) -> Result<(), String> {
    let parts: Vec<Option<Part>> = (0..40)
        .map(|i| Some(if i % 5 == 0 { Part::Valid } else { Part::Train }))
        .collect();
    let split = Split::from_parts(dataset, &parts, "test");
    let (recipe, device) = (recipe(), Device::flex());
    let side = side();
    let job = Job {
        recipe: &recipe,
        dataset,
        side: [&side[0], &side[1]],
        split: &split,
        seed,
        device: &device,
        out,
        resume,
        stop_after,
    };
    train(&job, &mut Silent).map(|_| ()).map_err(|e| e.to_string())
}

/// The device's generator is one per process: tests that draw from it take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn model(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("model.safetensors")).unwrap()
}

#[test]
fn a_resumed_run_is_bit_identical() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    run(&dataset, &whole, false, None, 7).unwrap();
    run(&dataset, &pieces, false, Some(2), 7).unwrap();
    assert!(
        !pieces.join("model.safetensors").exists(),
        "a stopped run has no model yet"
    );
    run(&dataset, &pieces, true, Some(3), 7).unwrap();
    run(&dataset, &pieces, true, None, 7).unwrap();
    assert!(model(&whole) == model(&pieces), "the model files differ");
    let losses = |run: &Path| -> Vec<f64> {
        RunDir::open(run)
            .unwrap()
            .epochs()
            .unwrap()
            .iter()
            .map(|epoch| epoch.train_loss)
            .collect()
    };
    assert_eq!(losses(&whole), losses(&pieces));
    assert_eq!(losses(&whole).len(), 6);
    assert!(!pieces.join("state").exists(), "what only a resumed run needs is gone");
}

#[test]
fn another_run_is_not_resumed_and_none_is_overwritten() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&dataset, &out, false, Some(1), 7).unwrap();
    assert!(
        run(&dataset, &out, false, None, 7)
            .unwrap_err()
            .contains("already holds a run")
    );
    assert!(run(&dataset, &out, true, None, 8).unwrap_err().contains("seed"));
    let mut other = dataset.clone();
    other.interactions[0].binds = Some(false);
    other.refresh_fingerprint();
    assert!(run(&other, &out, true, None, 7).unwrap_err().contains("data set"));
    let state = out.join("state").join("last.safetensors");
    let bytes = std::fs::read(&state).unwrap();
    std::fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    assert!(run(&dataset, &out, true, None, 7).unwrap_err().contains("damaged"));
}

#[test]
fn the_seed_changes_the_model() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    run(&dataset, &a, false, None, 1).unwrap();
    run(&dataset, &b, false, None, 2).unwrap();
    assert!(model(&a) != model(&b), "two seeds gave one model");
}
