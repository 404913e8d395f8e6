//! Flags that several commands share: how tables are read, and where tensors live.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Columns and units, where detection is not enough.
#[derive(Debug, Default, Args, Clone)]
#[command(next_help_heading = "How tables are read")]
pub struct SourceArgs {
    /// Column of drug ids.
    #[arg(long, value_name = "COLUMN")]
    pub drug_id: Option<String>,
    /// Column of SMILES.
    #[arg(long, value_name = "COLUMN")]
    pub smiles_column: Option<String>,
    /// Column of target ids.
    #[arg(long, value_name = "COLUMN")]
    pub target_id: Option<String>,
    /// Column of sequences.
    #[arg(long, value_name = "COLUMN")]
    pub sequence_column: Option<String>,
    /// Column of binding labels.
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Column of affinities.
    #[arg(long, value_name = "COLUMN")]
    pub affinity: Option<String>,
    /// Column of units.
    #[arg(long, value_name = "COLUMN", conflicts_with = "unit")]
    pub unit_column: Option<String>,
    /// Column that says what was measured, such as Kd or IC50.
    #[arg(long, value_name = "COLUMN")]
    pub measure_column: Option<String>,
    /// Column of relations, such as `>`.
    #[arg(long, value_name = "COLUMN")]
    pub relation_column: Option<String>,
    /// Unit of every affinity, for instance `Kd_nM` or `pIC50`.
    #[arg(long)]
    pub unit: Option<String>,
    /// Folder that keeps featurised molecules, so that the next command reads them instead of featurising them again.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

/// Where tensors live.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum DeviceName {
    /// The best device there is.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
}
