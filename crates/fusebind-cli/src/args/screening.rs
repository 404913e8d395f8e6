//! Flags of `fusebind data screening`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{SourceArgs, TableFormat};

/// What is known of the compounds that are ranked.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LibraryKind {
    /// Nothing: neither they nor their scaffolds are in training.
    #[default]
    New,
    /// They may be in training with other targets.
    Known,
}

/// Options of `data screening`.
#[derive(Debug, Args)]
pub struct ScreeningArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// Fewest known actives of a target that is part of the benchmark.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub least_actives: usize,
    /// What is known of the compounds that are ranked.
    #[arg(long, value_enum, default_value_t)]
    pub library: LibraryKind,
    /// Share of the compounds (of the actives of each target, with a known library) that is hidden, by scaffold.
    #[arg(long, default_value_t = 0.3, value_name = "SHARE")]
    pub hidden: f64,
    /// Decoys for each hidden active.
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub decoys: usize,
    /// Most targets; those with most actives go first.
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub most_targets: usize,
    /// Most compounds that are asked for their targets, each with all proteins; 0 for none.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub most_fished: usize,
    /// Least affinity of an active where the pairs have no labels; 7 (100 nM) and 12.1 for KIBA without it.
    #[arg(long, value_name = "VALUE")]
    pub active: Option<f64>,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Format of the written tables.
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
    /// New folder for `drugs`, `targets` and `pairs`.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}
