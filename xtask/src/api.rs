//! The server against what its OpenAPI document promises: generated requests, good and bad.
//!
//! Comes in: a number of cases. Goes out: whether every answer is one that the document names, with its type and its fields, whether none is a 5xx
//! but the refusals of a busy server, and whether the server still runs at the end; schemathesis says how many cases it sent. It comes from PyPI
//! and goes into a virtual environment in `target/api`. It makes few requests a second: what it sent, and requests that can be answered, are then
//! changed at random and sent, ten times as many (`changed.py`).

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{
    cargo::{cargo, finish, root, target},
    python::environment,
};

/// Exact, so that a new version changes nothing unasked.
const PACKAGES: [&str; 2] = ["schemathesis==4.32.0", "pyarrow==26.0.1"];
/// Changed requests for each that schemathesis is asked for.
const CHANGED: u64 = 10;
/// Operations whose cases do not end before they are as many as was asked for.
const ENDLESS: u64 = 7;
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Sends about this many cases.
pub fn run(cases: u64) -> anyhow::Result<()> {
    cargo(&["build", "--quiet", "--release", "--workspace", "--all-targets"], &[])?;
    let folder = target().join("api");
    let python = environment(&folder.join("venv"))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    finish(Command::new(&python).args(pip).args(PACKAGES))?;
    let fusebind = target().join("release/fusebind");
    let demo = folder.join("demo");
    // The demo of an earlier call, if there was one: its model may be of another version.
    let _ = std::fs::remove_dir_all(&demo);
    finish(
        Command::new(&fusebind)
            .args(["demo", "--quick", "--quiet", "--out"])
            .arg(&demo),
    )?;
    let (mut server, address) = start(&fusebind, &demo.join("run"))?;
    let tested = test(&python, &address, cases).and_then(|_| changed(&python, &address, cases));
    let ended = server.try_wait().context("the server was lost")?;
    let _ = server.kill();
    let _ = server.wait();
    tested?;
    match ended {
        Some(status) => bail!("the server ended: {status}"),
        None => println!("== passed"),
    }
    Ok(())
}

/// A server of its own port, and its address.
fn start(fusebind: &Path, run: &Path) -> anyhow::Result<(Child, String)> {
    let mut server = Command::new(fusebind)
        .arg("serve")
        .arg(run)
        .args(["--port", "0", "--quiet"])
        .stdout(Stdio::piped())
        .spawn()
        .context("the server did not start")?;
    let output = server.stdout.take().context("its output is piped")?;
    let mut address = String::new();
    BufReader::new(output).read_line(&mut address)?;
    Ok((server, address.trim().to_string()))
}

fn test(python: &Path, address: &str, cases: u64) -> anyhow::Result<String> {
    let scripts = root().join("crates/fusebind-server/tests/api");
    let each = cases.div_ceil(ENDLESS).to_string();
    let mut schemathesis = Command::new(python);
    // What an earlier call sent.
    let _ = std::fs::remove_file(recorded());
    schemathesis
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(scripts.join("schemathesis.toml"))
        .args(["run", &format!("{address}/openapi.json"), "--checks", CHECKS])
        .args(["--phases", "coverage,fuzzing,stateful", "--max-examples", &each])
        .args(["--generation-database", "none", "--continue-on-failure", "--no-color"])
        // It keeps a folder of its own where it runs.
        .current_dir(target().join("api"))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("RECORDED", recorded())
        .env("PYTHONPATH", &scripts)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    finish(&mut schemathesis)
}

/// The requests that schemathesis sent.
fn recorded() -> PathBuf {
    target().join("api/recorded.pickle")
}

/// Sends what was recorded, changed at random.
fn changed(python: &Path, address: &str, cases: u64) -> anyhow::Result<String> {
    let script = root().join("crates/fusebind-server/tests/api/changed.py");
    let mut changed = Command::new(python);
    changed.arg(script).arg(address).arg(recorded());
    changed.arg(target().join("api/demo/data"));
    finish(changed.arg((cases * CHANGED).to_string()).arg("1"))
}
