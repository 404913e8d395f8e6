//! The command line of fusebind: stdout is data, stderr is talk.
//!
//! [`args`] is what the user typed, [`command`] does it, [`load`] reads what the flags name, [`talk`] speaks on stderr,
//! [`report`] lays results out as pages, [`outcome`] ends the program.

mod args;
mod command;
mod load;
mod outcome;
mod report;
mod talk;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Cli::try_parse() {
        Ok(args) => args,
        Err(refusal) => return outcome::refuse(&refusal),
    };
    let talk = talk::Talk::new(args.quiet);
    outcome::exit(command::run(args.command, &talk))
}
