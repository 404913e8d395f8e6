//! Flags of `fusebind evaluate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fusebind::data::split::Part;

use super::{DeviceName, EncoderArgs, SourceArgs};

/// Part of a split.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PartName {
    /// Pairs that test.
    Test,
    /// Pairs that validate.
    Valid,
    /// Pairs that train.
    Train,
}

impl PartName {
    /// The part.
    pub fn part(self) -> Part {
        match self {
            Self::Test => Part::Test,
            Self::Valid => Part::Valid,
            Self::Train => Part::Train,
        }
    }
}

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Data set folder or table; the one that the run was trained on without it.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Folder of side modalities, for models that read them and for the baseline that knows only which of them exist; the run's
    /// without it.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Split file, split column, or column and parts as in `fold:valid=4,test=5`; the run's split without it.
    #[arg(long, value_name = "COLUMN_OR_FILE")]
    pub split: Option<String>,
    /// Part to score.
    #[arg(long, value_enum, default_value = "test")]
    pub part: PartName,
    /// Read these modalities only.
    #[arg(long, value_delimiter = ',', value_name = "MODALITIES")]
    pub only: Vec<String>,
    /// Read all modalities but these: graph, sequence, text, transcriptome, bioassay.
    #[arg(long, value_delimiter = ',', value_name = "MODALITIES")]
    pub without: Vec<String>,
    /// One JSON object on stdout in place of text.
    #[arg(long)]
    pub json: bool,
    /// Leave out the baselines, of which the boosted trees take longest.
    #[arg(long, alias = "no-floors")]
    pub no_baselines: bool,
    /// Write truth and prediction of every pair to this CSV, TSV or Parquet file.
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
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
