//! What is promised outside the code: every direct dependency stands in the notices, every recipe says what it assumes, how it
//! is launched and what to expect.

use std::{fs, path::Path};

use anyhow::Context;
use toml::{Table, Value};

use super::findings::Findings;

/// How the head of a recipe begins, line by line.
const HEAD: [&str; 3] = ["# Assumes:", "# Launch:", "# Expect:"];

pub fn check(root: &Path, findings: &mut Findings) -> anyhow::Result<()> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    notices(
        &read(&root.join("Cargo.toml"))?,
        &read(&root.join("THIRD-PARTY-NOTICES.md"))?,
        findings,
    )?;
    let folder = root.join("crates/fusebind-train/recipes");
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            recipe(&path.display().to_string(), &read(&path)?, findings);
        }
    }
    Ok(())
}

/// Direct dependencies of the workspace that the notices do not name in backticks.
fn notices(manifest: &str, notices: &str, findings: &mut Findings) -> anyhow::Result<()> {
    let manifest: Table = toml::from_str(manifest).context("Cargo.toml")?;
    let dependencies = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies")?.as_table())
        .context("Cargo.toml has no workspace dependencies")?;
    for (name, value) in dependencies {
        let ours = value.get("path").and_then(Value::as_str).is_some();
        if !ours && !notices.contains(&format!("`{name}`")) {
            findings.problem(format!("THIRD-PARTY-NOTICES.md: does not name `{name}`"));
        }
    }
    Ok(())
}

fn recipe(name: &str, text: &str, findings: &mut Findings) {
    let comments: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    for wanted in HEAD {
        if !comments.iter().any(|line| line.starts_with(wanted)) {
            findings.problem(format!("{name}: its head has no line `{wanted} ..`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_without_a_notice_are_found() {
        let manifest =
            "[workspace.dependencies]\nfusebind = { path = \"crates/fusebind\" }\ncsv = \"1\"\nrayon = \"1\"\n";
        let mut findings = Findings::default();
        notices(manifest, "| `csv` | MIT |", &mut findings).unwrap();
        assert_eq!(findings.problems, ["THIRD-PARTY-NOTICES.md: does not name `rayon`"]);
    }

    #[test]
    fn recipes_without_a_head_are_found() {
        let problems = |text: &str| {
            let mut findings = Findings::default();
            recipe("a.toml", text, &mut findings);
            findings.problems.len()
        };
        assert_eq!(problems("# Assumes: a\n# Launch:  b\n# Expect:  c\nname = \"a\"\n"), 0);
        assert_eq!(problems("# Assumes: a\n# Launch:  b\nname = \"a\"\n# Expect:  c\n"), 1);
        assert_eq!(problems("name = \"a\"\n"), 3);
    }
}
