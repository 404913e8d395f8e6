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
use fusebind_model::{
    checkpoint::{Known, Section, Sections},
    device::Device,
    model_file::ModelFile,
    trained::TrainedModel,
};

const SEQUENCE: &str = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRV";

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
    /// The data set that splits and side tables belong to, read once.
    static DATASET: Dataset = dataset();
    /// What the changes of model files are made to.
    #[cfg(feature = "model")]
    static BASE: Option<Sections> = base();
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

/// The sections of the model that the environment variable names.
#[cfg(feature = "model")]
fn base() -> Option<Sections> {
    let path = std::env::var_os("FUSEBIND_FUZZ_MODEL")?;
    let known = ["weights", "schema", "reference", "calibration", "provenance"];
    let known = known.map(|name| Known { name, version: 1 });
    Some(Sections::open(Path::new(&path), &known).expect("a model file").0)
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
        _ => drop(load_drugs(
            path,
            &ChematicToolkit,
            &ColumnMap::default(),
            &Keep::Nothing,
        )),
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

/// A model file, as it is, or one of `FUSEBIND_FUZZ_MODEL` with changes to one section and all checksums made anew: without that no input
/// gets past the checksums. The first byte tells which. One in sixteen of the files that are intact becomes a model.
#[cfg(feature = "model")]
pub fn model(data: &[u8]) {
    let Some((kind, changes)) = data.split_first() else {
        return;
    };
    let changed = BASE.with(|base| {
        let mut sections = base.clone()?;
        let count = sections.by_name.len();
        let section = sections.by_name.values_mut().nth(usize::from(*kind) % (count + 1))?;
        let is_sound = match *kind >= 128 {
            true => {
                change_arrays(section, changes);
                true
            }
            false => change_text(section, changes),
        };
        is_sound.then_some(sections)
    });
    let open = |path: &Path| {
        if ModelFile::open(path).is_ok() && data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) % 16 == 0 {
            let _ = TrainedModel::open(path, &Device::flex());
        }
    };
    match changed {
        None => in_file("model.safetensors", data, open),
        Some(sections) => in_file("model.safetensors", &[], |path| {
            if sections.save(path).is_ok() {
                open(path);
            }
        }),
    }
}

/// Changes numbers of the arrays of a section. A change is: which array (one byte), place (two bytes), value (four).
#[cfg(feature = "model")]
fn change_arrays(section: &mut Section, mut changes: &[u8]) {
    while let [which, a, b, value @ ..] = changes
        && let Some((value, rest)) = value.split_first_chunk::<4>()
    {
        let at = usize::from(u16::from_le_bytes([*a, *b]));
        let (floats, lists) = (section.arrays.len(), section.indices.len());
        let which = usize::from(*which) % (floats + lists).max(1);
        if let Some(array) = section.arrays.values_mut().nth(which) {
            if *a == 255 {
                array.shape.push(usize::from(*b));
            } else if !array.values.is_empty() {
                let at = at % array.values.len();
                array.values[at] = f32::from_le_bytes(*value);
            }
        } else if let Some(list) = section.indices.values_mut().nth(which.saturating_sub(floats)) {
            match list.is_empty() || *a == 255 {
                true => list.push(u32::from_le_bytes(*value)),
                false => {
                    let at = at % list.len();
                    list[at] = u32::from_le_bytes(*value);
                }
            }
        }
        changes = rest;
    }
}

/// Changes the text of a section; `false` where no text comes of it. A change is: place (two bytes), bytes to leave out, bytes to put in, these bytes.
#[cfg(feature = "model")]
fn change_text(section: &mut Section, mut changes: &[u8]) -> bool {
    let mut text = std::mem::take(&mut section.text).into_bytes();
    while let [a, b, out, count, rest @ ..] = changes {
        let at = usize::from(u16::from_le_bytes([*a, *b])) % (text.len() + 1);
        let end = (at + usize::from(*out)).min(text.len());
        let (new, rest) = rest.split_at(usize::from(*count).min(rest.len()));
        text.splice(at..end, new.iter().copied());
        changes = rest;
    }
    String::from_utf8(text).map(|text| section.text = text).is_ok()
}
