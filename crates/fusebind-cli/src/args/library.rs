//! Flags of `fusebind library`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DeviceName, EncoderArgs, SourceArgs, example};

/// What to do with a stored library.
#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// Read and code compounds once, for screenings in two stages.
    #[command(after_help = example::LIBRARY_BUILD)]
    Build(Box<LibraryBuildArgs>),
    /// Say what a stored library holds.
    #[command(after_help = example::LIBRARY_INFO)]
    Info(LibraryInfoArgs),
    /// Verify every file of a stored library.
    #[command(after_help = example::LIBRARY_CHECK)]
    Check(LibraryCheckArgs),
}

/// Options of `library build`.
#[derive(Debug, Args)]
pub struct LibraryBuildArgs {
    /// Files of compounds (CSV, TSV, SMILES, SDF, Parquet; packed or not).
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Folder of the library; one that was stopped goes on where it was.
    #[arg(short, long, value_name = "LIB")]
    pub out: PathBuf,
    /// Run folder or model file that codes the compounds.
    #[arg(long, value_name = "RUN")]
    pub model: PathBuf,
    /// Keep the first of several rows of one compound.
    #[arg(long)]
    pub distinct: bool,
    /// Add the files to a library that is complete.
    #[arg(long)]
    pub append: bool,
    /// Rows of the files in a part.
    #[arg(long, value_name = "ROWS", default_value_t = 65_536, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub part_rows: u64,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Options of `library info`.
#[derive(Debug, Args)]
pub struct LibraryInfoArgs {
    /// Folder of the library.
    #[arg(value_name = "LIB")]
    pub folder: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `library check`.
#[derive(Debug, Args)]
pub struct LibraryCheckArgs {
    /// Folder of the library.
    #[arg(value_name = "LIB")]
    pub folder: PathBuf,
    /// Also compare some codes of each part with those that this model gives.
    #[arg(long, value_name = "RUN")]
    pub model: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
}
