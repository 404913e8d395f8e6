//! `fusebind serve`: a model over HTTP, until Ctrl-C.

use std::net::SocketAddr;

use anyhow::Context;
use fusebind::predict::KeptIn;
use fusebind_server::{App, Limits, OpenError, ServerConfig, serve, signal};

use super::output::say;
use crate::{args::ServeArgs, console::Console, exit::Failure};

/// Keeps the token out of the list of processes.
const TOKEN: &str = "FUSEBIND_TOKEN";

pub fn run(args: ServeArgs, console: &Console) -> anyhow::Result<()> {
    let token = args.token.or_else(|| std::env::var(TOKEN).ok());
    let config = ServerConfig {
        host: args.host,
        port: args.port,
        token: token.filter(|token| !token.is_empty()),
        results: args.results,
        encoders: args.encoders.folders(KeptIn::Memory),
        logs: !console.is_quiet(),
        limits: Limits {
            body_bytes: (args.max_body as usize) << 20,
            rows: args.max_rows as usize,
            job_rows: args.max_job_rows as usize,
            answer_seconds: args.max_seconds.into(),
            kept_seconds: args.keep_jobs.into(),
            ..Limits::default()
        },
    };
    let app = App::open(&args.run, config).map_err(refused)?;
    let address = SocketAddr::new(args.host, args.port);
    let ready = |address: SocketAddr| {
        // A closed stdout is no reason to stop serving.
        let _ = say(format_args!("http://{address}"));
        console.note(format_args!(
            "serves {} at http://{address}; Ctrl-C stops it",
            args.run.display()
        ));
    };
    serve(&app, ready, signal()).with_context(|| format!("cannot listen at {address}"))
}

fn refused(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Model(error) => error.into(),
        OpenError::System(error) => anyhow::Error::from(error).context("the server cannot start"),
        OpenError::Token => Failure::misuse(
            error.to_string(),
            format!("set {TOKEN} to a long random text, or leave --host out to serve this machine alone"),
        ),
    }
}
