//! The gate and its parts. Comes in: one word. Goes out: exit code 0, or 1 with what is wrong on stderr.
//!
//! ```text
//! cargo xtask check                                               all but the demo and Python, cheapest first
//! cargo xtask tidy | fmt | package | clippy | doc | test | deny   one part
//! cargo xtask hardening [TRIALS [PART]]                           kills, damage, bombs and odd surroundings: a table, in about an hour
//! cargo xtask api [CASES]                                         requests that are made from the server's OpenAPI document, 2,000 unless said
//! cargo xtask browser                                             the server's page in Chromium; installs what it needs
//! cargo xtask demo                                                the quick demo, with the binary that the tests built
//! cargo xtask python                                              the wheel, its tests, and the notebook
//! ```

#![forbid(unsafe_code)]

mod api;
mod browser;
mod cargo;
mod deny;
mod gate;
#[cfg(unix)]
mod hardening;
mod python;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match &words[..] {
        [] => gate::run("check"),
        #[cfg(unix)]
        [word, rest @ ..] if word == "hardening" => match rest.first().map_or(Ok(1000), |trials| trials.parse()) {
            Ok(trials) => hardening::run(trials, rest.get(1).map(String::as_str)),
            Err(_) => Err(anyhow::anyhow!("`{}` is no number of trials", rest[0])),
        },
        [word, rest @ ..] if word == "api" => match rest.first().map_or(Ok(2000), |cases| cases.parse()) {
            Ok(cases) => api::run(cases),
            Err(_) => Err(anyhow::anyhow!("`{}` is no number of cases", rest[0])),
        },
        [word] if word == "browser" => browser::run(),
        [word] => gate::run(word),
        _ => Err(anyhow::anyhow!("one word at most: {}", gate::usage())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
