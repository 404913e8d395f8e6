//! Screening gives what `predict` gives, however the library is cut, whatever stops it.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::OnceLock,
};

use support::{SEQUENCES, fusebind, kill_when, text, write_training};

/// Molecules of the library.
const COUNT: usize = 120;

/// A folder with a run, `library.csv` with bad rows and repeated molecules, and `targets.fasta`.
fn workplace() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = || {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        write_training(here);
        let done = run("train small.toml --data train.csv --split split --out run", here);
        assert!(done.status.success(), "{}", text(&done.stderr));
        let ends = ["O", "N", "Cl", "F", "S", "C(=O)O", "c1ccccc1", "C#N"];
        let mut rows = String::from("id,smiles\n");
        for at in 0..COUNT {
            // Every 20th row is no molecule, and every 10th repeats an earlier one.
            let smiles = match at % 20 {
                7 => "C(C".to_string(),
                9 | 19 => "CCCO".to_string(),
                _ => format!("{}{}", "C".repeat(1 + at / ends.len()), ends[at % ends.len()]),
            };
            rows += &format!("m{at},{smiles}\n");
        }
        fs::write(here.join("library.csv"), rows).unwrap();
        let targets = SEQUENCES.iter().take(3).enumerate();
        let fasta: String = targets.map(|(at, sequence)| format!(">T{at}\n{sequence}\n")).collect();
        fs::write(here.join("targets.fasta"), fasta).unwrap();
        folder
    };
    FOLDER.get_or_init(made).path()
}

fn run(command: &str, here: &Path) -> Output {
    fusebind(&command.split(' ').collect::<Vec<_>>(), here)
}

/// Runs a command that must succeed.
fn done(command: &str) -> Output {
    let output = run(command, workplace());
    assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    output
}

fn bytes(file: &str) -> Vec<u8> {
    fs::read(workplace().join(file)).unwrap()
}

/// The columns of a table, row by row.
fn table(file: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(workplace().join(file)).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |name: &&str| headers.iter().position(|header| header == *name).unwrap();
    let places: Vec<usize> = columns.iter().map(place).collect();
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.unwrap();
        places.iter().map(|at| record[*at].to_string()).collect()
    };
    reader.records().map(row).collect()
}

const INPUTS: &str = "screen run run --library library.csv --targets targets.fasta";

#[test]
fn hits_are_the_best_predictions_bit_for_bit() {
    done("predict run --drugs library.csv --targets targets.fasta -o exact.csv");
    done(&format!("{INPUTS} --top 1000 -o exact_hits.csv"));
    let shared = [
        "target_id",
        "drug_id",
        "smiles",
        "prediction",
        "unit",
        "domain",
        "nearest_drug",
        "inputs",
    ];
    let mut expected = table("exact.csv", &[&shared[..], &["drug_row"]].concat());
    let score = |row: &[String]| row[3].parse::<f64>().unwrap();
    let number = |row: &[String]| row[8].parse::<u64>().unwrap();
    expected.sort_by(|a, b| {
        let by_score = score(b).total_cmp(&score(a));
        a[0].cmp(&b[0]).then(by_score).then(number(a).cmp(&number(b)))
    });
    assert_eq!(expected.len(), 3 * (COUNT - COUNT / 20));
    let hits = table("exact_hits.csv", &[&shared[..], &["library_row"]].concat());
    assert_eq!(hits, expected);
    // Fewer hits are the first of more, in rank.
    done(&format!("{INPUTS} --top 5 -o few.csv"));
    let few = table("few.csv", &["target_id", "rank", "library_row"]);
    let all = table("exact_hits.csv", &["target_id", "rank", "library_row"]);
    let first: Vec<Vec<String>> = all
        .into_iter()
        .filter(|row| row[1].parse::<u64>().unwrap() <= 5)
        .collect();
    assert_eq!(few, first);
    let rejected = fs::read_to_string(workplace().join("few.csv.rejected.csv")).unwrap();
    assert_eq!(rejected.lines().count(), 1 + COUNT / 20);
}

#[test]
fn units_threads_shards_and_files_do_not_matter() {
    done(&format!("{INPUTS} --top 10 -o whole.parquet"));
    let whole = bytes("whole.parquet");
    for rows in [1, 7, 50] {
        done(&format!("{INPUTS} --top 10 --unit-rows {rows} -o cut.parquet"));
        assert_eq!(bytes("cut.parquet"), whole, "{rows}");
    }
    let words = format!("{INPUTS} --top 10 -o alone.parquet");
    let alone = Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args(words.split(' '))
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(workplace())
        .output()
        .unwrap();
    assert!(alone.status.success());
    assert_eq!(bytes("alone.parquet"), whole);
    for shard in ["1/3", "2/3", "3/3"] {
        let folder = if shard == "2/3" { "shard_b" } else { "shard_a" };
        let command = format!("{INPUTS} --top 10 --unit-rows 9 --work {folder} --shard {shard}");
        done(&command);
    }
    let missing = run("screen merge shard_a -o merged.parquet", workplace());
    assert!(
        text(&missing.stderr).contains("units are missing"),
        "{}",
        text(&missing.stderr)
    );
    done("screen merge shard_a shard_b -o merged.parquet");
    assert_eq!(bytes("merged.parquet"), whole);
    let status = done("screen status shard_a shard_b");
    assert!(
        text(&status.stdout).contains("shard_b: 5 units of 14 (120 rows)"),
        "{}",
        text(&status.stdout)
    );
}

#[test]
fn a_library_in_two_files_is_one_library() {
    let whole = fs::read_to_string(workplace().join("library.csv")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    fs::write(workplace().join("a.csv"), lines[..40].join("\n")).unwrap();
    let rest: Vec<String> = lines[40..].iter().map(|line| line.replace(',', "\t")).collect();
    fs::write(workplace().join("b.tsv"), format!("id\tsmiles\n{}\n", rest.join("\n"))).unwrap();
    done("screen run run --library a.csv b.tsv --targets targets.fasta --top 9 --unit-rows 16 -o two.csv");
    done(&format!("{INPUTS} --top 9 -o one.csv"));
    let columns = ["target_id", "rank", "drug_id", "prediction", "known"];
    assert_eq!(table("two.csv", &columns), table("one.csv", &columns));
    let files: Vec<String> = table("two.csv", &["library_file"]).concat();
    assert!(files.iter().any(|file| file == "a.csv") && files.iter().any(|file| file == "b.tsv"));
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    done(&format!("{INPUTS} --top 7 --unit-rows 3 --work calm -o calm.parquet"));
    let words = format!("{INPUTS} --top 7 --unit-rows 3 --work shaken -o shaken.parquet");
    let units = || fs::read_dir(workplace().join("shaken")).map_or(0, |files| files.count());
    let mut stopped = 0;
    // It is killed once so many units are there, and then after a while of its own.
    for (least, pause) in [
        (0, 0),
        (0, 31),
        (2, 0),
        (5, 1),
        (9, 2),
        (14, 0),
        (20, 3),
        (27, 1),
        (33, 0),
        (38, 0),
        (40, 4),
    ] {
        stopped += usize::from(kill_when(&words, workplace(), || units() >= least, pause));
    }
    assert!(stopped > 0, "at least the first is killed before its end");
    done(&words);
    assert_eq!(bytes("shaken.parquet"), bytes("calm.parquet"));
    for unit in 0..40 {
        let unit = format!("unit-{unit:08}.json");
        assert_eq!(bytes(&format!("shaken/{unit}")), bytes(&format!("calm/{unit}")));
    }
}

#[test]
fn two_processes_share_a_folder_and_find_what_the_other_has_done() {
    done(&format!(
        "{INPUTS} --top 7 --unit-rows 2 --work one -o one_process.parquet"
    ));
    let words = |out: &str| format!("{INPUTS} --top 7 --unit-rows 2 --work both -o {out}.parquet");
    let begin = |out: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fusebind"));
        command.args(words(out).split(' ')).current_dir(workplace());
        command.stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let mut both = ["both_a", "both_b"].map(begin);
    assert!(both.iter_mut().all(|child| child.wait().unwrap().success()));
    for out in ["both_a", "both_b"] {
        assert_eq!(bytes(&format!("{out}.parquet")), bytes("one_process.parquet"));
    }
    let names = |folder: &str| {
        let files = fs::read_dir(workplace().join(folder)).unwrap().flatten();
        files
            .map(|file| file.file_name())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names("both"), names("one"));
}

#[cfg(not(feature = "object-storage"))]
#[test]
fn an_address_is_refused_by_the_name_of_the_feature() {
    for command in [
        &format!("{INPUTS} --work s3://bucket/units -o far.csv"),
        "screen status s3://bucket/units",
        "screen merge s3://bucket/units -o far.csv",
    ] {
        let refused = run(command, workplace());
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(
            said.contains("s3://bucket/units") && said.contains("`object-storage`"),
            "{said}"
        );
    }
    assert!(!workplace().join("s3:").exists());
}

#[test]
fn changed_inputs_and_damaged_units_are_refused() {
    let here = workplace();
    fs::write(here.join("own.smi"), "CCO a\nCCN b\nCCC c\n").unwrap();
    let command = "screen run run --library own.smi --targets targets.fasta --unit-rows 2 --work own -o own.csv";
    done(command);
    let said = |command: &str| text(&run(command, here).stderr);
    let top = said(&format!("{command} --top 3"));
    assert!(
        top.contains("folder of another screening") && top.contains("hint: name another folder"),
        "{top}"
    );
    fs::write(here.join("own.smi"), "CCO a\nCCN b\nCCCl c\n").unwrap();
    assert!(said(command).contains("own.smi with SHA-256"));
    fs::write(here.join("own.smi"), "CCO a\nCCN b\nCCC c\n").unwrap();
    let unit = here.join("own/unit-00000001.json");
    let whole = fs::read(&unit).unwrap();
    fs::write(&unit, &whole[..whole.len() / 2]).unwrap();
    assert!(said(command).contains("is damaged"));
    fs::remove_file(&unit).unwrap();
    done(command);
    assert_eq!(fs::read(&unit).unwrap(), whole);
    // Neither the library nor the model is written to.
    for out in ["own.smi", "targets.fasta", "run/model.safetensors"] {
        let refused = run(
            &format!("screen run run --library own.smi --targets targets.fasta -o {out}"),
            here,
        );
        assert_eq!(refused.status.code(), Some(2), "{out}");
    }
}

#[test]
fn filters_leave_out_compounds_before_they_are_scored() {
    done(&format!(
        "{INPUTS} --property heavy-atoms=..4,charge=0 --like CCCO --least-similarity 0.3 -o small.csv"
    ));
    let small = table("small.csv", &["smiles"]).concat();
    assert!(!small.is_empty());
    assert!(small.iter().all(|smiles| smiles.len() <= 6), "{small:?}");
    done(&format!(
        "{INPUTS} --diverse 0.5 --top 20 --off-targets targets.fasta -o diverse.csv"
    ));
    let diverse = table("diverse.csv", &["target_id", "smiles", "selectivity"]);
    let first: Vec<&String> = diverse.iter().filter(|row| row[0] == "T0").map(|row| &row[1]).collect();
    let distinct: std::collections::BTreeSet<&&String> = first.iter().collect();
    assert_eq!(distinct.len(), first.len());
    // Every target is among the off-targets, so that no hit is selective.
    assert!(diverse.iter().all(|row| row[2].parse::<f64>().unwrap() <= 0.0));
    let wrong = run(&format!("{INPUTS} --property size=1..2 -o wrong.csv"), workplace());
    assert!(
        text(&wrong.stderr).contains("is none of heavy-atoms"),
        "{}",
        text(&wrong.stderr)
    );
    let sample = done(&format!("{INPUTS} --dry-run"));
    assert!(text(&sample.stdout).contains("rows against 3 targets"));
}

#[test]
fn alerts_leave_compounds_out_or_mark_them() {
    fs::write(
        workplace().join("alerts.csv"),
        "name,smarts\nchloride,[#6;X4]-[Cl]\nacid,[#6](=[#8])-[#8]-[#1]\nbad,[#6\n",
    )
    .unwrap();
    let screen = "screen run run --library library.csv --targets targets.fasta --top 300";
    let said = text(
        &done(&format!(
            "{screen} --alerts alerts.csv --report without.html -o without.csv"
        ))
        .stderr,
    );
    assert!(
        said.contains("2 structural alerts") && said.contains("the SMARTS cannot be read"),
        "{said}"
    );
    done(&format!(
        "{screen} --alerts alerts.csv --mark-alerts --work marked --report marked.html -o marked.csv"
    ));
    let is_marked = |row: &Vec<String>| !row[1].is_empty();
    let marked = table("marked.csv", &["smiles", "alerts", "rank"]);
    let named = |smiles: &str| match (smiles.contains("Cl"), smiles.contains("C(=O)O")) {
        (true, _) => "chloride",
        (_, true) => "acid",
        _ => "",
    };
    assert!(marked.iter().any(is_marked) && !marked.iter().all(is_marked));
    assert!(
        marked
            .iter()
            .filter(|row| is_marked(row))
            .all(|row| row[1] == named(&row[0])),
        "{marked:?}"
    );
    let clean: Vec<&String> = marked.iter().filter(|row| !is_marked(row)).map(|row| &row[0]).collect();
    let without = table("without.csv", &["smiles"]);
    assert!(clean.iter().all(|smiles| without.iter().any(|row| row[0] == **smiles)));
    assert!(without.iter().all(|row| named(&row[0]) != "chloride"));
    // Other alerts are another screening; the page of a merge is that of the run.
    let other = run(
        &format!("{screen} --alerts alerts.csv --work marked -o other.csv"),
        workplace(),
    );
    assert!(
        text(&other.stderr).contains("its alerts, or --mark-alerts, are others"),
        "{}",
        text(&other.stderr)
    );
    done("screen merge marked --report merged.html -o merged.csv");
    assert_eq!(bytes("merged.html"), bytes("marked.html"));
    let page = |file: &str| String::from_utf8(bytes(file)).unwrap();
    let (without, marked) = (page("without.html"), page("marked.html"));
    assert!(without.contains("--alerts") && without.contains("<svg") && without.contains("clusters of the first"));
    assert!(marked.contains("alerts: ") && !without.contains("alerts: "));
    for page in [without, marked] {
        let names = page.matches("http://www.w3.org/2000/svg").count();
        assert!(
            !page.contains("<script") && page.matches("http").count() == names,
            "loads nothing"
        );
    }
    let pains = run(&format!("{screen} --alerts pains -o other.csv"), workplace());
    assert!(
        text(&pains.stderr).contains("wehi_pains.csv"),
        "{}",
        text(&pains.stderr)
    );
}

#[test]
fn targets_are_ranked_for_compounds() {
    done("screen run run --smiles CCO --targets targets.fasta --top 2 -o one_drug.csv");
    done("predict run --smiles CCO --targets targets.fasta -o one_exact.csv");
    let mut exact = table("one_exact.csv", &["prediction", "target_id"]);
    exact.sort_by(|a, b| b[0].parse::<f64>().unwrap().total_cmp(&a[0].parse().unwrap()));
    assert_eq!(table("one_drug.csv", &["prediction", "target_id"]), exact[..2]);
    done("screen run run --drugs library.csv --targets targets.fasta --top 1 --unit-rows 11 -o drugs.csv");
    let ranks = table("drugs.csv", &["rank", "drug_id"]);
    assert_eq!(ranks.len(), COUNT - COUNT / 20);
    assert!(ranks.iter().all(|row| row[0] == "1"));
}
