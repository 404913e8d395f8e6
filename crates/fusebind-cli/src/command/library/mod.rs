//! `fusebind library`: compounds that are read and coded once and screened many times.

mod build;
mod check;
mod info;
mod mark;

pub use mark::model_mark;

use crate::{args::LibraryCommand, console::Console};

/// Runs a command.
pub fn run(command: LibraryCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        LibraryCommand::Build(args) => build::run(&args, console),
        LibraryCommand::Info(args) => info::run(&args),
        LibraryCommand::Check(args) => check::run(&args, console),
    }
}
