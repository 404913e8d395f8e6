//! `fusebind screen`: a library against targets, or compounds against a proteome, in units that can be computed anywhere.
//!
//! In reading order: what is screened ([`plan`]), a unit and its hits ([`unit`]), where units are kept ([`place`], [`work`]), what is left of
//! all units ([`tally`]), the table of hits ([`hits`]), and the commands.

mod flags;
mod hits;
mod merge;
mod place;
pub mod plan;
pub mod progress;
#[cfg(feature = "object-storage")]
mod remote;
pub mod rows;
mod run;
mod shown;
mod stage;
mod status;
mod tally;
pub mod unit;
mod work;

use crate::{args::ScreenCommand, console::Console};

/// Runs a command.
pub fn run(command: ScreenCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        ScreenCommand::Run(args) => run::run(&args, console),
        ScreenCommand::Merge(args) => merge::run(&args, console),
        ScreenCommand::Status(args) => status::run(&args),
    }
}
