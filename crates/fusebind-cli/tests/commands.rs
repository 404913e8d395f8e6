//! The commands as a user meets them: outputs, exit codes, and bad input that loses nothing.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path, process::Command};

use support::{SEQUENCES, SMILES, fusebind, text};

/// A flat table of pairs with one bad row.
fn table(folder: &Path) {
    let mut rows = String::from("smiles,sequence,affinity,unit\n");
    for (i, smiles) in SMILES.iter().enumerate() {
        for (j, sequence) in SEQUENCES.iter().enumerate() {
            rows += &format!("{smiles},{sequence},{},Kd_nM\n", 10 * (1 + i * 6 + j));
        }
    }
    rows += "C..C,MKTAYIAKQR,10,Kd_nM\n";
    fs::write(folder.join("pairs.csv"), rows).unwrap();
}

#[test]
fn from_a_table_to_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    table(here);
    let check = fusebind(&["data", "check", "pairs.csv", "--json"], here);
    assert!(check.status.success(), "{}", text(&check.stderr));
    let report: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(
        (report["interactions"].as_u64(), report["rejected_rows"].as_u64()),
        (Some(48), Some(1))
    );

    let split = fusebind(
        &[
            "data",
            "split",
            "pairs.csv",
            "--by",
            "random",
            "--seed",
            "3",
            "-o",
            "split.csv",
        ],
        here,
    );
    assert!(split.status.success(), "{}", text(&split.stderr));
    let rejected = fs::read_to_string(here.join("split.csv.rejected.csv")).unwrap();
    assert!(rejected.contains("C..C") && rejected.contains("49"), "{rejected}");

    fs::write(
        here.join("small.toml"),
        "name = \"small\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
         [model.sequence]\ncomposition = 32\n[model.interaction]\ndim = 16\nrank = 0\n[training]\nepochs = 3\n",
    )
    .unwrap();
    let arguments = [
        "train",
        "small.toml",
        "--data",
        "pairs.csv",
        "--split",
        "split.csv",
        "--out",
        "run",
    ];
    let train = fusebind(&arguments, here);
    assert!(train.status.success(), "{}", text(&train.stderr));
    assert!(train.stdout.is_empty(), "stdout is for data");
    for file in ["recipe.toml", "run.json", "metrics.jsonl", "model.safetensors"] {
        assert!(here.join("run").join(file).is_file(), "{file}");
    }
    let again = fusebind(&arguments, here);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("hint:"), "{}", text(&again.stderr));

    let evaluate = [
        "evaluate",
        "run",
        "--data",
        "pairs.csv",
        "--split",
        "split.csv",
        "--json",
        "--predictions",
        "p.csv",
    ];
    let evaluate = fusebind(&evaluate, here);
    assert!(evaluate.status.success(), "{}", text(&evaluate.stderr));
    let scores: serde_json::Value = serde_json::from_slice(&evaluate.stdout).unwrap();
    assert!(scores["n"].as_u64() > Some(0) && scores["metrics"]["mse"].is_f64());
    assert!(scores["baselines"]["drug + target bias"]["mse"].is_f64());
    assert_eq!(scores["leakage"]["pair_seen"].as_f64(), Some(0.0));
    assert_eq!(scores["resampled"], "pairs");
    assert!(here.join("p.csv").is_file());

    // One new drug with all its pairs: there is nothing to resample for an interval, and a note states it.
    let cold = "data split pairs.csv --by unseen-drug --seed 3 -o cold.csv";
    let cold = fusebind(&cold.split(' ').collect::<Vec<_>>(), here);
    assert!(cold.status.success(), "{}", text(&cold.stderr));
    let evaluate = "evaluate run --data pairs.csv --split cold.csv --part valid --json --no-baselines";
    let evaluate = fusebind(&evaluate.split(' ').collect::<Vec<_>>(), here);
    assert!(evaluate.status.success(), "{}", text(&evaluate.stderr));
    let scores: serde_json::Value = serde_json::from_slice(&evaluate.stdout).unwrap();
    assert_eq!((&scores["resampled"], scores["n"].as_u64()), (&"drugs".into(), Some(6)));
    assert!(scores["intervals"].as_object().unwrap().is_empty(), "{scores}");
    assert!(
        text(&evaluate.stderr).contains("too few new drugs"),
        "{}",
        text(&evaluate.stderr)
    );

    let page = std::fs::read_to_string(here.join("run/report.html")).unwrap();
    assert!(
        page.contains("Beside baselines") && page.contains("Training loss"),
        "{page}"
    );

    let one = fusebind(&["predict", "run", "--smiles", "CCO", "--sequence", "MKTAYIAKQR"], here);
    assert!(one.status.success(), "{}", text(&one.stderr));
    let reasons = ["--explain", "why.json"];
    let why = fusebind(
        &[
            &["predict", "run", "--smiles", "CCO", "--sequence", "MKTAYIAKQR"],
            &reasons[..],
        ]
        .concat(),
        here,
    );
    assert!(why.status.success(), "{}", text(&why.stderr));
    let why: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(here.join("why.json")).unwrap()).unwrap();
    assert_eq!((&why[0]["unit"], &why[0]["row"]), (&"pKd".into(), &1.into()));
    assert_eq!(why[0]["atoms"]["parts"].as_array().map(Vec::len), Some(3));
    let refused = fusebind(
        &[
            "predict",
            "run",
            "--smiles",
            "CCO",
            "--sequence",
            "MKTAYIAKQR",
            "--explain",
            "why.txt",
        ],
        here,
    );
    assert_eq!(refused.status.code(), Some(2));
    let both = ["-o", "why.json", "--explain", "why.json"];
    let refused = fusebind(
        &[
            &["predict", "run", "--smiles", "CCO", "--sequence", "MKTAYIAKQR"],
            &both[..],
        ]
        .concat(),
        here,
    );
    assert!(text(&refused.stderr).contains("written over the predictions"));
    let lines = text(&one.stdout);
    assert!(
        lines.starts_with("drug_id,target_id,smiles,prediction,unit")
            && lines.contains(",pKd,")
            && lines.contains("\"graph,sequence\""),
        "{lines}"
    );

    let many = fusebind(&["predict", "run", "--pairs", "pairs.csv", "-o", "out.parquet"], here);
    assert!(many.status.success(), "{}", text(&many.stderr));
    assert!(here.join("out.parquet").is_file() && here.join("out.parquet.rejected.csv").is_file());

    let model = here.join("run/model.safetensors");
    let bytes = fs::read(&model).unwrap();
    fs::write(&model, &bytes[..bytes.len() / 2]).unwrap();
    let cut = fusebind(&["predict", "run", "--smiles", "CCO", "--sequence", "MK"], here);
    assert_eq!(cut.status.code(), Some(1));
    assert!(text(&cut.stderr).contains("damaged"), "{}", text(&cut.stderr));
}

#[test]
fn bad_input_ends_in_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("empty.csv"), "").unwrap();
    fs::write(here.join("missing.csv"), "smiles,label\nCCO,1\n").unwrap();
    fs::write(here.join("cut.parquet"), b"PAR1 and nothing more").unwrap();
    fs::create_dir(here.join("folder.csv")).unwrap();
    for (file, part) in [
        ("empty.csv", "empty.csv"),
        ("missing.csv", "missing.csv"),
        ("cut.parquet", "cut.parquet"),
        ("folder.csv", "folder.csv"),
        ("absent.csv", "absent.csv"),
    ] {
        let output = fusebind(&["data", "check", file], here);
        assert_eq!(output.status.code(), Some(1), "{file}");
        let error = text(&output.stderr);
        assert!(
            error.starts_with("error:") && error.contains(part) && error.contains("hint:"),
            "{file}: {error}"
        );
    }
    fs::write(
        here.join("rows.csv"),
        "smiles,sequence,label\nCCO,MKTAYIAKQR,1\nCCN,MKTAYIAKQR,NaN\nCCC,,0\nCC(C,MKTAYIAKQR,0\nCCO,MK1,1\nCCCC,MKTAYIAKQL,0\n",
    )
    .unwrap();
    let output = fusebind(&["data", "check", "rows.csv", "--json", "--rejected", "bad.csv"], here);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (report["interactions"].as_u64(), report["rejected_rows"].as_u64()),
        (Some(2), Some(4))
    );
    assert_eq!(fs::read_to_string(here.join("bad.csv")).unwrap().lines().count(), 5);
}

#[test]
fn misuse_has_code_2_and_help_has_code_0() {
    let here = tempfile::tempdir().unwrap();
    assert_eq!(fusebind(&["train"], here.path()).status.code(), Some(2));
    assert_eq!(
        fusebind(&["predict", "run", "--smiles", "CCO"], here.path())
            .status
            .code(),
        Some(2)
    );
    assert_eq!(fusebind(&["--help"], here.path()).status.code(), Some(0));
    let list = fusebind(&["recipe", "list"], here.path());
    for name in [
        "davis",
        "davis-modalities",
        "kiba",
        "biosnap-random",
        "biosnap-unseen-drug",
        "biosnap-unseen-protein",
        "default",
    ] {
        assert!(text(&list.stdout).contains(name), "{name}");
    }
    let cuda = fusebind(
        &["train", "default", "--data", "x", "--out", "y", "--device", "cuda"],
        here.path(),
    );
    assert_eq!(cuda.status.code(), Some(1));
    assert!(text(&cuda.stderr).contains("--device cpu"), "{}", text(&cuda.stderr));
}

#[test]
fn a_simulated_data_set_is_written_once_and_as_configured() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(
        here.join("world.toml"),
        "hidden = 0.5\ngenes = 7\n[missing]\ntext_drug = 1.0\n",
    )
    .unwrap();
    let simulate = [
        "data",
        "simulate",
        "--drugs",
        "30",
        "--targets",
        "10",
        "--pairs",
        "90",
        "--config",
        "world.toml",
        "-o",
        "world",
    ];
    let output = fusebind(&simulate, here);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = |name: &str| {
        fs::read_to_string(here.join("world").join(name))
            .unwrap()
            .lines()
            .count()
    };
    assert_eq!((lines("pairs.csv"), lines("drugs.csv")), (91, 31));
    let signatures = fs::read_to_string(here.join("world/modalities/transcriptome_drug.csv")).unwrap();
    assert_eq!(
        signatures.lines().next().unwrap().split(',').count(),
        8,
        "an id and seven genes"
    );
    assert!(text(&fusebind(&simulate, here).stderr).contains("is not empty"));
    fs::write(here.join("world.toml"), "gnomes = 7\n").unwrap();
    let wrong = fusebind(&["data", "simulate", "--config", "world.toml", "-o", "other"], here);
    let message = text(&wrong.stderr);
    assert!(
        message.contains("world.toml") && message.contains("gnomes") && message.contains("hint:"),
        "{message}"
    );
}

#[test]
fn a_cache_changes_nothing_but_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    table(here);
    let check = |cache: &[&str]| fusebind(&[&["data", "check", "pairs.csv", "--json"], cache].concat(), here);
    let plain = check(&[]);
    let (first, second) = (check(&["--cache", "cache"]), check(&["--cache", "cache"]));
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert_eq!(plain.stdout, first.stdout);
    assert_eq!(plain.stdout, second.stdout);
    let (first, second) = (text(&first.stderr), text(&second.stderr));
    assert!(
        first.contains(&format!("0 molecules were known, {} are new", SMILES.len())),
        "{first}"
    );
    assert!(
        second.contains(&format!("{} molecules were known, 0 are new", SMILES.len())),
        "{second}"
    );

    let file = here.join("cache/molecules.cache");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let repaired = check(&["--cache", "cache"]);
    assert_eq!(plain.stdout, repaired.stdout);
    assert!(
        text(&repaired.stderr).contains("it is damaged"),
        "{}",
        text(&repaired.stderr)
    );
}

#[test]
fn a_run_that_diverges_ends_even_on_one_thread() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    table(here);
    fs::write(
        here.join("wild.toml"),
        "name = \"wild\"\n[model]\nwidth = 16\n[model.interaction]\ndim = 16\nrank = 0\n[training]\nepochs = 2\n\
         learning_rate = 1e30\n[training.sampler]\nbatch_pairs = 2\n",
    )
    .unwrap();
    let split = fusebind(
        &["data", "split", "pairs.csv", "--by", "random", "-o", "split.csv"],
        here,
    );
    assert!(split.status.success(), "{}", text(&split.stderr));
    let train = Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args([
            "train",
            "wild.toml",
            "--data",
            "pairs.csv",
            "--split",
            "split.csv",
            "--out",
            "run",
        ])
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(here)
        .output()
        .unwrap();
    assert_eq!(train.status.code(), Some(1), "{}", text(&train.stderr));
    assert!(text(&train.stderr).contains("learning_rate"), "{}", text(&train.stderr));
}
