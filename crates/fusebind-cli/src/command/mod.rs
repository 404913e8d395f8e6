//! One module per command.

pub mod ablate;
mod data;
mod demo;
mod evaluate;
mod model;
mod predict;
mod recipe;
mod robustness;
mod train;

use std::path::Path;

use anyhow::Context;

use crate::{args::Command, console::Console};

/// Runs a command.
pub fn run(command: Command, console: &Console) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, console),
        Command::Data(args) => data::run(args, console),
        Command::Recipe(args) => recipe::run(args),
        Command::Train(args) => train::run(&args, console),
        Command::Evaluate(args) => evaluate::run(&args, console),
        Command::Robustness(args) => robustness::run(&args, console),
        Command::Ablate(args) => ablate::run(&args, console),
        Command::Predict(args) => predict::run(&args, console),
        Command::Model(args) => model::run(args, console),
    }
}

/// Prints a line on stdout; a closed pipe ends the program quietly.
fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{line}")
}

/// Makes the folder that `output` is to lie in, so that `--out runs/first` works in an empty folder.
fn create_parent(output: &Path) -> anyhow::Result<()> {
    match output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => {
            std::fs::create_dir_all(parent).with_context(|| format!("the folder {} cannot be made", parent.display()))
        }
        None => Ok(()),
    }
}
