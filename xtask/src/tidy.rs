//! House rules that no lint knows: crate arrows, file length, names, headers, machine paths.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Which workspace crates each crate may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("fusebind-features", &[]),
    ("fusebind-eval", &[]),
    ("fusebind-data", &["fusebind-features"]),
    ("fusebind-model", &["fusebind-features"]),
    (
        "fusebind-train",
        &["fusebind-features", "fusebind-data", "fusebind-model", "fusebind-eval"],
    ),
    (
        "fusebind-screen",
        &["fusebind-features", "fusebind-model", "fusebind-eval"],
    ),
    (
        "fusebind",
        &[
            "fusebind-features",
            "fusebind-data",
            "fusebind-model",
            "fusebind-eval",
            "fusebind-train",
            "fusebind-screen",
        ],
    ),
    ("fusebind-cli", &["fusebind"]),
];
/// Crates that only the surfaces may use.
const SURFACE_ONLY: &[&str] = &["clap", "indicatif", "anyhow"];
const BANNED: &[&str] = &["utils", "common", "helpers", "base", "misc", "v2"];
/// Code lines at which a file fails.
const MOST_LINES: usize = 500;

/// Checks the workspace around this package.
pub fn check() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies in the workspace")?;
    let mut problems = Vec::new();
    for (name, allowed) in ARROWS {
        let manifest = root.join("crates").join(name).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).with_context(|| format!("{} is missing", manifest.display()))?;
        problems.extend(arrows(name, allowed, &text)?);
    }
    for file in sources(&root.join("crates"))?
        .into_iter()
        .chain(sources(&root.join("xtask"))?)
    {
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        problems.extend(source(&name, &text));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        bail!("tidy\n{}", problems.join("\n"))
    }
}

/// Dependencies of a manifest that its crate may not have.
fn arrows(name: &str, allowed: &[&str], manifest: &str) -> anyhow::Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(manifest).with_context(|| format!("{name}: Cargo.toml"))?;
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let used = dependencies.into_iter().flat_map(|d| d.keys());
    Ok(used
        .filter(|used| {
            let ours = used.starts_with("fusebind") && !allowed.contains(&used.as_str());
            ours || SURFACE_ONLY.contains(&used.as_str()) && name != "fusebind-cli"
        })
        .map(|used| format!("{name} may not depend on {used}"))
        .collect())
}

/// What is wrong with a source file.
fn source(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !text.starts_with("//!") {
        problems.push(format!("{name}: does not open with `//!`"));
    }
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = code
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with("//"))
        .count();
    if lines > MOST_LINES && !name.contains("/tests/") {
        problems.push(format!("{name}: {lines} code lines, the limit is {MOST_LINES}"));
    }
    let stem = Path::new(name).file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    if BANNED.contains(&stem) {
        problems.push(format!("{name}: `{stem}` says nothing about what is inside"));
    }
    problems
}

/// All Rust files below `folder`.
fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_arrows_are_found() {
        let manifest = "[dependencies]\nfusebind-data.workspace = true\nclap.workspace = true\nserde = \"1\"\n";
        assert_eq!(
            arrows("fusebind-model", &["fusebind-features"], manifest)
                .unwrap()
                .len(),
            2
        );
        assert!(
            arrows(
                "fusebind-train",
                &["fusebind-data"],
                "[dependencies]\nfusebind-data = \"1\""
            )
            .unwrap()
            .is_empty()
        );
    }

    #[test]
    fn untidy_sources_are_found() {
        assert!(source("crates/a/src/graph.rs", "//! Fine.\n").is_empty());
        assert_eq!(source("crates/a/src/utils.rs", "fn f() {}\n").len(), 2);
        assert_eq!(
            source("crates/a/src/long.rs", &format!("//! Long.\n{}", "x\n".repeat(501))).len(),
            1
        );
    }
}
