//! What the user typed, one file per command. Nothing here reads a file or decides anything beyond which flags go together.

mod ablate;
mod calibrate;
mod data;
mod demo;
mod embed;
mod encoders;
mod evaluate;
mod example;
mod import;
mod library;
mod model;
mod predict;
mod quality;
mod recipe;
mod robustness;
mod screen;
mod screening;
mod serve;
mod sets;
mod source;
mod tables;
mod train;

pub use ablate::AblateArgs;
pub use calibrate::CalibrateArgs;
pub use data::{By, CheckArgs, DataCommand, Negatives, PrepareArgs, RuleName, SimulateArgs, SplitArgs};
pub use demo::DemoArgs;
pub use embed::{EmbedArgs, PoolingName, PrecisionName};
pub use encoders::EncoderArgs;
pub use evaluate::{EvaluateArgs, PartName};
pub use import::{ImportArgs, ImportLayout};
pub use library::{LibraryBuildArgs, LibraryCheckArgs, LibraryCommand, LibraryInfoArgs};
pub use model::ModelCommand;
pub use predict::PredictArgs;
pub use quality::{EstimateArgs, PlantedArgs, QualityCommand, ReasonsArgs};
pub use recipe::RecipeCommand;
pub use robustness::RobustnessArgs;
pub use screen::{MergeHitsArgs, ScreenArgs, ScreenCommand, StatusArgs};
pub use screening::{LibraryKind, ScreeningArgs};
pub use serve::ServeArgs;
pub use sets::{ExcludeArgs, MergeArgs, Shared};
pub use source::{DeviceName, SourceArgs};
pub use tables::{Duplicates, TableFormat};
pub use train::TrainArgs;

use clap::{Parser, Subcommand};

/// Does this compound bind this target, and how sure are we?
///
/// Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 misused.
#[derive(Debug, Parser)]
#[command(name = "fusebind", version, arg_required_else_help = true, after_help = example::FUSEBIND)]
pub struct Cli {
    /// No progress and no notes on stderr; errors are still shown.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a small universe, train on it, and show scores beside baselines and the planted ceiling.
    #[command(after_help = example::DEMO)]
    Demo(DemoArgs),
    /// Look at a data set, split it, or write a cleaned one.
    #[command(subcommand, after_help = example::DATA)]
    Data(DataCommand),
    /// List, copy or check recipes.
    #[command(subcommand, after_help = example::RECIPE)]
    Recipe(RecipeCommand),
    /// Train a model.
    #[command(after_help = example::TRAIN)]
    Train(TrainArgs),
    /// Score a trained model beside baselines.
    #[command(after_help = example::EVALUATE)]
    Evaluate(EvaluateArgs),
    /// Score a trained model with modalities missing, switched off, or wrong.
    #[command(after_help = example::ROBUSTNESS)]
    Robustness(RobustnessArgs),
    /// Compare a recipe with variations of itself, over seeds.
    #[command(after_help = example::ABLATE)]
    Ablate(AblateArgs),
    /// Fit intervals and probabilities of a model to labelled pairs of your own; its weights stay what they are.
    #[command(after_help = example::CALIBRATE)]
    Calibrate(CalibrateArgs),
    /// Predict pairs with a trained model.
    #[command(after_help = example::PREDICT)]
    Predict(PredictArgs),
    /// Embed targets, drugs or texts with a pretrained encoder from a local folder, as a side table.
    #[command(after_help = example::EMBED)]
    Embed(EmbedArgs),
    /// Read and code a library once, for screenings in two stages.
    #[command(subcommand, after_help = example::LIBRARY)]
    Library(LibraryCommand),
    /// Rank a library of any size for targets, or a proteome for compounds.
    #[command(subcommand, after_help = example::SCREEN)]
    Screen(ScreenCommand),
    /// Serve a model over HTTP, with a page for the browser.
    #[command(after_help = example::SERVE)]
    Serve(ServeArgs),
    /// Estimate how many values of side tables belong to another entity.
    #[command(subcommand, after_help = example::QUALITY)]
    Quality(QualityCommand),
    /// Say what a model file holds, or write it without the training pairs.
    #[command(subcommand, after_help = example::MODEL_INFO)]
    Model(ModelCommand),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_flags_contradict_nothing() {
        super::Cli::command().debug_assert();
    }
}
