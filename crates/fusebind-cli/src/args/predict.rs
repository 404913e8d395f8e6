//! Flags of `fusebind predict`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{DeviceName, SourceArgs};

/// Options of `predict`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["smiles", "pairs", "drugs"]).required(true))]
pub struct PredictArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// SMILES of one drug.
    #[arg(long, requires = "sequence")]
    pub smiles: Option<String>,
    /// Sequence of one target.
    #[arg(long, requires = "smiles")]
    pub sequence: Option<String>,
    /// Table or folder of pairs.
    #[arg(long, value_name = "FILE")]
    pub pairs: Option<PathBuf>,
    /// Table or SD file of drugs, to be paired with every target of --targets.
    #[arg(long, requires = "targets", value_name = "FILE")]
    pub drugs: Option<PathBuf>,
    /// Table or FASTA file of targets.
    #[arg(long, requires = "drugs", value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Folder of side modalities of drugs and targets, any of them for any of the entities.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Read these modalities only.
    #[arg(long, value_delimiter = ',', value_name = "MODALITIES")]
    pub only: Vec<String>,
    /// Read all modalities but these: graph, sequence, text, transcriptome, bioassay.
    #[arg(long, value_delimiter = ',', value_name = "MODALITIES")]
    pub without: Vec<String>,
    /// CSV, TSV or Parquet file; CSV on stdout without it.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Mismatch rates of the side tables, as `quality estimate` writes them; those of training without it.
    #[arg(long, value_name = "FILE")]
    pub mismatch_rates: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub source: SourceArgs,
}
