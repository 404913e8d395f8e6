//! Clusters the sequences of a data set folder, prints the number of clusters and the time on one core.
//!
//! `cargo run -p fusebind-data --example cluster -- DIR [IDENTITY]`

use std::{collections::BTreeMap, path::Path, time::Instant};

use fusebind_data::{
    source::{LoadConfig, load_dataset},
    split::{ClusterConfig, cluster_sequences},
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn main() -> Result<(), fusebind_data::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(dir) = arguments.first() else {
        eprintln!("usage: cluster DIR [IDENTITY]");
        return Ok(());
    };
    let mut config = ClusterConfig::default();
    if let Some(identity) = arguments.get(1).and_then(|text| text.parse().ok()) {
        config.identity = identity;
    }
    config.check()?;
    let (dataset, _) = load_dataset(Path::new(dir), &ChematicToolkit, &LoadConfig::default())?;
    let sequences: Vec<&[u8]> = dataset
        .targets
        .iter()
        .map(|t| t.protein.features.residues.as_slice())
        .collect();
    let start = Instant::now();
    let clusters = cluster_sequences(&sequences, &config);
    let seconds = start.elapsed().as_secs_f64();
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    clusters
        .iter()
        .for_each(|cluster| *sizes.entry(*cluster).or_default() += 1);
    let residues: usize = sequences.iter().map(|sequence| sequence.len()).sum();
    println!(
        "{} sequences, {residues} residues, identity {}: {} clusters, largest {}, {seconds:.1} s",
        sequences.len(),
        config.identity,
        sizes.len(),
        sizes.values().max().copied().unwrap_or(0),
    );
    Ok(())
}
