//! Who may use whom. Comes in: the manifests of `crates/`. Goes out: a problem for each dependency that breaks a law.

use std::{fs, path::Path};

use anyhow::Context;
use toml::{Table, Value};

use super::findings::Findings;

/// Which workspace crates each crate may depend on. A crate that is not listed needs an argument in ARCHITECTURE.md first.
const ARROWS: &[(&str, &[&str])] = &[
    ("fusebind-features", &[]),
    ("fusebind-eval", &[]),
    ("fusebind-report", &[]),
    ("fusebind-pretrained", &["fusebind-features"]),
    ("fusebind-data", &["fusebind-features"]),
    ("fusebind-model", &["fusebind-features", "fusebind-eval"]),
    (
        "fusebind-train",
        &[
            "fusebind-features",
            "fusebind-data",
            "fusebind-model",
            "fusebind-eval",
            "fusebind-pretrained",
        ],
    ),
    (
        "fusebind-predict",
        &[
            "fusebind-features",
            "fusebind-model",
            "fusebind-eval",
            "fusebind-pretrained",
        ],
    ),
    (
        "fusebind-server",
        &[
            "fusebind-features",
            "fusebind-data",
            "fusebind-model",
            "fusebind-eval",
            "fusebind-predict",
        ],
    ),
    (
        "fusebind",
        &[
            "fusebind-features",
            "fusebind-data",
            "fusebind-model",
            "fusebind-eval",
            "fusebind-train",
            "fusebind-predict",
            "fusebind-report",
            "fusebind-pretrained",
        ],
    ),
    ("fusebind-cli", &["fusebind", "fusebind-server"]),
    ("fusebind-python", &["fusebind"]),
];
/// Crates that only the surfaces may use.
const SURFACE_ONLY: &[&str] = &["clap", "indicatif", "anyhow", "pyo3"];
const SURFACES: &[&str] = &["fusebind-cli", "fusebind-python"];
/// Where tensors may be known. A name stands for all crates that begin with it.
const TENSORS: &[&str] = &["burn", "cubecl", "gemm", "safetensors"];
const TENSOR_CRATES: &[&str] = &[
    "fusebind-model",
    "fusebind-train",
    "fusebind-predict",
    "fusebind-pretrained",
];

pub fn check(root: &Path, findings: &mut Findings) -> anyhow::Result<()> {
    let folder = root.join("crates");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path().join("Cargo.toml");
        if path.is_file() {
            let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            names.push(manifest(&text, findings).with_context(|| path.display().to_string())?);
        }
    }
    for (name, _) in ARROWS.iter().filter(|arrow| !names.iter().any(|n| n == arrow.0)) {
        findings.problem(format!("crates/: there is no `{name}`"));
    }
    Ok(())
}

/// Checks one manifest; the name of its package.
fn manifest(text: &str, findings: &mut Findings) -> anyhow::Result<String> {
    let manifest: Table = toml::from_str(text)?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name")?.as_str())
        .context("has no package name")?;
    let Some((_, allowed)) = ARROWS.iter().find(|arrow| arrow.0 == name) else {
        findings.problem(format!(
            "{name}: a new crate needs its place among the arrows, and an argument in ARCHITECTURE.md"
        ));
        return Ok(name.into());
    };
    for used in dependencies(&manifest) {
        let law = match used.as_str() {
            used if used.starts_with("fusebind") && !allowed.contains(&used) => "is not behind it in the data's way",
            used if SURFACE_ONLY.contains(&used) && !SURFACES.contains(&name) => "is for surfaces only",
            used if TENSORS.iter().any(|tensor| used.starts_with(tensor)) && !TENSOR_CRATES.contains(&name) => {
                "knows tensors"
            }
            used if name == "fusebind-eval" && !["serde", "proptest", "serde_json"].contains(&used) => {
                "is something, and metrics depend on nothing"
            }
            _ => continue,
        };
        findings.problem(format!("{name} may not depend on {used}, which {law}"));
    }
    Ok(name.into())
}

/// Packages a manifest depends on: for code, builds and tests, on all platforms, under their true names.
fn dependencies(manifest: &Table) -> Vec<String> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let tables = [Some(manifest)]
        .into_iter()
        .chain(platforms.into_iter().flat_map(Table::values).map(Value::as_table));
    let mut names = Vec::new();
    for table in tables.flatten() {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, value) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let renamed = value.get("package").and_then(Value::as_str);
                names.push(renamed.unwrap_or(name).to_string());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(name: &str, rest: &str) -> Vec<String> {
        let mut findings = Findings::default();
        manifest(&format!("[package]\nname = \"{name}\"\n{rest}"), &mut findings).unwrap();
        findings.problems
    }

    #[test]
    fn each_law_is_kept() {
        for (name, used) in [
            ("fusebind-model", "fusebind-data"),
            ("fusebind-data", "fusebind-model"),
            ("fusebind-predict", "fusebind-train"),
            ("fusebind-server", "fusebind-train"),
            ("fusebind-train", "clap"),
            ("fusebind-features", "burn-core"),
            ("fusebind-eval", "rand"),
            ("fusebind-cli", "fusebind-train"),
        ] {
            let found = problems(
                name,
                &format!("[dependencies]\n{used}.workspace = true\nserde = \"1\"\n"),
            );
            assert_eq!(found.len(), 1, "{name} -> {used}: {found:?}");
            assert!(found[0].contains(used), "{found:?}");
        }
        assert!(problems("fusebind-train", "[dependencies]\nfusebind-data = \"1\"\nburn = \"1\"").is_empty());
        assert!(problems("fusebind-cli", "[dependencies]\nclap = \"4\"\nfusebind = \"1\"").is_empty());
    }

    #[test]
    fn no_table_and_no_other_name_hides_an_arrow() {
        for rest in [
            "[dev-dependencies]\nfusebind-data = \"1\"",
            "[build-dependencies]\nfusebind-data = \"1\"",
            "[target.'cfg(unix)'.dependencies]\nfusebind-data = \"1\"",
            "[dependencies]\ntables = { package = \"fusebind-data\", version = \"1\" }",
        ] {
            assert_eq!(problems("fusebind-model", rest).len(), 1, "{rest}");
        }
    }

    #[test]
    fn a_new_crate_needs_an_argument() {
        assert_eq!(problems("fusebind-misc", "").len(), 1);
    }
}
