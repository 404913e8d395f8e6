//! One module per command.

mod data;
mod demo;
mod evaluate;
mod predict;
mod recipe;
mod train;

use crate::{args::Command, talk::Talk};

/// Runs a command.
pub fn run(command: Command, talk: &Talk) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, talk),
        Command::Data(args) => data::run(args, talk),
        Command::Recipe(args) => recipe::run(args),
        Command::Train(args) => train::run(&args, talk),
        Command::Evaluate(args) => evaluate::run(&args, talk),
        Command::Predict(args) => predict::run(&args, talk),
    }
}

/// Prints a line on stdout; a closed pipe ends the program quietly.
pub fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{line}")
}
