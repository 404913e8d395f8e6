//! The program under test, and a few molecules and proteins.

#![allow(clippy::unwrap_used, missing_docs)] // a test that meets the unexpected should stop
#![allow(dead_code)] // not every test file uses all of it

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use insta::Settings;

pub fn fusebind(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Settings of snapshots of what commands say: no hashes of data, no times and rates.
pub fn said_settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\b[0-9a-f]{64}\b", "HASH");
    settings.add_filter(r"\b[0-9a-f]{12}\b", "HASH");
    settings.add_filter(r"\b\d+(\.\d+)? (s|ms|pairs/s|rows/s|KiB|kB|MB)\b", "N $2");
    settings
}

/// Kills a command `pause` milliseconds after it is `ready`; whether it had not ended by itself.
pub fn kill_when(command: &str, folder: &Path, ready: impl Fn() -> bool, pause: u64) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fusebind"))
        .args(command.split(' '))
        .current_dir(folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !ready() && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    thread::sleep(Duration::from_millis(pause));
    // What is done already cannot be killed any more.
    let _ = child.kill();
    !child.wait().unwrap().success()
}

pub const SMILES: [&str; 8] = [
    "CCO",
    "CCN",
    "c1ccccc1",
    "CC(=O)O",
    "Cc1ccccc1O",
    "CCCCO",
    "C1CCNCC1",
    "NC(=O)c1ccccc1",
];
pub const SEQUENCES: [&str; 6] = [
    "MKTAYIAKQR",
    "MKTAYIWKQRLL",
    "GGSGGSPPLK",
    "WWHHKKLMNP",
    "ACDEFGHIKLMNPQRS",
    "PPPLLLKKKRRR",
];

/// A recipe that trains in no time.
pub const SMALL_RECIPE: &str = "name = \"small\"\n[model]\nwidth = 16\n[model.graph]\nlayers = 1\ndim = 8\nsubstructures = 32\n\
    [model.sequence]\ncomposition = 32\n[model.interaction]\ndim = 16\nrank = 0\n[training]\nepochs = 1\n";

/// Every molecule with every protein, a concentration for each pair and its part of a split.
pub fn training_table() -> String {
    let mut rows = String::from("smiles,sequence,Kd_nM,split\n");
    for (i, smiles) in SMILES.iter().enumerate() {
        for (j, sequence) in SEQUENCES.iter().enumerate() {
            let part = ["train", "train", "valid", "test"][(i + j) % 4];
            rows += &format!("{smiles},{sequence},{},{part}\n", 10 * (1 + i * 6 + j));
        }
    }
    rows
}

/// Writes [`training_table`] as `train.csv` and [`SMALL_RECIPE`] as `small.toml`.
pub fn write_training(folder: &Path) {
    std::fs::write(folder.join("train.csv"), training_table()).unwrap();
    std::fs::write(folder.join("small.toml"), SMALL_RECIPE).unwrap();
}
