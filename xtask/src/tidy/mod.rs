//! House rules that no lint knows. Comes in: the workspace folder. Goes out: the number of files looked at, or every finding.
//!
//! Crate arrows ([`arrows`]), Rust sources ([`source`], [`functions`], [`unsafety`], [`includes`]), files that import each other
//! ([`rings`]), paths of somebody's machine ([`paths`]), and what is promised outside the code ([`promises`]): notices for direct
//! dependencies, heads of recipes.

mod arrows;
mod findings;
mod functions;
mod includes;
mod paths;
mod promises;
mod rings;
mod source;
mod syntax;
mod unsafety;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use findings::Findings;

/// What holds nothing of ours. `.git` is a file where the folder is one of several work trees.
const FOREIGN: &[&str] = &["target", "runs", ".git"];

/// Checks the workspace in `root`.
pub fn check(root: &Path) -> anyhow::Result<String> {
    let mut findings = Findings::default();
    let files = files(root)?;
    let mut sources = Vec::new();
    for file in &files {
        let name = file
            .strip_prefix(root)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/");
        let Ok(text) = String::from_utf8(fs::read(file).with_context(|| format!("{name} cannot be read"))?) else {
            continue;
        };
        let rust = file.extension().is_some_and(|extension| extension == "rs");
        if rust {
            source::check(&name, &text, &mut findings);
            unsafety::check(&name, &text, &mut findings)?;
            includes::check(&name, &text, &mut findings);
        }
        paths::check(&name, &text, &mut findings);
        if rust {
            sources.push((name, text));
        }
    }
    functions::check(&sources, &mut findings)?;
    rings::check(&sources, &mut findings)?;
    arrows::check(root, &mut findings)?;
    promises::check(root, &mut findings)?;
    for question in &findings.questions {
        println!("question: {question}");
    }
    if findings.problems.is_empty() {
        return Ok(format!("{} files, {} questions", files.len(), findings.questions.len()));
    }
    bail!("{}", findings.problems.join("\n"))
}

/// All files below `folder` that are ours.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if FOREIGN.iter().any(|foreign| name == *foreign) {
            continue;
        }
        let kind = entry.file_type()?;
        // What a link points to is looked at where it lies.
        if kind.is_dir() {
            files.extend(self::files(&path)?);
        } else if kind.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
