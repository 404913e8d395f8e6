//! What the fuzzers call: each reader with arbitrary bytes, in whatever kind of file they belong to.
//!
//! What comes of it does not matter; a panic, a hang or memory without bound does. Run one with
//! `cargo +nightly fuzz run NAME fuzz/seeds/NAME -- -timeout=1 -rss_limit_mb=1024`.

#![forbid(unsafe_code)]

use std::{
    cell::RefCell,
    fs, panic,
    path::{Path, PathBuf},
    process,
    sync::{Mutex, Once, PoisonError},
};

use fusebind_data::{
    modality::load_modalities,
    source::{ColumnMap, Keep, LoadConfig, load_dataset, load_drugs, load_targets},
    split::read_split,
    table::Dataset,
};
use fusebind_features::entity::{
    molecule::{ChematicToolkit, Chemistry},
    protein::Protein,
};
#[cfg(feature = "model")]
use fusebind_model::model_file::ModelFile;

const SEQUENCE: &str = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRV";

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
    /// The data set that splits and side tables belong to, read once.
    static DATASET: Dataset = dataset();
}

/// Gives `data` to `target`. A panic of a decoder that its reader turns into an error is none for the user, though libFuzzer would stop at it;
/// one that escapes ends the process, with what it said.
pub fn run(target: fn(&[u8]), data: &[u8]) {
    static HOOK: Once = Once::new();
    static LAST: Mutex<String> = Mutex::new(String::new());
    HOOK.call_once(|| {
        panic::set_hook(Box::new(|info| {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string()
        }));
    });
    if panic::catch_unwind(|| target(data)).is_err() {
        eprintln!(
            "a panic escaped: {}",
            LAST.lock().unwrap_or_else(PoisonError::into_inner)
        );
        process::abort();
    }
}

/// Writes `data` under `name` and reads it.
fn in_file(name: &str, data: &[u8], read: impl FnOnce(&Path)) {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().expect("a temporary folder"));
        let path: PathBuf = folder.path().join(name);
        fs::write(&path, data).expect("a temporary file");
        read(&path);
        fs::remove_file(&path).expect("removable");
    });
}

fn dataset() -> Dataset {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pairs.csv");
    let table = format!("drug_id,smiles,sequence,label\nD1,CCO,{SEQUENCE},1\nD2,CCN,{SEQUENCE},0\n");
    fs::write(&path, table).expect("a temporary file");
    load_dataset(&path, &ChematicToolkit, &LoadConfig::default())
        .expect("is a table")
        .0
}

/// A SMILES: what is read is canonical, and reads as itself.
pub fn smiles(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(molecule) = ChematicToolkit.molecule(text) {
        let again = ChematicToolkit
            .molecule(&molecule.smiles)
            .expect("a canonical SMILES is read");
        assert_eq!(again, molecule, "{text}");
    }
}

/// A sequence.
pub fn sequence(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Protein::parse(text);
    }
}

/// A table of pairs or of compounds (the length tells) in any packing (the first bytes tell).
pub fn table(data: &[u8]) {
    in_file("pairs.csv", data, |path| match data.len() % 2 {
        0 => drop(load_dataset(path, &ChematicToolkit, &LoadConfig::default())),
        _ => drop(load_drugs(path, &ChematicToolkit, &ColumnMap::default(), &Keep::Nothing)),
    });
}

/// A Parquet file.
pub fn parquet(data: &[u8]) {
    in_file("pairs.parquet", data, |path| {
        let _ = load_dataset(path, &ChematicToolkit, &LoadConfig::default());
    });
}

/// A structure file.
pub fn sdf(data: &[u8]) {
    in_file("library.sdf", data, |path| {
        let _ = load_drugs(path, &ChematicToolkit, &ColumnMap::default(), &Keep::Everything);
    });
}

/// A FASTA file.
pub fn fasta(data: &[u8]) {
    in_file("targets.fasta", data, |path| {
        let _ = load_targets(path, &ColumnMap::default(), &Keep::Nothing);
    });
}

/// A split file.
pub fn split(data: &[u8]) {
    in_file("split.csv", data, |path| {
        let _ = DATASET.with(|dataset| read_split(path, dataset));
    });
}

/// A side table; the first byte says of which format.
pub fn side(data: &[u8]) {
    const NAMES: [&str; 7] = [
        "text_drug.csv",
        "transcriptomics.csv",
        "bioassay.tsv",
        "embedding_graph_x.npy",
        "embedding_graph_x.safetensors",
        "embedding_graph_x.h5",
        "transcriptome.gct",
    ];
    let Some((kind, data)) = data.split_first() else { return };
    in_file(NAMES[usize::from(*kind) % NAMES.len()], data, |path| {
        let beside = path.with_extension("ids.txt");
        fs::write(&beside, "D1\nD2\n").expect("a temporary file");
        let _ = DATASET.with(|dataset| load_modalities(path.parent().expect("has a folder"), dataset));
        fs::remove_file(&beside).expect("removable");
    });
}

/// A model file.
#[cfg(feature = "model")]
pub fn model(data: &[u8]) {
    in_file("model.safetensors", data, |path| {
        let _ = ModelFile::open(path);
    });
}
