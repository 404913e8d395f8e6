//! House rules that no lint knows. Comes in: the workspace folder. Goes out: the number of files looked at, or every finding.
//!
//! Crate arrows ([`arrows`]), Rust sources ([`source`]), paths of somebody's machine ([`paths`]), and what is promised outside
//! the code ([`promises`]): notices for direct dependencies, heads of recipes.

mod arrows;
mod paths;
mod promises;
mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Folders that hold nothing of ours.
const FOREIGN: &[&str] = &["target", "runs", ".git"];

/// What was found: problems fail the gate, questions are only printed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    problems: Vec<String>,
    questions: Vec<String>,
}

impl Findings {
    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn question(&mut self, text: impl Into<String>) {
        self.questions.push(text.into());
    }
}

/// Checks the workspace in `root`.
pub fn check(root: &Path) -> anyhow::Result<String> {
    let mut findings = Findings::default();
    let files = files(root)?;
    for file in &files {
        let name = file
            .strip_prefix(root)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/");
        let Ok(text) = String::from_utf8(fs::read(file).with_context(|| format!("{name} cannot be read"))?) else {
            continue;
        };
        if file.extension().is_some_and(|extension| extension == "rs") {
            source::check(&name, &text, &mut findings);
        }
        paths::check(&name, &text, &mut findings);
    }
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
        if entry.file_type()?.is_dir() {
            if !FOREIGN.iter().any(|foreign| name == *foreign) {
                files.extend(self::files(&path)?);
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
