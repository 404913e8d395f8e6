//! Outputs never destroy: what is read is not written to, failures leave older results, and results that cannot be written are errors.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use support::{SEQUENCES, fusebind, text, write_training};

/// A folder with `train.csv`, a data set folder, and a run trained on them.
fn workplace() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = || {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        write_training(here);
        for command in [
            "data prepare train.csv -o data",
            "train small.toml --data train.csv --split split --out run",
        ] {
            let done = in_folder(command, here);
            assert!(done.status.success(), "{command}: {}", text(&done.stderr));
        }
        fs::create_dir(here.join("data/modalities")).unwrap();
        fs::write(here.join("data/modalities/text_drug.csv"), "drug_id,text\nCCO,spirit\n").unwrap();
        fs::write(here.join("config.toml"), "drugs = 10\n").unwrap();
        fs::write(
            here.join("pairs.csv"),
            format!("smiles,sequence\nCCO,{}\n", SEQUENCES[0]),
        )
        .unwrap();
        std::os::unix::fs::symlink("train.csv", here.join("link.csv")).unwrap();
        fs::hard_link(here.join("train.csv"), here.join("hard.csv")).unwrap();
        folder
    };
    FOLDER.get_or_init(made).path()
}

fn in_folder(command: &str, here: &Path) -> Output {
    fusebind(&command.split(' ').collect::<Vec<_>>(), here)
}

/// Every file below `folder` with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => BTreeMap::from([(path.clone(), fs::read(path).unwrap())]),
    };
    entries.flat_map(below).collect()
}

#[test]
fn no_command_writes_to_what_it_reads() {
    let here = workplace();
    let before = files(here);
    for command in [
        "data split train.csv --by random -o link.csv",
        "data split data --by random -o data/pairs.csv",
        "data check data --rejected data/modalities/text_drug.csv",
        "data check train.csv --rejected hard.csv",
        "data prepare data -o data",
        "data prepare train.csv -o train.csv",
        "data merge data train.csv -o data",
        "data exclude data --pairs train.csv -o hard.csv",
        "data screening data -o data",
        "data simulate --config config.toml -o config.toml",
        "data simulate -o data",
        "data import deepdta data -o data",
        "predict run --pairs pairs.csv -o ./data/../pairs.csv",
        "predict run --pairs pairs.csv -o run/model.safetensors",
        "evaluate run --no-baselines --predictions link.csv",
        "robustness run --quick -o train.csv",
        "robustness run --quick --data data --split split -o data",
        "ablate small.toml --data data --split split -o data",
        "ablate small.toml --data data --split split -o small.toml",
        "train small.toml --data train.csv --split split --out hard.csv",
        "train small.toml --data train.csv --split split --out small.toml",
        "model strip run -o run/model.safetensors",
        "recipe copy small.toml small.toml",
        "demo --quick --out data",
        "quality estimate run --data data --modalities data/modalities -o data/modalities/text_drug.csv",
    ] {
        let output = in_folder(command, here);
        let said = text(&output.stderr);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{command}: {said}");
        assert!(
            said.contains("hint:") && !said.contains("panicked"),
            "{command}: {said}"
        );
        assert!(files(here) == before, "{command}: something was changed");
    }
}

#[test]
fn no_output_goes_to_the_root_or_to_a_device() {
    let here = workplace();
    for command in [
        "data prepare train.csv -o /",
        "robustness run --quick -o /",
        "train small.toml --data train.csv --split split --out /",
        "quality estimate run --data data --modalities data/modalities -o /dev/null",
        "data check train.csv --rejected /dev/null",
    ] {
        let output = in_folder(command, here);
        assert_eq!(output.status.code(), Some(2), "{command}: {}", text(&output.stderr));
    }
}

#[test]
fn a_failure_leaves_an_older_result() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = workplace().join("run");
    let run = run.to_str().unwrap();
    let write = |smiles: &str| {
        fs::write(
            here.join("p.csv"),
            format!("smiles,sequence\n{smiles},{}\n", SEQUENCES[0]),
        )
    };
    write("CCO").unwrap();
    let predict = ["predict", run, "--pairs", "p.csv", "-o", "out.csv"];
    assert!(fusebind(&predict, here).status.success());
    let first = fs::read(here.join("out.csv")).unwrap();
    write("C1CC").unwrap();
    assert_eq!(fusebind(&predict, here).status.code(), Some(1));
    assert!(
        fs::read(here.join("out.csv")).unwrap() == first,
        "an empty result replaced an older one"
    );
    assert!(here.join("out.csv.rejected.csv").is_file());
    // The list goes with the rows, and a file of the user that has its name stays.
    write("CCN").unwrap();
    assert!(fusebind(&predict, here).status.success());
    assert!(!here.join("out.csv.rejected.csv").exists());
    fs::write(here.join("out.csv.rejected.csv"), "my,notes\n").unwrap();
    fs::write(
        here.join("p.csv"),
        format!("smiles,sequence\nC1CC,{0}\nCCO,{0}\n", SEQUENCES[0]),
    )
    .unwrap();
    let beside = fusebind(&predict, here);
    assert!(
        beside.status.success() && text(&beside.stderr).contains("holds something else"),
        "{}",
        text(&beside.stderr)
    );
    assert_eq!(
        fs::read_to_string(here.join("out.csv.rejected.csv")).unwrap(),
        "my,notes\n"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_on_stdout_is_an_error_and_a_closed_pipe_is_not() {
    let here = workplace();
    for command in [
        "--help",
        "predict run --pairs pairs.csv",
        "evaluate run --no-baselines --json",
        "data check train.csv",
        "recipe list",
        "model info run",
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let to = |stdout: Stdio| {
            Command::new(env!("CARGO_BIN_EXE_fusebind"))
                .args(&arguments)
                .current_dir(here)
                .stdout(stdout)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let full = to(fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into());
        let full = full.wait_with_output().unwrap();
        assert_eq!(full.status.code(), Some(1), "{command}: {}", text(&full.stderr));
        assert!(text(&full.stderr).contains("hint:"), "{command}");
        let mut piped = to(Stdio::piped());
        drop(piped.stdout.take());
        let piped = piped.wait_with_output().unwrap();
        assert!(
            !text(&piped.stderr).contains("error:"),
            "{command}: {}",
            text(&piped.stderr)
        );
    }
}

#[test]
fn an_unfinished_run_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let unfinished = folder.path().join("run");
    fs::create_dir(&unfinished).unwrap();
    for file in ["run.json", "recipe.toml", "metrics.jsonl", "source.json"] {
        fs::copy(workplace().join("run").join(file), unfinished.join(file)).unwrap();
    }
    for command in [&["evaluate"][..], &["robustness", "--quick"]] {
        let output = fusebind(&[command, &["run"]].concat(), folder.path());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("not finished") && said.contains("--resume"), "{said}");
    }
}

#[test]
fn one_sequence_does_not_stand_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = workplace().join("run");
    let sequence = SEQUENCES[0];
    fs::write(here.join("own.csv"), format!("smiles,sequence\nCCO,{}\n", SEQUENCES[1])).unwrap();
    fs::write(here.join("two.csv"), "smiles,target_id\nCCO,T1\nCCN,T2\n").unwrap();
    fs::write(here.join("one.csv"), "smiles,target_id\nCCO,T1\nCCN,T1\n").unwrap();
    let with = |table: &str, flags: &[&str]| {
        fusebind(
            &[&["predict", run.to_str().unwrap(), "--pairs", table], flags].concat(),
            here,
        )
    };
    for table in ["own.csv", "two.csv"] {
        let refused = with(table, &["--sequence", sequence]);
        assert_eq!(refused.status.code(), Some(1), "{table}");
        assert!(
            text(&refused.stderr).contains("--sequence"),
            "{}",
            text(&refused.stderr)
        );
    }
    assert_eq!(
        with("own.csv", &["--sequence", sequence, "--smiles", "CCO"])
            .status
            .code(),
        Some(2)
    );
    let done = with("one.csv", &["--sequence", sequence]);
    assert!(
        done.status.success() && text(&done.stdout).contains(",T1,"),
        "{}",
        text(&done.stdout)
    );
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_printed_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let run = |end: &str| {
        let line = format!("'{}' recipe list {end}", env!("CARGO_BIN_EXE_fusebind"));
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(line)
            .current_dir(folder.path())
            .output();
        let output = output.unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = run(">&-");
    assert!(code == Some(1) && said.contains("standard output is closed"), "{said}");
    assert_eq!(run("> /dev/full").0, Some(1));
    // On purpose, and whoever opened the device.
    assert_eq!(run("> /dev/null").0, Some(0));
    assert_eq!(run("1<> /dev/null").0, Some(0));
}
