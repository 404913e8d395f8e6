//! A run that is stopped and resumed is bit-identical to one that never stopped, and every knob of a recipe's curriculum changes it.

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
use fusebind_model::fusion::{
    alignment::AlignmentForm,
    entity::{Absent, FusionKind},
};
use fusebind_train::{
    curriculum::{CurriculumKind, Schedule},
    experiment::perturbation::train,
    recipe::Recipe,
    run_dir::RunDir,
    trainer::{Job, Silent},
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

/// A small recipe in which everything that has a state takes part, with lines of `more` behind it.
fn recipe(more: &str) -> Recipe {
    Recipe::parse(&format!(
        "name = \"small\"\ntask = \"joint\"\n\
         [model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
         [model.sequence]\ncomposition = 32\nmotifs = 4\nmotif_length = 3\n\
         [model.interaction]\ndim = 16\nrank = 4\nlayers = 1\n[model.alignment]\ndim = 8\n\
         [modalities.dropout]\nschedule = \"linear\"\nlast = 0.8\n\
         [training]\nepochs = 6\npretraining = 1\n[training.sampler]\nbatch_pairs = 8\n\
         [training.curriculum]\nkind = \"acmo\"\nmismatch_prior = 0.2\ncorruption = 0.5\n\
         [training.objective]\nconsistency = 0.1\ncontrast = 0.1\n{more}"
    ))
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
    run_recipe(&recipe(""), dataset, out, (resume, stop_after, seed))
}

fn run_recipe(recipe: &Recipe, dataset: &Dataset, out: &Path, how: (bool, Option<u64>, u64)) -> Result<(), String> {
    run_sides(recipe, dataset, &side(), out, how)
}

fn run_sides(
    recipe: &Recipe,
    dataset: &Dataset,
    side: &[SideData; 2],
    out: &Path,
    (resume, stop_after, seed): (bool, Option<u64>, u64),
) -> Result<(), String> {
    let parts: Vec<Option<Part>> = (0..40)
        .map(|i| Some(if i % 5 == 0 { Part::Valid } else { Part::Train }))
        .collect();
    let split = Split::from_parts(dataset, &parts, "test");
    let device = Device::flex();
    let job = Job {
        recipe,
        dataset,
        side: [&side[0], &side[1]],
        split: &split,
        seed,
        device: &device,
        out,
        cache: None,
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
    assert!(
        !pieces.join("state").exists(),
        "what only a resumed run depends_on is gone"
    );
}

#[test]
fn a_lost_or_garbled_log_changes_nothing() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    run(&dataset, &whole, false, None, 7).unwrap();
    let log = |run: &Path| -> Vec<(u64, f64)> {
        let epochs = RunDir::open(run).unwrap().epochs().unwrap();
        epochs.iter().map(|epoch| (epoch.epoch, epoch.train_loss)).collect()
    };
    let half = "{\"epoch\":1,\"train_loss\":0.5,\"val";
    let other = "{\"epoch\":2,\"train_loss\":-9.0,\"valid\":{},\"learning_rate\":0.0,\"seconds\":0.0}\n";
    for (name, text) in [
        ("empty", Some("")),
        ("half", Some(half)),
        ("other", Some(other)),
        ("gone", None),
    ] {
        let out = folder.path().join(name);
        run(&dataset, &out, false, Some(3), 7).unwrap();
        match text {
            Some(text) => std::fs::write(out.join("metrics.jsonl"), text).unwrap(),
            None => std::fs::remove_file(out.join("metrics.jsonl")).unwrap(),
        }
        run(&dataset, &out, true, None, 7).unwrap();
        assert!(model(&whole) == model(&out), "{name}: the model files differ");
        assert_eq!(log(&whole), log(&out), "{name}");
    }
}

#[test]
fn a_state_with_any_flipped_bit_is_refused_by_name() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&dataset, &out, false, Some(1), 7).unwrap();
    let path = out.join("state").join("last.safetensors");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..200).map(|n| (n * 7919 + n / 2) % whole.len()) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, bytes).unwrap();
        let error = RunDir::open(&out)
            .unwrap()
            .load_state()
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("section") || error.contains("model file"),
            "byte {at}: {error}"
        );
    }
}

#[test]
fn a_finished_run_is_not_trained_anew() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&dataset, &out, false, None, 7).unwrap();
    let before = model(&out);
    // What a kill between writing the model and removing the state leaves, or a copy that makes empty folders.
    std::fs::create_dir(out.join("state")).unwrap();
    let error = run(&dataset, &out, true, None, 7).unwrap_err();
    assert!(error.contains("finished"), "{error}");
    assert!(before == model(&out), "the model is as it was");
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
fn any_few_entities_with_two_modalities_train() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let texts = |having: usize, count: usize| -> Vec<Vec<String>> {
        let text = |e: usize| {
            if e < having {
                vec![format!("one of word{}", e % 2)]
            } else {
                vec![]
            }
        };
        (0..count).map(text).collect()
    };
    for form in [AlignmentForm::Pairwise, AlignmentForm::Volume] {
        for (drugs, targets) in (0..6).flat_map(|d| (0..5).map(move |t| (d, t))) {
            let mut recipe = recipe("");
            (recipe.training.epochs, recipe.model.alignment.form) = (1, form);
            let side = [(drugs, 8), (targets, 5)].map(|(having, count)| SideData {
                texts: texts(having, count),
                ..SideData::default()
            });
            let out = folder.path().join(format!("{form:?}-{drugs}-{targets}"));
            let trained = run_sides(&recipe, &dataset, &side, &out, (false, None, 5));
            assert_eq!(trained, Ok(()), "{form:?}: {drugs} drugs and {targets} targets");
        }
    }
}

#[test]
fn one_process_at_a_time_trains_in_a_folder() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&dataset, &out, false, Some(1), 7).unwrap();
    let held = RunDir::open(&out).unwrap().lock().unwrap();
    let error = run(&dataset, &out, true, Some(2), 7).unwrap_err();
    assert!(error.contains("another process"), "{error}");
    drop(held);
    run(&dataset, &out, true, Some(2), 7).unwrap();
    let mut other = recipe("");
    other.training.sampler.batch_pairs = 9;
    let error = run_recipe(&other, &dataset, &out, (true, None, 7)).unwrap_err();
    assert!(error.contains("`training.sampler.batch_pairs`"), "{error}");
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

#[test]
fn every_knob_of_the_curriculum_changes_the_model() {
    let _turn = turn();
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let trained = |name: &str, change: fn(&mut Recipe)| {
        let mut recipe = recipe("");
        recipe.training.epochs = 2;
        change(&mut recipe);
        let out = folder.path().join(name);
        run_recipe(&recipe, &dataset, &out, (false, None, 3)).unwrap();
        // The description names the recipe: what was learned is compared, not what was asked for.
        let epochs = RunDir::open(&out).unwrap().epochs().unwrap();
        epochs.iter().map(|e| e.train_loss).collect::<Vec<_>>()
    };
    let base = trained("base", |_| {});
    assert_eq!(base, trained("again", |_| {}));
    type Change = (&'static str, fn(&mut Recipe));
    let changes: [Change; 17] = [
        ("kind", |r| r.training.curriculum.kind = CurriculumKind::Reversed),
        ("start", |r| r.training.curriculum.start = 0.9),
        ("unlocked", |r| r.training.curriculum.unlocked = 1.0),
        ("corruption", |r| r.training.curriculum.corruption = 0.0),
        ("schedule", |r| r.modalities.dropout.schedule = Schedule::Constant),
        ("first", |r| r.modalities.dropout.first = 0.9),
        ("natural", |r| r.modalities.dropout.natural = 0.8),
        ("structure_only_share", |r| r.modalities.dropout.structure = 0.9),
        ("pretraining", |r| r.training.pretraining = 0),
        ("alignment", |r| r.training.objective.alignment = 0.0),
        ("consistency", |r| r.training.objective.consistency = 0.0),
        ("contrast", |r| r.training.objective.contrast = 0.0),
        ("temperature", |r| r.model.alignment.temperature = 0.3),
        ("fusion", |r| r.model.fusion.kind = FusionKind::Concatenation),
        ("absent", |r| r.model.fusion.absent = Absent::Knn),
        ("imputed", |r| r.model.neighbours.imputed = true),
        ("perturbation", |r| r.perturbation.flipped = 0.5),
    ];
    for (name, change) in changes {
        assert_ne!(base, trained(name, change), "{name} changes nothing");
    }
}
