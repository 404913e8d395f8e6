//! Writes a data set with its proteins or molecules written otherwise, to measure how much a model minds.
//!
//! `cargo run --release -p fusebind-data --example rewrite -- DIR HOW OUT`, where HOW is `met`, `tag`, `mutate1`, `mutate10`, `middle60`,
//! `middle30` or `stereo`. Split columns stay, so that a model trained on DIR is scored on the test part of OUT. Rewritten entities
//! that fall together become one.

use std::{collections::BTreeMap, path::Path};

use fusebind_data::{
    source::{LoadConfig, load_dataset},
    table::{Dataset, FolderFormat, write_dataset},
};
use fusebind_features::{
    entity::{
        molecule::{ChematicToolkit, Chemistry, Molecule},
        protein::Protein,
    },
    random::Stream,
};
use rand::RngExt;

const TAG: &str = "MGSSHHHHHHSSGLVPRGSH";

fn mutated(sequence: &str, count: usize, seed: u64) -> String {
    let mut random = Stream::new(seed).generator();
    let mut letters: Vec<char> = sequence.chars().collect();
    for _ in 0..count {
        let at = random.random_range(0..letters.len());
        let letter = b"ACDEFGHIKLMNPQRSTVWY"[random.random_range(0..20)];
        letters[at] = char::from(letter);
    }
    letters.into_iter().collect()
}

fn middle(sequence: &str, share: f64) -> String {
    let kept = ((sequence.len() as f64 * share) as usize).max(1);
    let start = (sequence.len() - kept) / 2;
    sequence[start..start + kept].to_string()
}

fn protein(sequence: &str, how: &str, seed: u64) -> String {
    match how {
        "met" => sequence.strip_prefix('M').unwrap_or(sequence).to_string(),
        "tag" => format!("{TAG}{sequence}"),
        "mutate1" => mutated(sequence, 1, seed),
        "mutate10" => mutated(sequence, 10, seed),
        "middle60" => middle(sequence, 0.6),
        "middle30" => middle(sequence, 0.3),
        _ => sequence.to_string(),
    }
}

fn molecule(molecule: &Molecule, how: &str) -> Molecule {
    let smiles: String = match how {
        "stereo" => molecule.smiles.replace(['@', '/', '\\'], ""),
        _ => return molecule.clone(),
    };
    ChematicToolkit.molecule(&smiles).unwrap_or_else(|_| molecule.clone())
}

fn rewritten(mut dataset: Dataset, how: &str) -> Dataset {
    for (seed, target) in dataset.targets.iter_mut().enumerate() {
        if let Ok(other) = Protein::parse(&protein(&target.protein.sequence, how, seed as u64)) {
            target.protein = other;
        }
        // Keys name the protein as it was.
        target.keys = BTreeMap::new();
    }
    for drug in &mut dataset.drugs {
        drug.molecule = molecule(&drug.molecule, how);
    }
    dataset.refresh_fingerprint();
    dataset
}

fn main() -> Result<(), fusebind_data::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, how, out] = &arguments[..] else {
        eprintln!("usage: rewrite DIR met|tag|mutate1|mutate10|middle60|middle30|stereo OUT");
        return Ok(());
    };
    let (dataset, _) = load_dataset(Path::new(dir), &ChematicToolkit, &LoadConfig::default())?;
    let written = rewritten(dataset, how);
    write_dataset(Path::new(out), &written, FolderFormat::Csv)?;
    println!("{} pairs in {out}", written.interactions.len());
    Ok(())
}
