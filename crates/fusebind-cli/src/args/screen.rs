//! Flags of `fusebind screen`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use fusebind::predict::Domain;

use super::{DeviceName, EncoderArgs, SourceArgs, example};

/// What to do with a screening.
#[derive(Debug, Subcommand)]
pub enum ScreenCommand {
    /// Rank a library for each target, or a proteome for each compound.
    #[command(after_help = example::SCREEN_RUN)]
    Run(Box<ScreenArgs>),
    /// Write the hits of a screening whose units were computed by several runs.
    #[command(after_help = example::SCREEN_MERGE)]
    Merge(MergeHitsArgs),
    /// Say how far a screening is.
    #[command(after_help = example::SCREEN_STATUS)]
    Status(StatusArgs),
}

/// Options of `screen run`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("compounds").args(["library", "drugs", "smiles"]).required(true))]
#[command(group = ArgGroup::new("proteins").args(["targets", "sequence"]).required(true))]
pub struct ScreenArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// Files of compounds (CSV, TSV, SMILES, SDF, Parquet; packed or not), or the folder of a stored library; the best for each target are hits.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub library: Vec<PathBuf>,
    /// File of compounds, for each of which the best targets are hits.
    #[arg(long, value_name = "FILE")]
    pub drugs: Option<PathBuf>,
    /// SMILES of one compound, for which the best targets are hits.
    #[arg(long)]
    pub smiles: Option<String>,
    /// Table or FASTA file of targets.
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Sequence of one target.
    #[arg(long)]
    pub sequence: Option<String>,
    /// Table or FASTA file of proteins that should not be bound: `selectivity` is the prediction less that of the best of them.
    #[arg(long, value_name = "FILE")]
    pub off_targets: Option<PathBuf>,
    /// Hits for each target, or for each compound.
    #[arg(long, value_name = "K", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub top: u64,
    /// CSV, TSV or Parquet file of hits.
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["shard", "dry_run"])]
    pub out: Option<PathBuf>,
    /// HTML page of the hits: drawings, intervals, properties, clusters, what filters left out and what a first stage missed.
    #[arg(long, value_name = "FILE", requires = "out")]
    pub report: Option<PathBuf>,
    /// Folder that keeps each finished unit, so that the same command goes on where it was stopped; or a place as s3://BUCKET/PREFIX.
    #[arg(long, value_name = "DIR|URL")]
    pub work: Option<PathBuf>,
    /// Compute only each N-th unit, the I-th of them first (1/N to N/N); `screen merge` writes the hits.
    #[arg(long, value_name = "I/N", requires = "work", conflicts_with = "out")]
    pub shard: Option<String>,
    /// Rows of the library in a unit.
    #[arg(long, value_name = "ROWS", default_value_t = 65_536, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub unit_rows: u64,
    /// Time a sample, say what the whole takes, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub stage: StageArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// How a stored library is screened.
#[derive(Debug, Args)]
#[command(next_help_heading = "A stored library")]
pub struct StageArgs {
    /// Compounds that the whole model looks at for each target [default: ten for each hit, at least 10,000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub candidates: Option<u64>,
    /// Compounds that the whole model scores to fit the first stage and to measure its recall, half each.
    #[arg(long, value_name = "ROWS", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(200..=10_000_000))]
    pub sample: u64,
    /// Give every compound to the whole model.
    #[arg(long, conflicts_with_all = ["candidates", "sample"])]
    pub exact: bool,
}

/// Which compounds are scored, and which hits are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which compounds are kept")]
pub struct FilterArgs {
    /// Range of a property: heavy-atoms, weight, donors, acceptors, rotatable-bonds, charge or rings, as weight=200..500 or donors=..5.
    #[arg(long, value_name = "RANGE", value_delimiter = ',')]
    pub property: Vec<String>,
    /// Compounds that are similar to this one, or to one of several.
    #[arg(long, value_name = "SMILES")]
    pub like: Vec<String>,
    /// Least similarity to them (Tanimoto coefficient of ECFP4).
    #[arg(long, value_name = "S", default_value_t = 0.5, requires = "like")]
    pub least_similarity: f64,
    /// Compounds without these structural alerts: tables of name and SMARTS.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub alerts: Vec<PathBuf>,
    /// Keep compounds with alerts, and name the alerts in a column of the hits.
    #[arg(long, requires = "alerts")]
    pub mark_alerts: bool,
    /// Pairs inside what the model knows, or no further out than its edge.
    #[arg(long, value_name = "WORST")]
    pub domain: Option<WorstDomain>,
    /// Hits that are less similar than S to every better hit, among the best 10 K.
    #[arg(long, value_name = "S", num_args = 0..=1, default_missing_value = "0.6")]
    pub diverse: Option<f64>,
}

/// How far outside of what a model knows a hit may lie.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum WorstDomain {
    /// Not at all.
    Inside,
    /// At the edge.
    Edge,
}

impl From<WorstDomain> for Domain {
    fn from(worst: WorstDomain) -> Self {
        match worst {
            WorstDomain::Inside => Self::Inside,
            WorstDomain::Edge => Self::Edge,
        }
    }
}

/// Options of `screen merge`.
#[derive(Debug, Args)]
pub struct MergeHitsArgs {
    /// Folders or places of units, of one screening.
    #[arg(required = true, value_name = "DIR|URL")]
    pub folders: Vec<PathBuf>,
    /// CSV, TSV or Parquet file of hits.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// HTML page of the hits, as of `screen run`.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The model, where it is no longer where it was.
    #[arg(long, value_name = "RUN")]
    pub model: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
}

/// Options of `screen status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Folders or places of units, of one screening.
    #[arg(required = true, value_name = "DIR|URL")]
    pub folders: Vec<PathBuf>,
}
