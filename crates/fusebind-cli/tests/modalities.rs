//! Side modalities as a user meets them: training, evaluation and prediction with any of them, and tables with mistakes.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use support::{SEQUENCES, SMILES, fusebind, text};

fn succeed(arguments: &[&str], folder: &Path) -> (String, String) {
    let output = fusebind(arguments, folder);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn table(header: &str, rows: impl Iterator<Item = String>) -> String {
    header.to_string() + "\n" + &rows.map(|row| row + "\n").collect::<String>()
}

/// A data set folder, and side tables of which each holds one mistake.
fn write(folder: &Path) {
    let file = |name: &str, content: String| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let drugs = SMILES.iter().enumerate().map(|(i, s)| format!("D{i},{s}"));
    file("data/drugs.csv", table("drug_id,smiles", drugs));
    let targets = SEQUENCES.iter().enumerate().map(|(i, s)| format!("T{i},{s}"));
    file("data/targets.csv", table("target_id,sequence", targets));
    let pair = |i: usize| {
        let part = ["train", "train", "train", "valid", "test"][i % 5];
        format!("D{},T{},{},{part}", i % 8, i / 8, (i * 7 + i / 8) % 3 % 2)
    };
    file(
        "data/pairs.csv",
        table("drug_id,target_id,label,split", (0..48).map(pair)),
    );
    let kind = |i: usize| ["kinase inhibitor", "opioid ligand"][i % 2];
    let texts = (0..6).map(|i| format!("D{i},a {} of class {}", kind(i), i % 3));
    file("side/text_drug.csv", table("drug_id,text", texts));
    let texts = (0..6).map(|i| format!("T{i},receptor of family {}", i % 2));
    file("side/text_target.csv", table("target_id,text", texts));
    let signatures = (0..5).map(|i| format!("D{i},{},{}", i as f32 - 2.0, if i == 4 { "high" } else { "0.5" }));
    file("side/transcriptomics.csv", table("drug_id,TP53,MYC", signatures));
    let assays = (0..4).map(|i| format!("D{i},{},{}", i % 2, if i == 3 { "1e30" } else { "" }));
    file("side/bioassay.csv", table("drug_id,assay1,assay2", assays));
    let embeddings = (0..6).map(|i| {
        if i == 5 {
            format!("T{i},0.5,")
        } else {
            format!("T{i},0.{i},-0.5{i}")
        }
    });
    file("side/embedding_sequence.csv", table("target_id,0,1", embeddings));
    file(
        "small.toml",
        "name = \"small\"\ntask = \"binding\"\n[split]\ncolumn = \"split\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\n\
         substructures = 32\n[model.sequence]\ncomposition = 32\n[model.interaction]\ndim = 16\nrank = 0\n[training]\nepochs = 2\n"
            .into(),
    );
}

#[test]
fn any_subset_of_modalities_trains_and_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let train = [
        "train",
        "small.toml",
        "--data",
        "data",
        "--modalities",
        "side",
        "--out",
        "run",
    ];
    let (_, notes) = succeed(&train, here);
    assert!(notes.contains("text_drug: 6 of 8 drugs"), "{notes}");
    assert!(notes.contains("hold no number or outcome"), "{notes}");
    let rejected = fs::read_to_string(here.join("run.rejected.csv")).unwrap();
    for (field, reason) in [("assay2", "out of range"), ("1", "every channel")] {
        let found = rejected
            .lines()
            .any(|line| line.contains(field) && line.contains(reason));
        assert!(found, "{field}: {reason}\n{rejected}");
    }

    let all = ["predict", "run", "--pairs", "data", "--modalities", "side"];
    let (full, _) = succeed(&all, here);
    let header = full.lines().next().unwrap();
    let expected = [
        "weight_graph",
        "weight_drug_text",
        "weight_drug_transcriptome",
        "weight_drug_bioassay",
        "weight_sequence",
        "weight_target_text",
        "mismatch_probability_drug_text",
        "mismatch_probability_target_text",
    ];
    assert!(expected.iter().all(|name| header.contains(name)), "{header}");
    let line = |csv: &str, start: &str| csv.lines().find(|l| l.starts_with(start)).unwrap().to_string();
    assert!(
        line(&full, "D0,T0,").contains("\"graph,drug text,drug transcriptome,drug bioassay,sequence,target text\"")
    );
    assert!(
        line(&full, "D7,T0,").contains("\"graph,sequence,target text\""),
        "{full}"
    );

    let (bare, _) = succeed(&["predict", "run", "--pairs", "data"], here);
    let (off, _) = succeed(&[&all[..], &["--only", "graph,sequence"]].concat(), here);
    assert!(line(&bare, "D0,T0,").contains("\"graph,sequence\""));
    // The embedding is a part of `sequence`; with it left aside, leaving out is the same as never having had.
    fs::remove_file(here.join("side/embedding_sequence.csv")).unwrap();
    let (off_without, _) = succeed(&[&all[..], &["--only", "graph,sequence"]].concat(), here);
    assert_eq!(off_without, bare);
    assert_ne!(off, bare, "an embedding of the sequence is read with it");
    let (textual, _) = succeed(&[&all[..], &["--only", "text"]].concat(), here);
    assert!(
        line(&textual, "D0,T0,").contains("\"drug text,target text\""),
        "{textual}"
    );

    // A note names a gene that the model does not know, and no value is guessed.
    fs::write(here.join("side/transcriptomics.csv"), "drug_id,TP53,XYZ1\nD0,1.0,2.0\n").unwrap();
    let (_, notes) = succeed(&all, here);
    assert!(
        notes.contains("1 of 2 genes are unknown to the model") && notes.contains("XYZ1"),
        "{notes}"
    );

    // With nothing to go on the answer is the share of binding pairs in training.
    let stranger = ["predict", "run", "--smiles", "CCCCCCN", "--sequence", "MWWWWLLLLKK"];
    let everything = "graph,sequence,text,transcriptome,bioassay";
    let (blank, _) = succeed(&[&stranger[..], &["--without", everything]].concat(), here);
    let (mut train, mut bound) = (0.0, 0.0);
    for line in fs::read_to_string(here.join("data/pairs.csv"))
        .unwrap()
        .lines()
        .filter(|l| l.ends_with("train"))
    {
        train += 1.0;
        bound += line.split(',').nth(2).unwrap().parse::<f64>().unwrap();
    }
    let answer: f64 = blank
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(3)
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (answer - bound / train).abs() < 1e-6,
        "{answer} is not {bound} of {train}"
    );

    let unknown = fusebind(&[&all[..], &["--without", "image"]].concat(), here);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("`image` is no modality"),
        "{}",
        text(&unknown.stderr)
    );

    let sweep = [
        "robustness",
        "run",
        "--data",
        "data",
        "--modalities",
        "side",
        "--quick",
        "--json",
        "-o",
        "swept",
    ];
    let (json, _) = succeed(&sweep, here);
    let swept: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(swept["area_ratio"].as_f64().is_some_and(|ratio| ratio > 0.0), "{json}");
    let measurements = swept["measurements"].as_array().unwrap();
    let count = |variant: &str| measurements.iter().filter(|m| m["variant"] == variant).count();
    assert_eq!((count("missing"), count("subset"), count("noise")), (10, 31, 6));
    assert!(here.join("swept/measurements.csv").is_file() && here.join("swept/measurements.parquet").is_file());
    let page = fs::read_to_string(here.join("swept/report.html")).unwrap();
    assert!(
        page.contains("<svg") && page.contains("graph and sequence alone"),
        "{page}"
    );
}

#[test]
fn a_model_without_side_data_refuses_to_do_without_its_structure() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    succeed(&["train", "small.toml", "--data", "data", "--out", "run"], here);
    let without = ["evaluate", "run", "--data", "data", "--without", "graph"];
    let output = fusebind(&without, here);
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(
        message.contains("`graph` is the only drug modality") && message.contains("hint:"),
        "{message}"
    );
    succeed(
        &[
            "evaluate",
            "run",
            "--data",
            "data",
            "--without",
            "text",
            "--no-baselines",
        ],
        here,
    );
}

#[test]
fn an_ablation_is_resumed_and_compares_its_variants() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let part = ["--part", "train"]; // the other parts have too few pairs for both classes in every resample
    let ablate = [
        "ablate",
        "small.toml",
        "--data",
        "data",
        "--modalities",
        "side",
        "-o",
        "ablation",
    ];
    let variants = "linear-dropout,acmo-curriculum,impute-knn,late-concatenation,alignment,missing-60,flipped-labels";
    let all: Vec<&str> = [
        &ablate[..],
        &part,
        &["--seeds", "2", "--variants", variants, "--rounds", "20"],
    ]
    .concat();
    let (out, notes) = succeed(&all, here);
    assert!(
        out.contains("everything (auroc)") && out.contains("impute-knn"),
        "{out}"
    );
    assert!(
        notes.contains("full:1 done") && notes.contains("missing-60:2 done"),
        "{notes}"
    );
    let summary = fs::read_to_string(here.join("ablation/summary.json")).unwrap();
    let page = fs::read_to_string(here.join("ablation/report.html")).unwrap();
    for words in [
        "What differs",
        "missing in training",
        "Weight of each modality",
        "late-concatenation",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!here.join("ablation/runs/full-1").exists(), "a scored run is removed");

    // A run that is lost is done again, alone, and gives the same.
    fs::remove_file(here.join("ablation/scored/impute-knn-2.json")).unwrap();
    let (_, notes) = succeed(&all, here);
    assert!(notes.contains("impute-knn:2 done  1/1"), "{notes}");
    assert_eq!(fs::read_to_string(here.join("ablation/summary.json")).unwrap(), summary);

    let stranger = [&ablate[..], &["--variants", "magic"]].concat();
    let output = fusebind(&stranger, here);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no variant of this recipe") && text(&output.stderr).contains("impute-knn"));
    let other = [&all[..], &["--epochs", "1"]].concat();
    let output = fusebind(&other, here);
    assert!(
        text(&output.stderr).contains("runs of another recipe"),
        "{}",
        text(&output.stderr)
    );
    let (list, _) = succeed(&["ablate", "small.toml", "--list"], here);
    assert!(list.lines().count() > 15 && list.starts_with("full"), "{list}");
    let nowhere = fusebind(&["ablate", "small.toml", "--data", "data"], here);
    assert!(text(&nowhere.stderr).contains("--out"), "{}", text(&nowhere.stderr));
}

#[test]
fn rates_of_a_table_are_estimated_once_and_belong_to_their_model() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    succeed(
        &[
            "train",
            "small.toml",
            "--data",
            "data",
            "--modalities",
            "side",
            "--out",
            "run",
        ],
        here,
    );
    let estimate = ["quality", "estimate", "run", "--data", "data", "--modalities", "side"];
    succeed(&[&estimate[..], &["-o", "rates.json"]].concat(), here);
    let all = [
        "predict",
        "run",
        "--pairs",
        "data",
        "--modalities",
        "side",
        "--mismatch-rates",
    ];
    let (with, _) = succeed(&[&all[..], &["rates.json"]].concat(), here);
    assert_eq!(with.lines().count(), 49);
    succeed(
        &["evaluate", "run", "--no-baselines", "--mismatch-rates", "rates.json"],
        here,
    );
    let rates = fs::read_to_string(here.join("rates.json")).unwrap();
    for (from, to, words) in [
        ("\"seed\": 1", "\"seed\": 7", "another model"),
        ("\"version\": 1", "\"version\": 9", "another version"),
        ("\"rates\"", "\"rate\"", "no file of mismatch rates"),
    ] {
        assert!(rates.contains(from), "{rates}");
        fs::write(here.join("other.json"), rates.replace(from, to)).unwrap();
        let output = fusebind(&[&all[..], &["other.json"]].concat(), here);
        let message = text(&output.stderr);
        assert!(output.status.code() == Some(1) && message.contains(words), "{message}");
    }
}

#[test]
fn no_command_writes_over_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    succeed(
        &[
            "train",
            "small.toml",
            "--data",
            "data",
            "--modalities",
            "side",
            "--out",
            "run",
        ],
        here,
    );
    let model = here.join("run/model.safetensors");
    let before = [
        fs::read(here.join("data/pairs.csv")).unwrap(),
        fs::read(&model).unwrap(),
    ];
    for command in [
        &["data", "check", "data", "--rejected", "data/pairs.csv"][..],
        &[
            "data",
            "split",
            "data",
            "--by",
            "random",
            "-o",
            "data/../data/pairs.csv",
        ],
        &["predict", "run", "--pairs", "data", "-o", "data/pairs.csv"],
        &["predict", "run", "--pairs", "data", "-o", "run/model.safetensors"],
        &["evaluate", "run", "--predictions", "data/pairs.csv"],
        &[
            "quality",
            "estimate",
            "run",
            "--data",
            "data",
            "--modalities",
            "side",
            "-o",
            "data/pairs.csv",
        ],
        &["model", "strip", "run", "-o", "run/model.safetensors"],
    ] {
        let output = fusebind(command, here);
        let message = text(&output.stderr);
        assert!(
            output.status.code() == Some(2) && message.contains("is not written to"),
            "{command:?}: {message}"
        );
    }
    let after = [
        fs::read(here.join("data/pairs.csv")).unwrap(),
        fs::read(&model).unwrap(),
    ];
    assert!(before == after, "nothing was written");
}

#[test]
fn intervals_are_counted_by_what_a_pair_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("small.toml"), support::SMALL_RECIPE).unwrap();
    let run = |command: &str| succeed(&command.split(' ').collect::<Vec<_>>(), here);
    run("data simulate --drugs 60 --targets 20 --pairs 700 --seed 3 -o data");
    run("data split data --by random --seed 1 -o split.csv");
    run("train small.toml --data data --split split.csv --modalities data/modalities --out run");
    let (json, _) = run("evaluate run --no-baselines --json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let groups = json["calibration"]["by_missing"].as_object().unwrap();
    let number = |of: &serde_json::Value| of["n"].as_u64().unwrap();
    assert_eq!(groups.values().map(number).sum::<u64>(), number(&json["calibration"]));
    assert!(
        groups.contains_key("nothing") && groups.contains_key("drug text"),
        "{groups:?}"
    );
    // With the texts switched off, every pair lacks them.
    let (json, _) = run("evaluate run --no-baselines --json --without text");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let groups = json["calibration"]["by_missing"].as_object().unwrap();
    let lacks = |name: &String| name.contains("drug text") && name.contains("target text");
    assert!(!groups.is_empty() && groups.keys().all(lacks), "{groups:?}");
}
