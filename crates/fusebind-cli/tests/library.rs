//! A stored library is what its files are: built, stopped, damaged, extended and screened.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
    sync::OnceLock,
};

use support::{SEQUENCES, fusebind, kill_when, text, write_training};

/// Rows of the library.
const COUNT: usize = 900;
/// Rows that are no molecule.
const BAD: usize = COUNT / 20;

/// A folder with the runs `run` and `other`, `library.csv` and `targets.fasta`.
fn workplace() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = || {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        write_training(here);
        for run in ["run", "other --seed 7"] {
            let command = format!("train small.toml --data train.csv --split split --out {run}");
            let done = fusebind(&command.split(' ').collect::<Vec<_>>(), here);
            assert!(done.status.success(), "{}", text(&done.stderr));
        }
        let ends = ["O", "N", "Cl", "F", "S", "C(=O)O", "c1ccccc1", "C#N"];
        let middles = [
            "C", "CC", "C(C)C", "COC", "CNC", "C(F)C", "C1CC1", "CSC", "C(=O)", "CC(O)C", "C=C", "CC(N)",
        ];
        let mut rows = String::from("id,smiles\n");
        for at in 0..COUNT {
            let middle = format!("{}{}", middles[at / ends.len() % middles.len()], "C".repeat(at / 96));
            let smiles = match at % 20 {
                7 => "C(C".to_string(),
                9 => "OCC(O)CO".to_string(),
                _ => format!("{middle}{}", ends[at % ends.len()]),
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

fn run(command: &str) -> Output {
    fusebind(&command.split(' ').collect::<Vec<_>>(), workplace())
}

/// Runs a command that must succeed.
fn done(command: &str) -> Output {
    let output = run(command);
    assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    output
}

/// Runs a command that must fail, and what it says.
fn refused(command: &str) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{command}");
    let said = text(&output.stderr);
    assert!(said.contains("hint: "), "{said}");
    said
}

/// The files of a folder that last.
fn files(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(workplace().join(folder)).unwrap().flatten();
    let file = |file: fs::DirEntry| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap());
    files
        .map(file)
        .filter(|(name, _)| name != "lock" && !name.starts_with('.'))
        .collect()
}

fn bytes(file: &str) -> Vec<u8> {
    fs::read(workplace().join(file)).unwrap()
}

const BUILD: &str = "library build library.csv --model run";

#[test]
fn a_library_is_built_described_and_checked_and_damage_is_named() {
    let built = done(&format!("{BUILD} --part-rows 200 -o first"));
    let said = text(&built.stderr);
    let kept = COUNT - BAD;
    assert!(
        said.contains(&format!("{COUNT} rows: {kept} compounds, 0 duplicates, {BAD} rejected")),
        "{said}"
    );
    let rejected = fs::read_to_string(workplace().join("first.rejected.csv")).unwrap();
    assert_eq!(rejected.lines().count(), 1 + BAD);
    let info = text(&done("library info first").stdout);
    assert!(
        info.contains(&format!("{kept} of {COUNT} rows")) && info.contains("library.csv"),
        "{info}"
    );
    let json = text(&done("library info first --json").stdout);
    assert!(
        json.contains("\"complete\": true") && json.contains("\"sha256\""),
        "{json}"
    );
    assert!(text(&done("library check first --model run").stdout).contains("coded by this model"));
    assert!(refused("library check first --model other").contains("was built with the model"));
    assert!(text(&done(&format!("{BUILD} --part-rows 200 -o first")).stderr).contains("holds these files already"));
    assert!(refused(&format!("{BUILD} --part-rows 100 -o first")).contains("is another library"));
    assert!(refused("library build library.csv --model other -o first").contains("was built with the model"));
    // A byte of a part, the sketch and a missing part.
    let part = workplace().join("first/part-000001.parquet");
    let whole = fs::read(&part).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(&part, &damaged).unwrap();
    let said = refused("library check first");
    assert!(
        said.contains("part-000001.parquet") && !said.contains("part-000000"),
        "{said}"
    );
    let said = refused("screen run run --library first --targets targets.fasta -o damaged.csv");
    assert!(said.contains("part-000001.parquet"), "{said}");
    fs::remove_file(&part).unwrap();
    assert!(refused("library check first").contains("part-000001.parquet"));
    fs::write(&part, &whole).unwrap();
    let sketch = bytes("first/sketch.json");
    fs::write(workplace().join("first/sketch.json"), &sketch[..sketch.len() / 2]).unwrap();
    assert!(refused("library check first").contains("sketch.json"));
    fs::write(workplace().join("first/sketch.json"), &sketch).unwrap();
    done("library check first");
}

#[test]
fn a_killed_build_goes_on_to_the_same_bytes() {
    done(&format!("{BUILD} --part-rows 30 --distinct -o calm"));
    let alone = Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args(format!("{BUILD} --part-rows 30 --distinct -o alone").split(' '))
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(workplace())
        .output()
        .unwrap();
    assert!(alone.status.success());
    assert_eq!(files("alone"), files("calm"), "threads do not matter");
    let words = format!("{BUILD} --part-rows 30 --distinct -o shaken");
    let parts = || fs::read_dir(workplace().join("shaken")).map_or(0, |files| files.count());
    let mut stopped = 0;
    for (least, pause) in [
        (0, 0),
        (0, 40),
        (3, 0),
        (4, 2),
        (8, 1),
        (15, 0),
        (22, 3),
        (30, 0),
        (40, 1),
    ] {
        stopped += usize::from(kill_when(&words, workplace(), || parts() >= least, pause));
    }
    assert!(stopped > 0, "at least the first is killed before its end");
    let first = files("shaken");
    if !first
        .get("manifest.json")
        .is_some_and(|text| String::from_utf8_lossy(text).contains("\"complete\": true"))
    {
        let said = refused("screen run run --library shaken --targets targets.fasta -o unfinished.csv");
        assert!(said.contains("is not finished") || said.contains("is no"), "{said}");
    }
    done(&words);
    assert_eq!(files("shaken"), files("calm"));
}

#[test]
fn compounds_are_kept_once_on_request_also_when_files_are_added() {
    fs::write(
        workplace().join("more.smi"),
        "OCC a\nC(O)C b\nCCCCCCCCCCCCCCCC c\n[Na+].[O-]CC d\nC(C e\n",
    )
    .unwrap();
    fs::write(workplace().join("some.smi"), "CCO x\nCCN y\nCCO z\n").unwrap();
    done("library build some.smi --model run --distinct -o distinct");
    done("library build some.smi --model run -o every");
    let counts = |folder: &str| text(&done(&format!("library info {folder}")).stdout);
    assert!(
        counts("distinct").contains("2 of 3 rows; 0 rejected, 1 duplicates"),
        "{}",
        counts("distinct")
    );
    assert!(counts("every").contains("3 of 3 rows"), "{}", counts("every"));
    assert!(refused("library build more.smi --model run --distinct -o distinct").contains("--append"));
    assert!(refused("library build more.smi --model run --append -o nowhere").contains("no stored library"));
    assert!(!workplace().join("nowhere").exists());
    for _ in 0..2 {
        // The second time the files are there already.
        done("library build more.smi --model run --distinct --append -o distinct");
        let all = counts("distinct");
        assert!(
            all.contains("3 of 8 rows; 1 rejected, 4 duplicates") && all.contains("more.smi"),
            "{all}"
        );
    }
    done("library check distinct --model run");
    // A file that is added need not stand beside those before.
    fs::remove_file(workplace().join("some.smi")).unwrap();
    fs::write(workplace().join("third.smi"), "c1ccccc1 f\n").unwrap();
    done("library build third.smi --model run --distinct --append -o distinct");
    assert!(counts("distinct").contains("4 of 9 rows"));
    assert!(refused("library build third.smi --model run --append -o nowhere").contains("is no stored library"));
    assert!(refused("library build third.smi --model run -o run").contains("holds something else"));
    fs::write(workplace().join("bad.smi"), "C(C a\n").unwrap();
    assert!(refused("library build bad.smi --model run -o bad").contains("no compound"));
}

#[test]
fn a_changed_file_of_an_unfinished_library_is_refused() {
    let here = workplace();
    fs::write(here.join("own.smi"), "CCO a\nCCN b\nCCCl c\n").unwrap();
    done("library build own.smi --model run --part-rows 1 -o own");
    // As if it had been stopped after its first part.
    let manifest = String::from_utf8(bytes("own/manifest.json")).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    value["complete"] = false.into();
    value["parts"].as_array_mut().unwrap().truncate(1);
    fs::write(here.join("own/manifest.json"), value.to_string()).unwrap();
    fs::write(here.join("own.smi"), "CCO a\nCCN b\nCCCF c\n").unwrap();
    assert!(refused("library build own.smi --model run --part-rows 1 -o own").contains("own.smi with SHA-256"));
    fs::write(here.join("own.smi"), "CCO a\nCCN b\nCCCl c\n").unwrap();
    done("library build own.smi --model run --part-rows 1 -o own");
    assert_eq!(String::from_utf8(bytes("own/manifest.json")).unwrap(), manifest);
}

#[test]
fn two_builds_of_one_library_refuse_each_other() {
    fs::create_dir(workplace().join("busy")).unwrap();
    let lock = fs::File::create(workplace().join("busy/lock")).unwrap();
    lock.try_lock().unwrap();
    assert!(refused(&format!("{BUILD} -o busy")).contains("another process builds this library"));
    drop(lock);
    done(&format!("{BUILD} -o busy"));
}

#[test]
fn hits_of_a_stored_library_are_those_of_its_files() {
    done(&format!("{BUILD} --part-rows 128 -o shelf"));
    let screen = "screen run run --targets targets.fasta --top 40 --property heavy-atoms=4..";
    done(&format!("{screen} --library library.csv -o plain.parquet"));
    for (flags, out) in [
        ("--candidates 900", "all.parquet"),
        ("--exact", "exact.parquet"),
        ("--exact --unit-rows 50 --work units", "units.parquet"),
    ] {
        done(&format!("{screen} --library shelf {flags} -o {out}"));
        assert_eq!(bytes(out), bytes("plain.parquet"), "{flags}");
    }
    // Two stages: threads do not matter, and the recall is said.
    let two = format!("{screen} --library shelf --candidates 200 --sample 400");
    let said = text(&done(&format!("{two} -o two.parquet")).stderr);
    assert!(said.contains("recall on a sample of 400 compounds"), "{said}");
    let alone = Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args(format!("{two} -o two_alone.parquet").split(' '))
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(workplace())
        .output()
        .unwrap();
    assert!(alone.status.success());
    assert_eq!(bytes("two.parquet"), bytes("two_alone.parquet"));
    assert_eq!(bytes("two.parquet.stage.json"), bytes("two_alone.parquet.stage.json"));
    let report: serde_json::Value = serde_json::from_slice(&bytes("two.parquet.stage.json")).unwrap();
    assert_eq!(report["measured_on"], 400);
    let recall = report["recall"].as_array().unwrap();
    assert_eq!(recall.len(), 3);
    assert!(recall.iter().all(|target| {
        target["recall"]
            .as_f64()
            .is_some_and(|share| (0.0..=1.0).contains(&share))
    }));
    for target in recall {
        let number = |key: &str| target[key].as_f64().unwrap();
        assert!(
            number("recall") >= number("recall_of_least") && number("candidates") >= 200.0,
            "{target}"
        );
        let is_widened = number("candidates") > 200.0;
        assert_eq!(is_widened, number("recall_of_least") < 0.95, "{target}");
        assert_eq!(
            is_widened,
            said.contains(&format!("with {} candidates (", number("candidates"))),
            "{said}"
        );
    }
    assert!(report["candidates_of_all"].as_u64().unwrap() < report["filtered"].as_u64().unwrap());
    // What the first stage lets through are the best by the whole model, as the report promises: more than a random choice would.
    let ranks = |file: &str| {
        let mut reader = csv::Reader::from_path(workplace().join(file)).unwrap();
        let rows = reader.records().map(Result::unwrap);
        let place = |row: csv::StringRecord| row.iter().map(str::to_string).collect::<Vec<_>>();
        rows.map(place).collect::<Vec<_>>()
    };
    // Hits of a run without a first stage do not lie beside the report of an earlier one; another file of that name stays.
    done(&format!("{two} -o either.csv"));
    assert!(workplace().join("either.csv.stage.json").exists());
    done(&format!("{screen} --library shelf --exact -o either.csv"));
    assert!(!workplace().join("either.csv.stage.json").exists());
    fs::write(workplace().join("either.csv.stage.json"), "{\"notes\": 1}").unwrap();
    done(&format!("{screen} --library shelf --exact -o either.csv"));
    assert!(workplace().join("either.csv.stage.json").exists());
    done(&format!("{two} -o two.csv"));
    done(&format!("{screen} --library shelf --exact -o exact.csv"));
    let (two, exact) = (ranks("two.csv"), ranks("exact.csv"));
    let ids = |rows: &[Vec<String>]| {
        rows.iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect::<Vec<_>>()
    };
    let (two, exact) = (ids(&two), ids(&exact));
    let shared = exact.iter().filter(|hit| two.contains(hit)).count();
    assert!(shared * 2 > exact.len(), "{shared} of {}", exact.len());
}

#[test]
fn similarity_is_asked_before_candidates_are_chosen() {
    done(&format!("{BUILD} --part-rows 128 -o alike"));
    let screen =
        "screen run run --targets targets.fasta --top 10 --library alike --like CCOc1ccccc1 --least-similarity 0.3";
    done(&format!("{screen} --exact -o alike_exact.csv"));
    let said = text(&done(&format!("{screen} --candidates 100 --sample 200 -o alike.csv")).stderr);
    assert!(said.contains("similarities are computed for every compound"), "{said}");
    assert_eq!(
        bytes("alike.csv"),
        bytes("alike_exact.csv"),
        "there are few of them, and the whole model scores all"
    );
    let report: serde_json::Value = serde_json::from_slice(&bytes("alike.csv.stage.json")).unwrap();
    assert!(report["filtered"].as_u64().unwrap() < 100, "{report}");
    // Where more are alike than there may be candidates, the first stage chooses among them alone.
    let few = screen.replace("0.3", "0.05");
    done(&format!("{few} --candidates 30 --sample 200 -o few.csv"));
    let report: serde_json::Value = serde_json::from_slice(&bytes("few.csv.stage.json")).unwrap();
    let count = |key: &str| report[key].as_u64().unwrap();
    assert!(
        30 < count("filtered") && count("filtered") < count("compounds"),
        "{report}"
    );
}

#[test]
fn another_model_and_what_cannot_be_done_are_refused() {
    done("library build library.csv --model run -o refusing");
    let screen = "--library refusing --targets targets.fasta -o refused.csv";
    let said = refused(&format!("screen run other {screen}"));
    assert!(
        said.contains("was built with the model `small`") && said.contains("other"),
        "{said}"
    );
    assert!(refused(&format!("screen run run {screen} --candidates 5 --exact")).contains("cannot be used with"));
    let files = "screen run run --library library.csv --targets targets.fasta -o refused.csv --exact";
    assert!(refused(files).contains("about a stored library"));
    assert!(
        refused("screen run run --library run --targets targets.fasta -o refused.csv").contains("is no stored library")
    );
    let sample = text(&done("screen run run --library refusing --targets targets.fasta --dry-run").stdout);
    assert!(sample.contains("against 3 targets"), "{sample}");
}
