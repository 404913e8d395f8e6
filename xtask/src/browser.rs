//! The page of the server in a browser.
//!
//! Comes in: Chromium of the system, which is installed with apt where it is missing, and Python. Goes out: whether the page works, and pictures of
//! each step in `target/browser/shots`. Python packages go into a virtual environment in `target/browser`.

use std::{path::PathBuf, process::Command};

use crate::cargo::{cargo, finish, root, target};

/// Exact versions, so that a new one changes nothing unasked.
const PACKAGES: [&str; 2] = ["playwright==1.65.2", "axe-core-python==0.1.0"];
const BROWSERS: [&str; 2] = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/// Runs the test.
pub fn run() -> anyhow::Result<()> {
    cargo(&["build", "--quiet", "--release", "--workspace"], &[])?;
    let folder = target().join("browser");
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        finish(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    finish(Command::new(&python).args(pip).args(PACKAGES))?;
    let fusebind = target().join("release/fusebind");
    let demo = folder.join("demo");
    // The demo of an earlier call, if there was one: its model may be of another version.
    let _ = std::fs::remove_dir_all(&demo);
    finish(Command::new(&fusebind).args(["demo", "--quick", "--out"]).arg(&demo))?;
    let script = root().join("crates/fusebind-server/tests/browser/page.py");
    let mut test = Command::new(&python);
    test.arg(script)
        .arg("--fusebind")
        .arg(fusebind)
        .arg("--run")
        .arg(demo.join("run"));
    test.arg("--chromium")
        .arg(chromium()?)
        .arg("--shots")
        .arg(folder.join("shots"));
    finish(&mut test)?;
    println!("== passed");
    Ok(())
}

/// The browser, installed where there is none.
fn chromium() -> anyhow::Result<PathBuf> {
    let found = || BROWSERS.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = found() {
        return Ok(path);
    }
    finish(Command::new("apt-get").args(["update", "-qq"]))?;
    finish(Command::new("apt-get").args(["install", "-y", "-qq", "chromium"]))?;
    found().ok_or_else(|| anyhow::anyhow!("no Chromium at {}", BROWSERS.join(" or ")))
}
