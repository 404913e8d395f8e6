//! The gate and its parts: `cargo xtask check`, or one of `fmt`, `clippy`, `doc`, `test`, `demo`, `tidy`.

mod tidy;

use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

/// Name, arguments of cargo, environment.
type Step = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// Cheapest first. The demo runs in the profile of the tests, so that nothing is built twice.
const STEPS: &[Step] = &[
    ("fmt", &["fmt", "--all", "--check"], &[]),
    (
        "clippy",
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        &[],
    ),
    (
        "doc",
        &["doc", "--workspace", "--no-deps"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    ),
    ("test", &["test", "--workspace"], &[]),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_else(|| "check".into());
    match run(&wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &str) -> anyhow::Result<()> {
    if wanted == "check" || wanted == "tidy" {
        println!("== tidy");
        tidy::check()?;
    }
    let mut known = wanted == "tidy";
    for (name, arguments, environment) in STEPS {
        if wanted == "check" || wanted == *name {
            known = true;
            println!("== {name}");
            let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
            let status = Command::new(cargo)
                .args(*arguments)
                .envs(environment.iter().copied())
                .status()
                .with_context(|| format!("cargo {} did not start", arguments.join(" ")))?;
            if !status.success() {
                bail!("{name} failed");
            }
        }
    }
    if known {
        Ok(())
    } else {
        bail!("unknown step `{wanted}`: use check, tidy, fmt, clippy, doc or test")
    }
}
