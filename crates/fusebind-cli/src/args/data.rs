//! Flags of `fusebind data`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Duplicates, ExcludeArgs, ImportArgs, MergeArgs, ScreeningArgs, SourceArgs, TableFormat, example};

/// `data` commands.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Counts, duplicates, conflicts, censoring, coverage, rejected rows, leakage.
    #[command(after_help = example::DATA_CHECK)]
    Check(CheckArgs),
    /// Write a split file.
    #[command(after_help = example::DATA_SPLIT)]
    Split(SplitArgs),
    /// Write a cleaned data set folder: repeated rows merged, negatives sampled.
    #[command(after_help = example::DATA_PREPARE)]
    Prepare(PrepareArgs),
    /// Write a data set folder from an export of BindingDB, ChEMBL, PubChem, TDC or DeepDTA.
    #[command(after_help = example::DATA_IMPORT)]
    Import(ImportArgs),
    /// Write several data sets as one: the same compounds and proteins recognised, every row with its source.
    #[command(after_help = example::DATA_MERGE)]
    Merge(MergeArgs),
    /// Write a data set without the pairs of another one, for honest tests.
    #[command(after_help = example::DATA_EXCLUDE)]
    Exclude(ExcludeArgs),
    /// Write a screening benchmark: known actives of each target are hidden among decoys.
    #[command(after_help = example::DATA_SCREENING)]
    Screening(ScreeningArgs),
    /// Write a simulated data set with all modalities, whose truth is known.
    #[command(after_help = example::DATA_SIMULATE)]
    Simulate(SimulateArgs),
}

/// Options of `data check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// Folder of side modalities; `DIR/modalities` is used if it exists.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// One JSON object on stdout in place of text.
    #[arg(long)]
    pub json: bool,
    /// Write all rejected rows to this CSV, TSV or Parquet file.
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// How to split.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum By {
    /// Pairs at random.
    Random,
    /// No test drug in training.
    UnseenDrug,
    /// No test target in training.
    UnseenTarget,
    /// Neither in training.
    UnseenPair,
    /// No test scaffold in training.
    Scaffold,
    /// No test sequence cluster in training.
    SequenceCluster,
    /// No test source in training; read from a column `source`.
    Source,
    /// Nothing in training that is later than the test part; read from a column `date` or `year`.
    Time,
}

/// Options of `data split`.
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// What test and training must not share.
    #[arg(long)]
    pub by: By,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Shares of train, valid and test.
    #[arg(
        long,
        value_name = "TRAIN,VALID,TEST",
        value_delimiter = ',',
        default_value = "0.7,0.1,0.2"
    )]
    pub fractions: Vec<f64>,
    /// With `--by source`: the sources that test. Where none is given, the fractions decide.
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub test_source: Vec<String>,
    /// Split file to write.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// How negatives are sampled.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Negatives {
    /// Evenly from all unknown pairs.
    Random,
    /// So that each drug and each target has as many negatives per positive as any other.
    DegreeMatched,
}

/// Options of `data prepare`.
#[derive(Debug, Args)]
pub struct PrepareArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// What happens to repeated rows.
    #[arg(long, value_enum, default_value_t)]
    pub duplicates: Duplicates,
    /// Sample negatives for a set that holds positives only; no pair of the set is sampled.
    #[arg(long, value_name = "HOW")]
    pub negatives: Option<Negatives>,
    /// Negatives per positive.
    #[arg(long, default_value_t = 1.0, requires = "negatives")]
    pub ratio: f64,
    /// Seed of the negatives.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Format of the written tables.
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
    /// New folder for `drugs`, `targets` and `pairs`.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// What makes simulated pairs bind.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RuleName {
    /// Latent vectors of fragments, protein families and motifs.
    Latent,
    /// Fragments that each bind to one motif; their places are in `planted_keys.json`.
    Keys,
}

/// Options of `data simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Distinct drugs.
    #[arg(long, value_name = "N")]
    pub drugs: Option<usize>,
    /// Distinct targets.
    #[arg(long, value_name = "N")]
    pub targets: Option<usize>,
    /// Measured pairs.
    #[arg(long, value_name = "N")]
    pub pairs: Option<usize>,
    /// Seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// What makes pairs bind.
    #[arg(long, value_enum, value_name = "RULE")]
    pub rule: Option<RuleName>,
    /// TOML file with noise levels, missing rates and every other field; flags win.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// New folder for the data set and its modalities.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
}
