//! `fusebind model` as a user meets it.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use support::{SEQUENCES, SMILES, fusebind, text};

/// Trains a small model into the folder `name`.
fn train(name: &str, neighbours: bool, folder: &Path) {
    let mut rows = String::from("smiles,sequence,affinity,unit\n");
    for (i, smiles) in SMILES.iter().enumerate() {
        for (j, sequence) in SEQUENCES.iter().enumerate() {
            rows += &format!("{smiles},{sequence},{},Kd_nM\n", 10 * (1 + i * 6 + j));
        }
    }
    fs::write(folder.join("pairs.csv"), rows).unwrap();
    let recipe = format!(
        "name = \"small\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
         [model.sequence]\ncomposition = 32\n[model.interaction]\ndim = 16\nrank = 0\n\
         [model.neighbours]\nenabled = {neighbours}\n[training]\nepochs = 1\n"
    );
    fs::write(folder.join("small.toml"), recipe).unwrap();
    let split = ["data", "split", "pairs.csv", "--by", "random", "-o", "split.csv"];
    let split = fusebind(&split, folder);
    assert!(split.status.success(), "{}", text(&split.stderr));
    let arguments = [
        "train",
        "small.toml",
        "--data",
        "pairs.csv",
        "--split",
        "split.csv",
        "--out",
        name,
    ];
    let train = fusebind(&arguments, folder);
    assert!(train.status.success(), "{}", text(&train.stderr));
}

#[test]
fn a_model_says_what_it_holds_and_keeps_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train("run", true, here);
    let info = fusebind(&["model", "info", "run", "--json"], here);
    assert!(info.status.success(), "{}", text(&info.stderr));
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(info["task"], "affinity");
    assert_eq!(info["recipe"], "small");
    assert_eq!(info["sections"].as_array().unwrap().len(), 5);
    assert_eq!(info["reference_pairs"], info["training"]["pairs"]);
    let page = fusebind(&["model", "info", "run/model.safetensors"], here);
    assert!(text(&page.stdout).contains("labels of training pairs are inside"));

    let strip = fusebind(&["model", "strip", "run", "-o", "new.safetensors"], here);
    assert_eq!(strip.status.code(), Some(1));
    assert!(
        text(&strip.stderr).contains("reads neighbour features"),
        "{}",
        text(&strip.stderr)
    );
    assert!(!here.join("new.safetensors").exists());
}

#[test]
fn a_model_without_neighbour_features_is_stripped_but_never_over_itself() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train("run", false, here);
    let before = fs::read(here.join("run/model.safetensors")).unwrap();
    let strip = fusebind(&["model", "strip", "run", "-o", "new.safetensors"], here);
    assert!(strip.status.success(), "{}", text(&strip.stderr));
    fs::hard_link(here.join("run/model.safetensors"), here.join("link")).unwrap();
    for output in ["run/model.safetensors", "run/../run/model.safetensors", "link"] {
        let over = fusebind(&["model", "strip", "run", "-o", output], here);
        assert_eq!(over.status.code(), Some(2), "{output}: {}", text(&over.stderr));
    }
    assert_eq!(fs::read(here.join("run/model.safetensors")).unwrap(), before);
    let help = fusebind(&["model", "strip", "--help"], here);
    assert!(text(&help.stdout).contains("Example:"));
}

#[test]
fn a_model_names_the_structure_model_inside_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let recipe = format!("{}structure_model = true\n", support::SMALL_RECIPE);
    fs::write(here.join("small.toml"), recipe).unwrap();
    let mut said = String::new();
    for command in [
        "data simulate --drugs 60 --targets 20 --pairs 400 --seed 1 -o sim",
        "data split sim --by random --seed 1 -o split.csv",
        "train small.toml --data sim --modalities sim/modalities --split split.csv --out run",
        "model info run",
    ] {
        let output = fusebind(&command.split(' ').collect::<Vec<_>>(), here);
        assert!(output.status.success(), "{command}: {}", text(&output.stderr));
        said = text(&output.stdout).to_string();
    }
    let line = said.lines().find(|line| line.starts_with("structure model")).unwrap();
    assert!(line.contains("kept epoch 1, ") && line.ends_with("encoders"), "{line}");
}
