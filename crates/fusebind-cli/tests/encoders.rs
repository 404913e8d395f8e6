//! Pretrained encoders inside recipes: trained with, referred to, found again, and refused where they are others.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use insta::{Settings, assert_snapshot};
use support::{fusebind, text};

const RECIPE: &str = "name = \"small\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
    [model.graph.pretrained]\npath = \"roberta\"\npooling = \"cls\"\n[model.sequence]\ncomposition = 32\n\
    [model.sequence.pretrained]\npath = \"esm2\"\nwindow = 30\n[model.text]\nterms = 60\n\
    [model.text.pretrained]\npath = \"roberta\"\npooling = \"mean-all\"\nlayer = 1\n[model.interaction]\ndim = 16\nrank = 0\n\
    [training]\nepochs = 6\nlearning_rate = 1e-2\n[calibration]\nhold_outs = 1\n";

fn done(arguments: &str, here: &Path) -> String {
    let output = fusebind(&arguments.split(' ').collect::<Vec<_>>(), here);
    assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
    text(&output.stdout) + &text(&output.stderr)
}

fn refused(arguments: &str, here: &Path) -> String {
    let output = fusebind(&arguments.split(' ').collect::<Vec<_>>(), here);
    assert_eq!(output.status.code(), Some(1), "{arguments}");
    text(&output.stderr)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        match file.path().is_dir() {
            true => copy(&file.path(), &to.join(file.file_name())),
            false => drop(fs::copy(file.path(), to.join(file.file_name())).unwrap()),
        }
    }
}

/// A simulated data set and a run on it, with the encoders beside; every test has a copy.
fn trained() -> tempfile::TempDir {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let here = tempfile::tempdir().unwrap().keep();
        for name in ["esm2", "roberta"] {
            let from = format!("{}/../../testdata/pretrained/{name}", env!("CARGO_MANIFEST_DIR"));
            copy(Path::new(&from), &here.join(name));
        }
        fs::write(here.join("small.toml"), RECIPE).unwrap();
        done(
            "data simulate --drugs 60 --targets 20 --pairs 400 --seed 1 -o sim",
            &here,
        );
        done("data split sim --by unseen-target --seed 1 -o split.csv", &here);
        let said = done(
            "train small.toml --data sim --modalities sim/modalities --split split.csv --out run",
            &here,
        );
        assert!(said.contains("20 distinct inputs, 0 of them embedded before"), "{said}");
        here
    });
    let own = tempfile::tempdir().unwrap();
    copy(run, own.path());
    own
}

/// The rows of a table of predictions by drug and target, without their number.
fn rows(file: &Path) -> BTreeMap<String, String> {
    let table = fs::read_to_string(file).unwrap();
    let key = |line: &str| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(",");
    let numberless = |line: &str| line.rsplit_once(',').unwrap().0.to_string();
    table
        .lines()
        .skip(1)
        .map(|line| (key(line), numberless(line)))
        .collect()
}

#[test]
fn a_model_refers_to_its_encoders_and_predicts_alone_as_together() {
    let own = trained();
    let here = own.path();
    let info = done("model info run", here);
    for part in [
        "graph by roberta (RoBERTa, layer 2, cls, 16 channels)",
        "sequence by esm2 (ESM-2, layer 3, mean, 24 channels)",
        "text by roberta (RoBERTa, layer 1, mean-all, 16 channels)",
        "at esm2",
    ] {
        assert!(info.contains(part), "{part}: {info}");
    }
    let said = done("recipe check small.toml", here);
    assert!(
        said.contains("sequence by esm2 (ESM-2, layer 3, mean, 24 channels)"),
        "{said}"
    );
    let of = |arguments: &str, out: &str| {
        done(&format!("predict run {arguments} -o {out}"), here);
        rows(&here.join(out))
    };
    let all = of("--pairs sim --modalities sim/modalities", "all.csv");
    let without = of(
        "--pairs sim --modalities sim/modalities --without-encoders",
        "without.csv",
    );
    let changed = all.iter().filter(|(pair, row)| without[*pair] != **row).count();
    assert!(changed > all.len() / 2, "{changed} of {}", all.len());
    let text_of = fs::read_to_string(here.join("sim/pairs.csv")).unwrap();
    for line in text_of.lines().skip(1).step_by(97) {
        let header = text_of.lines().next().unwrap();
        fs::create_dir_all(here.join("one")).unwrap();
        fs::write(here.join("one/pairs.csv"), format!("{header}\n{line}\n")).unwrap();
        for table in ["drugs.csv", "targets.csv"] {
            fs::copy(here.join("sim").join(table), here.join("one").join(table)).unwrap();
        }
        let one = of("--pairs one --modalities sim/modalities --allow-unmatched", "one.csv");
        assert_eq!(one.len(), 1);
        one.iter().for_each(|(pair, row)| assert_eq!(all[pair], *row));
    }
    let said = done("evaluate run --no-baselines", here);
    assert!(said.contains("mse"), "{said}");
}

#[test]
fn a_second_training_reads_the_cache_and_ends_with_the_same_model() {
    let own = trained();
    let here = own.path();
    let train = |out: &str| {
        let line = format!(
            "train small.toml --data sim --modalities sim/modalities --split split.csv --cache kept --out {out}"
        );
        done(&line, here)
    };
    let known = |said: &str| {
        let counts = said.lines().filter(|line| line.contains("distinct inputs, "));
        let counts: Vec<bool> = counts.map(|line| !line.contains(" 0 of them")).collect();
        assert_eq!(counts.len(), 3, "{said}");
        counts
    };
    assert_eq!(known(&train("first")), [false; 3]);
    assert_eq!(known(&train("second")), [true; 3]);
    let model = |run: &str| fs::read(here.join(run).join("model.safetensors")).unwrap();
    assert!(model("first") == model("second"));
    assert!(
        model("first") == model("run"),
        "where embeddings are kept changes nothing"
    );
    // A run that was stopped while it embedded goes on from what its folder keeps.
    let kept = fs::read_dir(here.join("run/embeddings")).unwrap().count();
    assert_eq!(kept, 3);
}

#[test]
fn embeddings_are_a_source_of_neighbours_where_the_recipe_says_so() {
    let own = trained();
    let here = own.path();
    fs::write(
        here.join("near.toml"),
        format!("{RECIPE}[model.neighbours]\nembeddings = true\n"),
    )
    .unwrap();
    done(
        "train near.toml --data sim --modalities sim/modalities --split split.csv --cache run/embeddings --out near",
        here,
    );
    let of = |run: &str, arguments: &str| {
        done(&format!("predict {run} {arguments} -o out.csv"), here);
        rows(&here.join("out.csv"))
    };
    let all = of("near", "--pairs sim --modalities sim/modalities");
    assert_ne!(all, of("run", "--pairs sim --modalities sim/modalities"));
    let without = of("near", "--pairs sim --modalities sim/modalities --without-encoders");
    assert_eq!(without.len(), all.len());
    let table = fs::read_to_string(here.join("sim/pairs.csv")).unwrap();
    let two: Vec<&str> = table.lines().take(2).collect();
    fs::create_dir_all(here.join("one")).unwrap();
    fs::write(here.join("one/pairs.csv"), two.join("\n")).unwrap();
    for table in ["drugs.csv", "targets.csv"] {
        fs::copy(here.join("sim").join(table), here.join("one").join(table)).unwrap();
    }
    let one = of("near", "--pairs one --modalities sim/modalities --allow-unmatched");
    assert_eq!(one.len(), 1);
    one.iter()
        .for_each(|(pair, row)| assert_eq!(all[pair], *row, "alone as among others"));
}

#[test]
fn encoders_are_found_again_or_refused_by_name() {
    let own = trained();
    let here = own.path();
    let smiles = "--smiles CCO --targets sim/targets.csv";
    done(&format!("predict run {smiles} -o before.csv"), here);
    fs::rename(here.join("esm2"), here.join("moved")).unwrap();
    let missing = refused(&format!("predict run {smiles} -o x.csv"), here);
    let served = refused("serve run --port 0", here);
    assert!(
        served.contains("esm2: does not exist") && served.contains("--without-encoders"),
        "{served}"
    );
    done(&format!("predict run {smiles} --encoder moved -o after.csv"), here);
    assert_eq!(rows(&here.join("before.csv")), rows(&here.join("after.csv")));
    let warned = done(&format!("predict run {smiles} --without-encoders -o without.csv"), here);
    assert_eq!(warned.matches("warning: ").count(), 3, "{warned}");
    // Another encoder in the place of the one that the model names.
    let config = fs::read_to_string(here.join("moved/config.json")).unwrap();
    copy(&here.join("moved"), &here.join("esm2"));
    fs::write(here.join("esm2/config.json"), config + "\n").unwrap();
    let another = refused("evaluate run --no-baselines", here);
    let given = refused(
        "screen run run --library sim/drugs.csv --targets sim/targets.csv --encoder esm2 -o hits.csv",
        here,
    );
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!("encoders", [missing, another, given].join("\n")));
}
