//! What the user typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Does this compound bind this target, and how sure are we?
#[derive(Debug, Parser)]
#[command(name = "fusebind", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// No progress and no notes on stderr; errors are still shown.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a small universe, train on it, and show scores beside floors and the planted ceiling.
    Demo(DemoArgs),
    /// Look at a data set, or split it.
    #[command(subcommand)]
    Data(DataCommand),
    /// List, copy or check recipes.
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// Train a model.
    Train(TrainArgs),
    /// Score a trained model beside its floors.
    Evaluate(EvaluateArgs),
    /// Predict pairs with a trained model.
    Predict(PredictArgs),
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder for the simulated data and the run; a temporary one is used and removed without it.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// `data` commands.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Counts, duplicates, conflicts, censoring, coverage, rejected rows, leakage.
    Check(CheckArgs),
    /// Write a split file.
    Split(SplitArgs),
}

/// Where the data is and how it is read.
#[derive(Debug, Default, Args, Clone)]
pub struct SourceArgs {
    /// Column of drug ids, where detection fails.
    #[arg(long)]
    pub drug_id: Option<String>,
    /// Column of SMILES.
    #[arg(long)]
    pub smiles_column: Option<String>,
    /// Column of target ids.
    #[arg(long)]
    pub target_id: Option<String>,
    /// Column of sequences.
    #[arg(long)]
    pub sequence_column: Option<String>,
    /// Column of binding labels.
    #[arg(long)]
    pub label: Option<String>,
    /// Column of affinities.
    #[arg(long)]
    pub affinity: Option<String>,
    /// Unit of every affinity, for instance `Kd_nM`.
    #[arg(long)]
    pub unit: Option<String>,
}

/// Options of `data check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// Folder of side modalities; `DIR/modalities` is used if it exists.
    #[arg(long)]
    pub modalities: Option<PathBuf>,
    /// One JSON object on stdout in place of text.
    #[arg(long)]
    pub json: bool,
    /// Write rejected rows to this CSV file.
    #[arg(long)]
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
}

/// Options of `data split`.
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Data set folder or table.
    pub dir: PathBuf,
    /// How to split.
    #[arg(long)]
    pub by: By,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Shares of train, valid and test.
    #[arg(long, value_delimiter = ',', default_values_t = [0.7, 0.1, 0.2])]
    pub fractions: Vec<f64>,
    /// Split file to write.
    #[arg(short, long)]
    pub out: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `recipe` commands.
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Built-in recipes.
    List,
    /// Write a complete recipe to a file.
    Copy {
        /// Built-in recipe or recipe file.
        recipe: String,
        /// File to write.
        file: PathBuf,
    },
    /// Check a recipe and print it complete.
    Check {
        /// Built-in recipe or recipe file.
        recipe: String,
    },
}

/// Options of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Built-in recipe or recipe file.
    pub recipe: String,
    /// Data set folder or table.
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of side modalities; checked and reported, read by models with encoders for them.
    #[arg(long)]
    pub modalities: Option<PathBuf>,
    /// Split column, or split file; the recipe's split without it.
    #[arg(long)]
    pub split: Option<String>,
    /// Train on training and validation pairs, for the recipe's number of epochs.
    #[arg(long)]
    pub all_folds: bool,
    /// Epochs, in place of the recipe's.
    #[arg(long)]
    pub epochs: Option<u64>,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// auto, cpu or cuda.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Go on with the run in the folder of --out.
    #[arg(long)]
    pub resume: bool,
    /// Run folder.
    #[arg(long)]
    pub out: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}

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

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Data set folder or table.
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of side modalities, for the presence floor.
    #[arg(long)]
    pub modalities: Option<PathBuf>,
    /// Split column or split file; the recipe's split without it.
    #[arg(long)]
    pub split: Option<String>,
    /// Part to score.
    #[arg(long, default_value = "test")]
    pub part: PartName,
    /// Read these modalities only.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Read all modalities but these.
    #[arg(long, value_delimiter = ',')]
    pub without: Vec<String>,
    /// One JSON object on stdout in place of text.
    #[arg(long)]
    pub json: bool,
    /// Leave out the floors, of which the boosted trees take longest.
    #[arg(long)]
    pub no_floors: bool,
    /// Write truth and prediction of every pair to this CSV or Parquet file.
    #[arg(long)]
    pub predictions: Option<PathBuf>,
    /// auto, cpu or cuda.
    #[arg(long, default_value = "auto")]
    pub device: String,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Options of `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// SMILES of one drug.
    #[arg(long, requires = "sequence")]
    pub smiles: Option<String>,
    /// Sequence of one target.
    #[arg(long, requires = "smiles")]
    pub sequence: Option<String>,
    /// Table or folder of pairs.
    #[arg(long, conflicts_with_all = ["smiles", "drugs"])]
    pub pairs: Option<PathBuf>,
    /// Table of drugs, to be paired with every target of --targets.
    #[arg(long, requires = "targets", conflicts_with = "smiles")]
    pub drugs: Option<PathBuf>,
    /// Table or FASTA file of targets.
    #[arg(long, requires = "drugs")]
    pub targets: Option<PathBuf>,
    /// Folder of side modalities.
    #[arg(long)]
    pub modalities: Option<PathBuf>,
    /// CSV, TSV or Parquet file; CSV on stdout without it.
    #[arg(short, long)]
    pub out: Option<PathBuf>,
    /// auto, cpu or cuda.
    #[arg(long, default_value = "auto")]
    pub device: String,
    #[command(flatten)]
    pub source: SourceArgs,
}
