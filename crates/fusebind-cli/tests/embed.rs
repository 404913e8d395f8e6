//! `fusebind embed`: what it writes is what side tables are read from, it goes on where it stopped, and it writes over nothing that it reads.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fusebind::data::{
    modality::load_modalities,
    source::{ColumnMap, Keep, load_targets},
    table::Dataset,
};
use support::{fusebind, text};

const FASTA: &str = ">P1\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>P2\nGAVLIPFYWSTCMNQDEKRHGAVLIPFYWSTCMNQDEKRHGAVLIPFYW\n>P3\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>bad\nMKT1\n";

fn encoder(name: &str) -> String {
    format!("{}/../../testdata/pretrained/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn embed(name: &str, rest: &str, here: &Path) -> std::process::Output {
    let encoder = encoder(name);
    let words = ["embed", "--encoder", &encoder].into_iter().chain(rest.split(' '));
    fusebind(&words.collect::<Vec<_>>(), here)
}

/// The values of each target in the tables of `folder`.
fn read_back(here: &Path, folder: &str) -> Vec<Vec<f32>> {
    let table = load_targets(&here.join("targets.fasta"), &ColumnMap::default(), &Keep::Nothing).unwrap();
    let dataset = Dataset {
        targets: table.entities,
        ..Dataset::default()
    };
    let (tables, rejections) = load_modalities(&here.join(folder), &dataset).unwrap();
    assert!(
        rejections.is_empty() && tables.skipped.is_empty(),
        "{rejections:?} {:?}",
        tables.skipped
    );
    let profiles = &tables.profiles[0].profiles;
    let width = profiles.columns.len();
    let of = |rows: &Vec<u32>| profiles.values[rows[0] as usize * width..][..width].to_vec();
    profiles.of_entity.iter().map(of).collect()
}

#[test]
fn pooled_and_per_residue_embeddings_are_read_as_side_tables() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("targets.fasta"), FASTA).unwrap();
    for line in [
        "--targets targets.fasta --precision float32 -o pooled/embedding_sequence_esm2.parquet",
        "--targets targets.fasta -o half/embedding_sequence_esm2.parquet",
        "--targets targets.fasta --per-residue --precision float32 -o residues/embedding_sequence_esm2.safetensors",
    ] {
        let done = embed("esm2", line, here);
        assert!(
            done.status.success() && done.stdout.is_empty(),
            "{line}: {}",
            text(&done.stderr)
        );
        assert!(
            text(&done.stderr).contains("3 rows, 2 distinct inputs"),
            "{}",
            text(&done.stderr)
        );
    }
    let (pooled, half, residues) = (
        read_back(here, "pooled"),
        read_back(here, "half"),
        read_back(here, "residues"),
    );
    assert_eq!((pooled.len(), pooled[0].len()), (2, 24));
    for ((pooled, half), residues) in pooled
        .iter()
        .flatten()
        .zip(half.iter().flatten())
        .zip(residues.iter().flatten())
    {
        assert!((pooled - half).abs() < 2e-3 * pooled.abs().max(1.0), "{pooled} {half}");
        assert!(
            (pooled - residues).abs() < 1e-6 * pooled.abs().max(1.0),
            "{pooled} {residues}"
        );
    }
    // Nothing is left beside a complete output but the rejected row.
    let mut left: Vec<String> = fs::read_dir(here.join("pooled"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            "embedding_sequence_esm2.parquet",
            "embedding_sequence_esm2.parquet.rejected.csv"
        ]
    );
}

#[test]
fn a_cache_is_used_again_by_the_same_encoder_and_settings_alone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("targets.fasta"), FASTA).unwrap();
    let said = |name: &str, rest: &str| {
        let line = format!("--targets targets.fasta --cache cache {rest}");
        let done = embed(name, &line, here);
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stderr)
    };
    assert!(said("esm2", "-o a/embedding_sequence_a.parquet").contains("0 of them embedded before"));
    assert!(said("esm2", "-o b/embedding_sequence_b.parquet").contains("2 of them embedded before"));
    assert!(said("esm2", "--layer 2 -o c/embedding_sequence_c.parquet").contains("0 of them embedded before"));
    assert!(said("t5", "-o d/embedding_sequence_d.parquet").contains("0 of them embedded before"));
    assert_eq!(read_back(here, "a"), read_back(here, "b"));
    assert_ne!(read_back(here, "a"), read_back(here, "c"));
}

#[test]
fn drugs_and_texts_keep_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("drugs.csv"), "drug_id,smiles\nD1,CCO\nD2,c1ccccc1\n").unwrap();
    fs::write(
        here.join("text_drug.csv"),
        "drug_id,text\nD1,A kinase inhibitor.\nD2,\n",
    )
    .unwrap();
    for (name, line) in [
        (
            "roberta",
            "--drugs drugs.csv --pooling cls -o embedding_graph_x.parquet",
        ),
        (
            "bert",
            "--texts text_drug.csv --pooling mean-all -o embedding_text_x.parquet",
        ),
    ] {
        let done = embed(name, line, here);
        assert!(done.status.success(), "{line}: {}", text(&done.stderr));
    }
    let table = fusebind::data::source::RawTable::read(&here.join("embedding_text_x.parquet"))
        .unwrap()
        .0;
    assert_eq!(
        (table.len(), table.columns()[0].name(), table.columns()[0].get(0)),
        (1, "drug_id", Some("D1"))
    );
    let table = fusebind::data::source::RawTable::read(&here.join("embedding_graph_x.parquet"))
        .unwrap()
        .0;
    assert_eq!((table.len(), table.columns().len()), (2, 18));
}

#[test]
fn what_is_read_is_not_written_to_and_refusals_have_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("targets.fasta"), FASTA).unwrap();
    fs::write(here.join("drugs.csv"), "drug_id,smiles\nD1,CCO\n").unwrap();
    let weights = format!("{}/model.safetensors", encoder("esm2"));
    for (line, code) in [
        (format!("--targets targets.fasta --per-residue -o {weights}"), 2),
        ("--targets targets.fasta -o embedding_sequence.csv".into(), 2),
        (
            "--targets targets.fasta --layer 9 -o embedding_sequence_x.parquet".into(),
            1,
        ),
        ("--drugs drugs.csv -o embedding_graph_x.parquet".into(), 1),
        ("--targets nothing.fasta -o embedding_sequence_x.parquet".into(), 1),
    ] {
        let done = embed("esm2", &line, here);
        assert_eq!(done.status.code(), Some(code), "{line}: {}", text(&done.stderr));
        assert!(text(&done.stderr).contains("hint: "), "{line}: {}", text(&done.stderr));
    }
    assert!(!here.join("embedding_graph_x.parquet").exists());
}

/// Bytes of the unfinished embeddings of `out`.
fn unfinished(out: &Path) -> u64 {
    let mut folder = out.as_os_str().to_os_string();
    folder.push(".unfinished");
    let files = fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten();
    files.map(|file| file.metadata().map_or(0, |found| found.len())).sum()
}

/// Ctrl-C.
fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_killed_call_goes_on_where_it_stopped_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let residues = "ACDEFGHIKLMNPQRSTVWY".repeat(40);
    let fasta: String = (0..900)
        .map(|at| {
            format!(
                ">P{at}\n{}{}\n",
                &residues[at % 20..600 + at % 200],
                &residues[..1 + at / 20]
            )
        })
        .collect();
    fs::write(here.join("targets.fasta"), fasta).unwrap();
    let line = |out: &str| format!("--targets targets.fasta -o {out}/embedding_sequence_x.parquet");
    assert!(embed("esm2", &line("whole"), here).status.success());
    let out = here.join("killed/embedding_sequence_x.parquet");
    let mut kills = 0;
    for attempt in 0..3 {
        let before = unfinished(&out);
        let encoder = encoder("esm2");
        let words = line("killed");
        let words = ["embed", "--encoder", &encoder].into_iter().chain(words.split(' '));
        let mut child = Command::new(env!("CARGO_BIN_EXE_fusebind"))
            .args(words)
            .current_dir(here)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // In the middle: something was added, and the output is not there.
        while child.try_wait().unwrap().is_none() && unfinished(&out) < before + 8_000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let is_polite = cfg!(unix) && attempt == 0;
        match is_polite {
            true => interrupt(&child),
            false => child.kill().unwrap(),
        }
        let ended = child.wait_with_output().unwrap();
        if out.exists() {
            break;
        }
        if is_polite {
            let said = text(&ended.stderr);
            assert_eq!(ended.status.code(), Some(130), "{said}");
            assert!(said.contains("hint: give the same command again"), "{said}");
        }
        assert!(unfinished(&out) > before);
        kills += 1;
    }
    assert!(kills > 0, "every call ended before it could be killed");
    let done = embed("esm2", &line("killed"), here);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let found = text(&done.stderr);
    assert!(!found.contains(" 0 of them embedded before"), "{found}");
    let whole = fs::read(here.join("whole/embedding_sequence_x.parquet")).unwrap();
    assert!(whole == fs::read(&out).unwrap());
    assert_eq!(unfinished(&out), 0);
}
