//! What users read, word for word: help texts, reports, errors with their hints, recipes. A change of wording is a change of the
//! snapshot beside this file, and is seen in review. `INSTA_UPDATE=always cargo test --release --workspace --test snapshots` writes them anew.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use insta::{Settings, assert_snapshot};
use support::{fusebind, text};

const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

/// Both streams and the exit code, without what differs from run to run.
fn said(arguments: &[&str], folder: &Path) -> String {
    let output = fusebind(arguments, folder);
    let code = output.status.code().map_or("none".to_string(), |code| code.to_string());
    let mut all = format!("$ fusebind {}\n[{code}]\n", arguments.join(" "));
    for (name, stream) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let stream = text(stream);
        if !stream.trim().is_empty() {
            all += &format!("--- {name}\n{}\n", stream.trim_end());
        }
    }
    all.replace(&folder.display().to_string(), "FOLDER")
}

fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\b[0-9a-f]{64}\b", "HASH");
    settings.add_filter(r"split [0-9a-f]{12}\b", "split HASH");
    settings.add_filter(r"\b\d+(\.\d+)? (s|pairs/s|rows/s|KiB|kB|MB)\b", "N $2");
    settings
}

#[test]
fn help() {
    let folder = tempfile::tempdir().unwrap();
    let pages: [&[&str]; 31] = [
        &[],
        &["demo"],
        &["data"],
        &["data", "check"],
        &["data", "split"],
        &["data", "prepare"],
        &["data", "import"],
        &["data", "merge"],
        &["data", "exclude"],
        &["data", "simulate"],
        &["recipe"],
        &["recipe", "copy"],
        &["train"],
        &["evaluate"],
        &["robustness"],
        &["ablate"],
        &["predict"],
        &["embed"],
        &["library", "build"],
        &["library", "info"],
        &["library", "check"],
        &["screen", "run"],
        &["screen", "merge"],
        &["screen", "status"],
        &["data", "screening"],
        &["quality", "estimate"],
        &["quality", "reasons"],
        &["calibrate"],
        &["serve"],
        &["model", "info"],
        &["model", "strip"],
    ];
    settings().bind(|| {
        for page in pages {
            let name = format!("help {}", page.join(" ")).trim().replace(' ', "_");
            assert_snapshot!(name, said(&[page, &["--help"]].concat(), folder.path()));
        }
    });
}

#[test]
fn recipes() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = said(&["recipe", "list"], folder.path());
    for name in ["default", "davis", "biosnap-random"] {
        all += &said(&["recipe", "check", name], folder.path());
    }
    fs::write(
        folder.path().join("wrong.toml"),
        "name = \"wrong\"\n[model]\nwidht = 3\n",
    )
    .unwrap();
    all += &said(&["recipe", "check", "wrong.toml"], folder.path());
    all += &said(&["recipe", "check", "nothing.toml"], folder.path());
    all += &said(&["recipe", "copy", "no-such-recipe", "x.toml"], folder.path());
    settings().bind(|| assert_snapshot!("recipes", all));
}

/// A table with one fault of each kind.
fn faulty(folder: &Path) {
    fs::write(
        folder.join("pairs.csv"),
        format!(
            "drug_id,smiles,target_id,sequence,affinity,unit\n\
             A,CCO,K,{KINASE},10,Kd_nM\nA-salt,CCO.Cl,K,{KINASE},12,Kd_nM\nB,c1ccccc1,R,{RECEPTOR},>10000,Kd_nM\n\
             C,C1CC,K,{KINASE},1,Kd_nM\nD,CCN,X,EGFR,1,Kd_nM\nE,CCN,K,{KINASE},n.d.,Kd_nM\nF,CCN,K,{KINASE},5,mg/mL\n\
             G,,K,{KINASE},5,Kd_nM\nH,CCCN,K,{KINASE},-3,Kd_nM\n"
        ),
    )
    .unwrap();
}

#[test]
fn a_data_report() {
    let folder = tempfile::tempdir().unwrap();
    faulty(folder.path());
    settings().bind(|| assert_snapshot!("data_check", said(&["data", "check", "pairs.csv"], folder.path())));
}

#[test]
fn refusals() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    faulty(here);
    fs::write(here.join("empty.csv"), "").unwrap();
    fs::write(here.join("no_labels.csv"), format!("smiles,sequence\nCCO,{KINASE}\n")).unwrap();
    fs::write(here.join("no_sequences.csv"), "smiles,label\nCCO,1\n").unwrap();
    fs::write(
        here.join("no_unit.csv"),
        format!("smiles,sequence,affinity\nCCO,{KINASE},5\n"),
    )
    .unwrap();
    let table = |name: &str, column: &str, cells: &[&str]| {
        let rows: Vec<String> = cells.iter().map(|cell| format!("CCO,{KINASE},{cell}\n")).collect();
        fs::write(here.join(name), format!("smiles,sequence,{column}\n{}", rows.concat())).unwrap();
    };
    table("nm_as_pkd.csv", "pKd", &["12", "450", "10000", "3.5"]);
    table("molar_as_nm.csv", "Ki (nM)", &["2e-8", "3e-9", "5e-7"]);
    table("y.csv", "Y", &["10000.0", "3.3"]);
    table("log.csv", "logKd", &["-7.1"]);
    table("contradiction.csv", "Ki (nM),pKi", &["10,5", "10,8"]);
    table("positives.csv", "label", &["1", "yes"]);
    fs::write(
        here.join("genes.csv"),
        "drug,target,label\nCCO,EGFR,1\naspirin,P00533,0\n",
    )
    .unwrap();
    fs::create_dir(here.join("folder")).unwrap();
    fs::write(here.join("model.safetensors"), "not a model").unwrap();
    let asked: [&[&str]; 25] = [
        &["data", "check", "missing.csv"],
        &["data", "check", "empty.csv"],
        &["data", "check", "folder"],
        &["data", "check", "no_labels.csv"],
        &["data", "check", "no_sequences.csv"],
        &["data", "check", "no_unit.csv"],
        &["data", "check", "nm_as_pkd.csv"],
        &["data", "check", "molar_as_nm.csv"],
        &["data", "check", "y.csv"],
        &["data", "check", "log.csv"],
        &["data", "check", "contradiction.csv"],
        &["data", "check", "contradiction.csv", "--prefer", "pKd"],
        &["data", "check", "positives.csv"],
        &["data", "check", "genes.csv"],
        &["data", "check", "pairs.csv", "--smiles-column", "Smile"],
        &["data", "split", "pairs.csv", "--by", "random", "-o", "pairs.csv"],
        &[
            "data",
            "split",
            "pairs.csv",
            "--by",
            "random",
            "--fractions",
            "0.5,0.6,0.2",
            "-o",
            "s.csv",
        ],
        &["data", "split", "pairs.csv", "--by", "time", "-o", "s.csv"],
        &["data", "exclude", "pairs.csv", "--pairs", "pairs.csv", "-o", "out"],
        &["train", "default", "--data", "pairs.csv", "--out", "run"],
        &["train", "no-such-recipe", "--data", "pairs.csv", "--out", "run"],
        &["evaluate", "no-such-run"],
        &["predict", "model.safetensors", "--smiles", "CCO", "--sequence", KINASE],
        &["predict", "no-such-run", "--smiles", "CCO", "--sequence", KINASE],
        &["model", "info", "pairs.csv"],
    ];
    let all: Vec<String> = asked.iter().map(|arguments| said(arguments, here)).collect();
    settings().bind(|| assert_snapshot!("refusals", all.join("\n")));
}
