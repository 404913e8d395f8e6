//! The Python package: its wheel, its tests against the wheel, and the notebook of the documentation.
//!
//! Comes in: nothing. Goes out: `target/wheels/fusebind-*.whl`, and the last line of pytest. What is needed from outside is installed into
//! `target/python`; Python itself with apt-get where it is missing and that is possible.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::cargo::{cargo, finish, root, target};

/// Folder of the package in the workspace.
const PACKAGE: &str = "crates/fusebind-python";
/// The oldest glibc that the wheel runs with, on Linux.
const GLIBC: &str = "2.17";
/// Debian's packages of Python with virtual environments.
const DEBIAN: [&str; 4] = ["install", "-y", "python3", "python3-venv"];

/// Builds the wheel, tests it and runs the notebook.
pub fn python() -> anyhow::Result<String> {
    let package = root().join(PACKAGE);
    let python = environment(&target().join("python"))?;
    let requirements = package.join("tests/requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    finish(Command::new(&python).args(install).arg("-r").arg(requirements))?;
    // The tests compare with the command line; building all targets is what the other parts of the gate build. The wheel comes last: it is
    // linked for the interpreter that maturin finds.
    cargo(&["build", "--quiet", "--release", "--workspace", "--all-targets"], &[])?;
    let wheels = target().join("wheels");
    // A wheel of an earlier version would be found as well.
    let _ = fs::remove_dir_all(&wheels);
    let mut build = Command::new(&python);
    build
        .args(["-m", "maturin", "build", "--release", "--locked", "--out"])
        .arg(&wheels)
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .current_dir(root());
    if cfg!(target_os = "linux") {
        link_for_old_systems(&mut build, &python)?;
    }
    finish(&mut build)?;
    let wheel = only_file(&wheels)?;
    let anew = ["--force-reinstall", "--no-deps"];
    finish(Command::new(&python).args(install).args(anew).arg(&wheel))?;
    let program = target().join("release/fusebind");
    let mut tests = Command::new(&python);
    tests
        .args(["-m", "pytest", "-p", "no:cacheprovider"])
        .current_dir(&package);
    tests.env("FUSEBIND", program).env("FUSEBIND_WHEEL", &wheel);
    finish(tests.env("PYTHONDONTWRITEBYTECODE", "1"))?;
    let notebook = root().join("docs/notebook.ipynb");
    finish(
        Command::new(&python)
            .arg(package.join("tests/notebook.py"))
            .arg(notebook),
    )?;
    Ok(wheel.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

/// Links for [`GLIBC`] in place of that of this machine, and lets maturin refuse a library that needs more. zig has the symbols of each glibc; only the
/// last crate is linked by it, so that nothing else is built again.
fn link_for_old_systems(build: &mut Command, python: &Path) -> anyhow::Result<()> {
    let linker = target().join("python/zig-cc");
    let aim = format!("{}-linux-gnu.{GLIBC}", std::env::consts::ARCH);
    let script = format!(
        "#!/bin/sh\nexec '{}' -m ziglang cc -target {aim} \"$@\"\n",
        python.display()
    );
    fs::write(&linker, script)?;
    finish(Command::new("chmod").arg("+x").arg(&linker))?;
    build
        .arg("--compatibility")
        .arg(format!("manylinux_{}", GLIBC.replace('.', "_")))
        .args(["--", "-C"])
        .arg(format!("linker={}", linker.display()))
        // The linker that comes with Rust is not asked for: zig has one.
        .args(["-C", "linker-features=-lld"]);
    Ok(())
}

/// The interpreter of a virtual environment, which is made where there is none.
pub(crate) fn environment(folder: &Path) -> anyhow::Result<PathBuf> {
    let python = folder.join("bin/python");
    let has_pip = || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        pip.status().is_ok_and(|status| status.success())
    };
    let make = || {
        let made = Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder)
            .status();
        made.is_ok_and(|status| status.success()) && has_pip()
    };
    if has_pip() || make() {
        return Ok(python);
    }
    println!("python3 with venv is missing: apt-get installs it");
    let _ = Command::new("apt-get").arg("update").status();
    finish(Command::new("apt-get").args(DEBIAN)).context("install Python 3.9 or later with its module venv")?;
    match make() {
        true => Ok(python),
        false => bail!("no virtual environment can be made in {}", folder.display()),
    }
}

/// The one file of a folder.
fn only_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let files = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    match &files[..] {
        [one] => Ok(one.clone()),
        _ => bail!("{} holds {} files in place of one wheel", folder.display(), files.len()),
    }
}
