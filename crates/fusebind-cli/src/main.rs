//! The command line of fusebind: stdout is data, stderr is talk.
//!
//! [`args`] is what the user typed, [`command`] does it, [`load`] reads what the flags name, [`console`] writes to stderr,
//! [`report`] lays results out as pages, [`exit`] ends the program.

mod args;
mod command;
mod console;
mod exit;
mod interrupt;
mod load;
mod report;
mod run_source;
mod stdio;
mod threads;
mod variant_run;

use std::process::ExitCode;

use clap::Parser;

/// Hands freed memory out again instead of giving it back to the system, which would clear its pages anew at every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
/// `mi_option_purge_delay` of the allocator's C header, which the crate does not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Stack of a thread of the pool, as large as that of a main thread.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let args = match args::Cli::try_parse() {
        Ok(args) => args,
        Err(refusal) => return exit::refuse(&refusal),
    };
    let console = console::Console::new(args.quiet);
    // Below 0, what is freed is never given back while the program runs.
    // SAFETY: the function refuses a number that is no option and writes to one entry of the allocator's table. No other thread runs
    // yet that could read it meanwhile.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    // Everything runs inside the thread pool: a thread outside would wake it and sleep once for each of thousands of small products.
    // Only the first pool that is built counts, and this is the first.
    let threads = threads::available(STACK);
    if let Some(note) = &threads.note {
        console.note(note);
    }
    let mut pool = rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .num_threads(threads.count);
    if threads.alone {
        pool = pool.use_current_thread();
    }
    let _ = pool.build_global();
    let is_server = matches!(args.command, args::Command::Serve(_));
    let run = || command::run(args.command, &console);
    exit::exit(match is_server {
        // A server waits for most of its time, and would take a thread of the pool for it.
        true => run(),
        false => rayon::scope(|_| run()),
    })
}
