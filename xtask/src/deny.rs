//! What may be linked: licences, sources, bans and advisories, by cargo-deny. Comes in: nothing. Goes out: what was checked.
//!
//! The program is no part of a Rust toolchain, so it is built once, in this version, into the folder that cargo builds into:
//! two minutes on two cores, without optimisation, which would take longer than it saves.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::cargo::{command, finish, root, target};

/// Newer versions may read `deny.toml` in another way.
const VERSION: &str = "0.20.2";

/// Checks licences, bans and sources, which needs the crates registry only, and advisories where their database can be reached.
pub fn deny() -> anyhow::Result<String> {
    let program = program()?;
    finish(run(&program).args(["check", "licenses", "bans", "sources"]))?;
    // Fetched by itself, so that a database that cannot be reached is told from an advisory that was found.
    if finish(run(&program).args(["fetch", "db"])).is_err() {
        println!("{}", "!".repeat(100));
        println!("ADVISORIES WERE NOT CHECKED: their database cannot be reached from here");
        println!("{}", "!".repeat(100));
        return Ok("licences, bans and sources ok; ADVISORIES NOT CHECKED, database not reached".into());
    }
    finish(run(&program).args(["check", "advisories"]))?;
    Ok("licences, bans, sources and advisories ok".into())
}

/// The program: one of this version that is there, or one that is built now.
fn program() -> anyhow::Result<PathBuf> {
    let tools = target().join("tools");
    let own = tools
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let present = [own.clone(), PathBuf::from("cargo-deny")];
    if let Some(program) = present.into_iter().find(is_wanted) {
        return Ok(program);
    }
    println!("cargo-deny {VERSION} is not here: it is built once, which takes minutes");
    let root = tools.to_string_lossy();
    let install = [
        "install",
        "cargo-deny",
        "--locked",
        "--debug",
        "--force",
        "--version",
        VERSION,
        "--root",
        &root,
    ];
    finish(command(&install).env("CARGO_PROFILE_DEV_DEBUG", "false"))?;
    Ok(own)
}

fn is_wanted(program: &PathBuf) -> bool {
    let answer = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).trim() == format!("cargo-deny {VERSION}"))
}

fn run(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}
