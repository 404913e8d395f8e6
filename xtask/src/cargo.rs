//! Calls of cargo. Comes in: arguments. Goes out: a command in the workspace's folder, or that it succeeded.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

/// The workspace around this package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Cargo with arguments, not yet started.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs cargo to its end.
pub fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<String> {
    finish(command(arguments).envs(environment.iter().copied()))
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> anyhow::Result<String> {
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    let words = words.join(" ");
    let status = command.status().with_context(|| format!("{words} did not start"))?;
    if !status.success() {
        bail!("{words}: {status}");
    }
    Ok("ok".into())
}
