//! The parts of the gate, in the order in which they run: cheapest first, and everything in the release profile and one feature
//! set, so that what `clippy` checked is not checked again and what `test` built is what the demo and everyday runs use.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

use crate::{
    cargo::{cargo, command, finish, root, target},
    deny::deny,
    python::python,
    tidy,
};

/// One part: its name, and what it does. What it returns is told in the closing lines.
type Part = (&'static str, fn() -> anyhow::Result<String>);

const CHECK: &[Part] = &[
    ("tidy", || tidy::check(root())),
    ("fmt", || cargo(&["fmt", "--all", "--check"], &[])),
    ("package", package),
    ("clippy", || {
        cargo(
            &[
                "clippy",
                "--release",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
            &[],
        )
    }),
    ("doc", || {
        cargo(
            &["doc", "--release", "--workspace", "--no-deps"],
            &[("RUSTDOCFLAGS", "-D warnings")],
        )
    }),
    ("test", test),
    ("deny", deny),
];
/// What `check` leaves out.
const FURTHER: &[Part] = &[("demo", demo), ("python", python)];

/// The words that are understood.
pub fn usage() -> String {
    let parts: Vec<&str> = CHECK.iter().chain(FURTHER).map(|part| part.0).collect();
    format!("use check, or one of {}", parts.join(", "))
}

/// Runs one part, or all that `check` means.
pub fn run(word: &str) -> anyhow::Result<()> {
    let wanted: Vec<&Part> = CHECK
        .iter()
        .filter(|part| word == "check" || word == part.0)
        .chain(FURTHER.iter().filter(|part| word == part.0))
        .collect();
    if wanted.is_empty() {
        bail!("unknown part `{word}`: {}", usage());
    }
    let mut closing = Vec::new();
    for (name, part) in wanted {
        println!("== {name}");
        let started = Instant::now();
        let outcome = part().with_context(|| format!("{name} failed"))?;
        closing.push(format!("{name:8}{:6.1} s  {outcome}", started.elapsed().as_secs_f64()));
    }
    println!("== passed\n{}", closing.join("\n"));
    Ok(())
}

/// Packs every crate as a release does. Locked versions are left out: to find those outside of this workspace needs the network.
fn package() -> anyhow::Result<String> {
    let crates = ["package", "--quiet", "--workspace", "--exclude", "xtask"];
    let quickly = ["--no-verify", "--allow-dirty", "--exclude-lockfile", "--offline"];
    cargo(&[&crates[..], &quickly].concat(), &[])
}

/// All tests and doctests. Their results are summed up, because the last lines of a workspace's tests tell of one crate only.
fn test() -> anyhow::Result<String> {
    let mut child = command(&["test", "--release", "--workspace"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test did not start")?;
    let mut results = Results::default();
    let output = child.stdout.take().context("the output of cargo test is piped")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("the output of cargo test broke off")?;
        let line = String::from_utf8_lossy(&line);
        results.read(&line);
        writeln!(std::io::stdout(), "{line}")?;
    }
    let status = child.wait().context("cargo test was lost")?;
    if !status.success() {
        bail!("cargo test --release --workspace: {status}; {results}");
    }
    results.check()?;
    Ok(results.to_string())
}

/// Sums of the lines `test result: ok. 3 passed; 0 failed; 0 ignored; ..`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Results {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Results {
    fn read(&mut self, line: &str) {
        let Some(rest) = line.trim_end().strip_prefix("test result: ") else {
            return;
        };
        let mut words = rest.split([' ', ';']).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let (Ok(count), Some(what)) = (word.parse::<u64>(), words.peek()) else {
                continue;
            };
            match *what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// A suite that runs nothing proves nothing, and a test that is switched off is none.
    fn check(&self) -> anyhow::Result<()> {
        match self {
            Self { passed: 0, .. } => bail!("no test ran"),
            Self { ignored: 1.., .. } => bail!("{self}: run or remove the ignored tests"),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
        } = self;
        write!(f, "{passed} tests passed, {failed} failed, {ignored} ignored")
    }
}

/// The quick demo. Building all targets gives the feature set of the tests, so that after `test` there is nothing left to build.
fn demo() -> anyhow::Result<String> {
    cargo(&["build", "--quiet", "--release", "--workspace", "--all-targets"], &[])?;
    let binary = target()
        .join("release")
        .join(format!("fusebind{}", std::env::consts::EXE_SUFFIX));
    let out = target().join("demo");
    // The demo of an earlier call, if there was one: the command writes into new folders only.
    let _ = std::fs::remove_dir_all(&out);
    finish(Command::new(&binary).args(["demo", "--quick", "--out"]).arg(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed_over_crates() {
        let mut results = Results::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            results.read(line);
        }
        assert_eq!(
            results,
            Results {
                passed: 5,
                failed: 1,
                ignored: 4
            }
        );
    }

    #[test]
    fn a_suite_that_proves_nothing_fails() {
        let of = |passed, ignored| Results {
            passed,
            failed: 0,
            ignored,
        };
        assert!(of(0, 0).check().is_err());
        assert!(of(9, 1).check().is_err());
        assert!(of(9, 0).check().is_ok());
    }

    #[test]
    fn unknown_words_are_answered_with_the_known_ones() {
        let message = run("chekc").unwrap_err().to_string();
        assert!(message.contains("clippy") && message.contains("demo"), "{message}");
    }
}
