//! Flags of `fusebind train`.

use std::path::PathBuf;

use clap::Args;

use super::{DeviceName, SourceArgs};

/// Options of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Built-in recipe or recipe file.
    pub recipe: String,
    /// Data set folder or table.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of side modalities: texts, transcriptomes, assays.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Split file, split column, or column and parts as in `fold:valid=4,test=5`; the recipe's split without it.
    #[arg(long, value_name = "COLUMN_OR_FILE")]
    pub split: Option<String>,
    /// Train on training and validation pairs, for the recipe's number of epochs.
    #[arg(long)]
    pub all_folds: bool,
    /// Epochs, in place of the recipe's.
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Members of an ensemble, in place of the recipe's: predictions are their mean, with their spread.
    #[arg(long, value_name = "N")]
    pub ensemble: Option<u64>,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    /// Continue the run in the folder of --out.
    #[arg(long)]
    pub resume: bool,
    /// Run folder.
    #[arg(long, value_name = "RUN")]
    pub out: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}
