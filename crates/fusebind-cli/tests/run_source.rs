//! A run remembers its data, its split and its modalities; flags win; what no longer exists is named.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use support::{SEQUENCES, SMILES, fusebind, text};

/// A table with columns that nothing detects, a split of it, and a trained run.
fn train(here: &Path) {
    let mut rows = String::from("structure,protein,reading\n");
    for (i, smiles) in SMILES.iter().enumerate() {
        for (j, sequence) in SEQUENCES.iter().enumerate() {
            rows += &format!("{smiles},{sequence},{}\n", 10 * (1 + i * 6 + j));
        }
    }
    fs::write(here.join("pairs.csv"), rows).unwrap();
    fs::write(
        here.join("small.toml"),
        "name = \"small\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
         [model.sequence]\ncomposition = 32\n[model.interaction]\ndim = 16\nrank = 0\n[training]\nepochs = 2\n",
    )
    .unwrap();
    let reading = "--smiles-column structure --sequence-column protein --affinity reading --unit Kd_nM";
    for command in [
        format!("data split pairs.csv --by random -o split.csv {reading}"),
        format!("train small.toml --data pairs.csv --split split.csv --out run {reading}"),
    ] {
        succeed(&command, here);
    }
}

fn succeed(command: &str, here: &Path) -> String {
    let output = fusebind(&command.split(' ').collect::<Vec<_>>(), here);
    assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn fail(command: &str, here: &Path) -> String {
    let output = fusebind(&command.split(' ').collect::<Vec<_>>(), here);
    assert!(!output.status.success(), "{command}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn a_run_is_scored_without_naming_its_data_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train(here);
    let elsewhere = here.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let alone = succeed("evaluate ../run --no-baselines", &elsewhere);
    let named = "evaluate run --data pairs.csv --split split.csv --no-floors --smiles-column structure \
                 --sequence-column protein --affinity reading --unit Kd_nM";
    assert_eq!(alone, succeed(named, here));
    assert!(succeed("robustness ../run --quick --json", &elsewhere).contains("area_ratio"));

    // Flags win: half of the pairs, in another table with its own columns.
    let half: String = fs::read_to_string(here.join("pairs.csv"))
        .unwrap()
        .replace("structure,protein,reading", "smiles,sequence,affinity");
    fs::write(here.join("other.csv"), half).unwrap();
    succeed(
        "data split other.csv --by random --seed 7 --unit Kd_nM -o other_split.csv",
        here,
    );
    let other = "evaluate run --data other.csv --split other_split.csv --unit Kd_nM --no-baselines";
    assert_ne!(succeed(other, here), alone);

    fs::rename(here.join("pairs.csv"), here.join("moved.csv")).unwrap();
    let error = fail("evaluate run", here);
    assert!(
        error.contains("pairs.csv, does not exist") && error.contains("--data"),
        "{error}"
    );
    fs::rename(here.join("moved.csv"), here.join("pairs.csv")).unwrap();
    fs::remove_file(here.join("split.csv")).unwrap();
    let error = fail("robustness run", here);
    assert!(
        error.contains("split.csv, does not exist") && error.contains("--split"),
        "{error}"
    );
    fs::remove_file(here.join("run/source.json")).unwrap();
    let error = fail("evaluate run", here);
    assert!(
        error.contains("does not remember") && error.contains("--data"),
        "{error}"
    );
}

#[test]
fn a_run_is_resumed_on_data_that_were_moved() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train(here);
    // A run that was killed in its first epoch has no model and no finished state yet.
    fs::create_dir(here.join("run/state")).unwrap();
    fs::rename(here.join("pairs.csv"), here.join("moved.csv")).unwrap();
    let reading = "--smiles-column structure --sequence-column protein --affinity reading --unit Kd_nM";
    // The page of a run that was stopped before it was written is made up for, with nothing left of the first attempt.
    fs::remove_file(here.join("run/report.html")).unwrap();
    succeed(
        &format!("train small.toml --data moved.csv --split split.csv --out run --resume {reading}"),
        here,
    );
    assert!(here.join("run/report.html").is_file());
    assert!(
        fs::read_to_string(here.join("run/source.json"))
            .unwrap()
            .contains("moved.csv")
    );
    succeed("evaluate run --no-baselines", here);
}
