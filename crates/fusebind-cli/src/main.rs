//! The command line of fusebind: stdout is data, stderr is talk.

mod args;
mod command;
mod load;
mod outcome;
mod talk;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Cli::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to stdout with code 0, misuse to stderr with code 2; a closed pipe is nobody's fault.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let talk = talk::Talk::new(args.quiet);
    outcome::exit(command::run(args.command, &talk))
}
