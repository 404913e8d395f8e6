//! Flags of `fusebind quality`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DeviceName, EncoderArgs, SourceArgs, example};

/// What to do with the quality of side data.
#[derive(Debug, Subcommand)]
pub enum QualityCommand {
    /// Estimate how many values of each side table belong to another entity, for `--mismatch-rates`.
    #[command(after_help = example::QUALITY)]
    Estimate(EstimateArgs),
    /// Check that the reasons for predictions change when the weights or the training labels of the model are shuffled.
    #[command(after_help = example::QUALITY_REASONS)]
    Reasons(ReasonsArgs),
    /// Check that the reasons for predictions point at what makes simulated pairs bind.
    #[command(after_help = example::QUALITY_PLANTED)]
    Planted(PlantedArgs),
}

/// Options of `quality planted`.
#[derive(Debug, Args)]
pub struct PlantedArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// Folder that `data simulate --rule keys` wrote and the model was trained on.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Run folder or model file whose reasons are compared with those of RUN, for instance one that was trained on shuffled labels.
    #[arg(long, value_name = "RUN")]
    pub against: Option<PathBuf>,
    /// Pairs that are explained: evenly spaced among those that share a key and were not trained on.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pairs: u32,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
}

/// Options of `quality reasons`.
#[derive(Debug, Args)]
pub struct ReasonsArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// Data set folder or table of pairs to explain; labels are not needed.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of side modalities.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Pairs that are explained, evenly spaced among those of the table.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pairs: u32,
    /// Seed of the shuffling.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Options of `quality estimate`.
#[derive(Debug, Args)]
pub struct EstimateArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// Data set folder or table whose drugs and targets the side tables describe.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of side modalities.
    #[arg(long, value_name = "DIR")]
    pub modalities: PathBuf,
    /// JSON file for the rates; stdout without it.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}
