//! Flags of `fusebind ablate`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DeviceName, PartName, SourceArgs};

/// Options of `ablate`.
#[derive(Debug, Args)]
pub struct AblateArgs {
    /// Built-in recipe or recipe file.
    pub recipe: String,
    /// Data set folder or table.
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    data: Option<PathBuf>,
    /// Folder of side modalities.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Split file, split column, or column and parts as in `fold:valid=4,test=5`; the recipe's split without it.
    #[arg(long, value_name = "COLUMN_OR_FILE")]
    pub split: Option<String>,
    /// Variants to compare, all of them without it; `full`, the recipe as it is, is always one.
    #[arg(long, alias = "arms", value_delimiter = ',', value_name = "VARIANTS")]
    pub variants: Vec<String>,
    /// List the variants of this recipe and stop.
    #[arg(long)]
    pub list: bool,
    /// Seeds of each variant: 1 to N.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// Epochs, in place of the recipe's.
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Part to score.
    #[arg(long, value_enum, default_value = "test")]
    pub part: PartName,
    /// Processes at a time; one per core without it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Rounds of the paired bootstrap.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub rounds: usize,
    /// Nine missing rates and three samples for each measurement, in place of two rates and one sample.
    #[arg(long)]
    pub thorough: bool,
    /// Folder for scores, summary and report; runs that it holds are not repeated.
    #[arg(short, long, value_name = "DIR", required_unless_present = "list")]
    out: Option<PathBuf>,
    /// Train and score this one variant and seed, as in `full:1`; the command calls itself with it.
    #[arg(long, hide = true)]
    pub single: Option<String>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub source: SourceArgs,
}

impl AblateArgs {
    /// Data set folder or table.
    pub fn data(&self) -> &Path {
        self.data.as_deref().expect("clap requires it, except with --list")
    }

    /// Folder for everything that is written.
    pub fn out(&self) -> &Path {
        self.out.as_deref().expect("clap requires it, except with --list")
    }
}
