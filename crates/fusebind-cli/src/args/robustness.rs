//! Flags of `fusebind robustness`.

use std::path::PathBuf;

use clap::Args;

use super::{DeviceName, EncoderArgs, PartName, SourceArgs};

/// Options of `robustness`.
#[derive(Debug, Args)]
pub struct RobustnessArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Data set folder or table; the one that the run was trained on without it.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Folder of side modalities; the run's without it.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Split file, split column, or column and parts as in `fold:valid=4,test=5`; the run's split without it.
    #[arg(long, value_name = "COLUMN_OR_FILE")]
    pub split: Option<String>,
    /// Part to score.
    #[arg(long, value_enum, default_value = "test")]
    pub part: PartName,
    /// Two missing rates and one sample of each, in place of nine rates and three samples.
    #[arg(long)]
    pub quick: bool,
    /// One JSON object on stdout in place of text.
    #[arg(long)]
    pub json: bool,
    /// Folder for every measurement (measurements.csv, measurements.parquet) and the summary (summary.json).
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}
