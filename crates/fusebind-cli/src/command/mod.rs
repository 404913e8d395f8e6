//! One module per command.

pub mod ablate;
mod data;
mod demo;
mod evaluate;
mod predict;
mod recipe;
mod robustness;
mod train;

use std::path::Path;

use anyhow::Context;

use crate::{args::Command, talk::Talk};

/// Runs a command.
pub fn run(command: Command, talk: &Talk) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, talk),
        Command::Data(args) => data::run(args, talk),
        Command::Recipe(args) => recipe::run(args),
        Command::Train(args) => train::run(&args, talk),
        Command::Evaluate(args) => evaluate::run(&args, talk),
        Command::Robustness(args) => robustness::run(&args, talk),
        Command::Ablate(args) => ablate::run(&args, talk),
        Command::Predict(args) => predict::run(&args, talk),
    }
}

/// Prints a line on stdout; a closed pipe ends the program quietly.
fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{line}")
}

/// Makes the folder that `output` is to lie in, so that `--out runs/first` works in an empty folder.
fn make_room(output: &Path) -> anyhow::Result<()> {
    match output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => {
            std::fs::create_dir_all(parent).with_context(|| format!("the folder {} cannot be made", parent.display()))
        }
        None => Ok(()),
    }
}
