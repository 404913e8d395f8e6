//! One module per command.

mod ablate;
mod calibrate;
mod data;
mod demo;
mod demo_steps;
mod embed;
mod embed_inputs;
mod evaluate;
mod explain;
mod import;
mod library;
mod model;
mod output;
mod predict;
mod quality;
mod recipe;
mod robustness;
mod screen;
mod screening;
mod serve;
mod sets;
mod train;

use crate::{args::Command, console::Console};

/// Runs a command.
pub fn run(command: Command, console: &Console) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, console),
        Command::Data(args) => data::run(args, console),
        Command::Recipe(args) => recipe::run(args, console),
        Command::Train(args) => train::run(&args, console),
        Command::Evaluate(args) => evaluate::run(&args, console),
        Command::Robustness(args) => robustness::run(&args, console),
        Command::Ablate(args) => ablate::run(&args, console),
        Command::Calibrate(args) => calibrate::run(&args, console),
        Command::Predict(args) => predict::run(&args, console),
        Command::Embed(args) => embed::run(&args, console),
        Command::Library(args) => library::run(args, console),
        Command::Screen(args) => screen::run(args, console),
        Command::Serve(args) => serve::run(args, console),
        Command::Quality(args) => quality::run(&args, console),
        Command::Model(args) => model::run(args, console),
    }
}
