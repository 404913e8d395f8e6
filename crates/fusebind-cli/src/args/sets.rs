//! Flags of `fusebind data merge` and `fusebind data exclude`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Duplicates, SourceArgs, TableFormat};

/// Options of `data merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Data set folders or tables; each gives its rows their source, under the name of the folder or file.
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    pub sets: Vec<PathBuf>,
    /// Names of the sources, in the order of the sets.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub names: Vec<String>,
    /// What happens to rows that repeat a (drug, target, scale).
    #[arg(long, value_enum, default_value_t)]
    pub duplicates: Duplicates,
    /// Format of the written tables.
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
    /// New folder for `drugs`, `targets` and `pairs`.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// One JSON object with the counts on stdout.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// What two data sets must not share.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Shared {
    /// Compound and protein together.
    #[default]
    Pair,
    /// The compound.
    Drug,
    /// The protein.
    Target,
    /// The compound or the protein.
    Either,
}

/// Options of `data exclude`.
#[derive(Debug, Args)]
pub struct ExcludeArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// Data set folder or table whose content is excluded.
    #[arg(long, value_name = "DIR")]
    pub pairs: PathBuf,
    /// What rows are excluded by, whatever its id or spelling.
    #[arg(long, value_enum, default_value_t)]
    pub by: Shared,
    /// Format of the written tables.
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
    /// New folder for `drugs`, `targets` and `pairs`.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// One JSON object with the counts on stdout.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub source: SourceArgs,
}
