//! Flags of `fusebind predict`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{DeviceName, EncoderArgs, SourceArgs};

/// Options of `predict`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["smiles", "sequence", "pairs", "drugs", "targets"]).required(true).multiple(true))]
pub struct PredictArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// SMILES of one drug, for one sequence, for all --targets, or for a table of pairs that names no drugs.
    #[arg(long, conflicts_with = "drugs")]
    pub smiles: Option<String>,
    /// Sequence of one target, for one SMILES, for all --drugs, or for a table of pairs that names no targets.
    #[arg(long, conflicts_with = "targets")]
    pub sequence: Option<String>,
    /// Table or folder of pairs.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["drugs", "targets"])]
    pub pairs: Option<PathBuf>,
    /// Table or SD file of drugs, each with every target.
    #[arg(long, value_name = "FILE")]
    pub drugs: Option<PathBuf>,
    /// Table or FASTA file of targets, each with every drug.
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Further columns of the input that the output keeps; all of them without names.
    #[arg(long, value_name = "COLUMNS", num_args = 0..=1, default_missing_value = "*", value_delimiter = ',')]
    pub keep_columns: Option<Vec<String>>,
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
    /// Write the reasons for each prediction too: training pairs, modalities, atoms and residues, as JSON or as a page (.html).
    #[arg(long, value_name = "FILE")]
    pub explain: Option<PathBuf>,
    /// Mismatch rates of the side tables, as `quality estimate` writes them; those of training without it.
    #[arg(long, value_name = "FILE")]
    pub mismatch_rates: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}
