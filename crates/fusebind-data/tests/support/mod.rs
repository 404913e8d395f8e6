//! Tables from text, and what was read of them.

#![allow(clippy::unwrap_used, missing_docs)] // a test that meets the unexpected should stop
#![allow(dead_code)] // not every test file uses all of it

use std::{fs, io::Write};

use fusebind_data::{
    Error,
    source::{LoadConfig, load_dataset},
    table::{Censoring, Dataset, Rejection, Scale},
};
use fusebind_features::entity::molecule::ChematicToolkit;

pub const SEQUENCE: &str = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ";
pub const OTHER: &str = "MSTNPKPQRKTKRNTNRRPQDVKFPGGGQIVGG";

pub fn read_as(name: &str, text: &str, config: &LoadConfig) -> Result<(Dataset, Vec<Rejection>), Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    load_dataset(&path, &ChematicToolkit, config)
}

pub fn read(text: &str) -> Result<(Dataset, Vec<Rejection>), Error> {
    read_as("pairs.csv", text, &LoadConfig::default())
}

/// A flat table with one row for each cell of `column`.
pub fn table(column: &str, cells: &[&str]) -> String {
    let mut text = format!("smiles,sequence,{column}\n");
    for (at, cell) in cells.iter().enumerate() {
        text += &format!("{}O,{SEQUENCE},{cell}\n", "C".repeat(at + 1));
    }
    text
}

pub fn affinities(dataset: &Dataset) -> Vec<(f64, Scale, Censoring)> {
    let rows = dataset.interactions.iter().filter_map(|row| row.affinity);
    rows.map(|a| ((a.value * 1e6).round() / 1e6, a.scale, a.censoring))
        .collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
