//! No two files import each other. Comes in: the sources of a crate. Goes out: a problem for each ring of imports, with its files.
//!
//! Files on a ring cannot be read, tested or moved one without the other. A module's declaration of its children and what it only
//! hands on from them by `pub use` are no imports; using them in its own code is one.

mod graph;
mod imports;
mod modules;

use std::collections::BTreeMap;

use graph::Graph;
use imports::Reference;
use modules::{Found, Modules, Segments};

use super::findings::Findings;

/// Checks all crates among the sources, given by name (relative to the workspace) and text.
pub fn check(sources: &[(String, String)], findings: &mut Findings) -> anyhow::Result<()> {
    let mut crates: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, text) in sources {
        if let Some((folder, _)) = name.split_once("/src/") {
            crates.entry(folder).or_default().push((name, text));
        }
    }
    let mut all = Graph::default();
    for (folder, files) in crates {
        arcs(folder, &files, &mut all)?;
    }
    for ring in all.rings() {
        findings.problem(format!(
            "{} -> {}: files that import each other",
            ring.join(" -> "),
            ring[0]
        ));
    }
    Ok(())
}

/// Adds the imports between the files of one crate.
fn arcs(folder: &str, files: &[(&str, &str)], graph: &mut Graph) -> anyhow::Result<()> {
    let mut modules = Modules::default();
    let mut references: Vec<(&str, Vec<Reference>)> = Vec::new();
    for (file, text) in files {
        let module = module(&file[folder.len() + "/src/".len()..]);
        references.push((file, imports::read(file, module, text, &mut modules)?));
    }
    for (file, references) in references {
        for reference in references {
            let to = match modules.find(&reference.module, &reference.written) {
                Some(Found::Item(to)) => to,
                Some(Found::Module(to)) if reference.glob => to,
                _ => continue,
            };
            if !(reference.handed_on && is_below(to, file)) {
                graph.add(file, to);
            }
        }
    }
    Ok(())
}

/// The module that a file below `src/` holds.
fn module(below: &str) -> Segments {
    let stem = below.strip_suffix(".rs").unwrap_or(below);
    let mut module: Segments = stem.split('/').map(String::from).collect();
    let root = matches!(stem, "lib" | "main");
    if root || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// Whether a file holds a module below that of another.
fn is_below(file: &str, parent: &str) -> bool {
    let folder = ["mod.rs", "lib.rs", "main.rs", ".rs"]
        .iter()
        .find_map(|end| parent.strip_suffix(end))
        .map_or_else(String::new, |folder| format!("{}/", folder.trim_end_matches('/')));
    file.starts_with(&folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rings of a crate in memory: names of files and their texts. The root is empty where it is not among them.
    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<(String, String)> = [("lib.rs", "")]
            .iter()
            .filter(|root| files.iter().all(|file| file.0 != root.0))
            .chain(files)
            .map(|(name, text)| (format!("crates/a/src/{name}"), text.to_string()))
            .collect();
        let mut findings = Findings::default();
        check(&sources, &mut findings).unwrap();
        findings
            .problems
            .iter()
            .map(|problem| problem.replace("crates/a/src/", ""))
            .collect()
    }

    #[test]
    fn two_siblings_and_three() {
        let lib = ("lib.rs", "mod x; mod y; mod z;");
        assert_eq!(
            problems(&[lib, ("x.rs", "use crate::y::Y;"), ("y.rs", "fn f() { super::x::g() }")]),
            ["y.rs -> x.rs -> y.rs: files that import each other"]
        );
        let three = [
            lib,
            ("x.rs", "use super::y::{self, Y};"),
            ("y.rs", "type T = Vec<crate::z::Z>;"),
            ("z.rs", "fn f() { assert!(crate::x::g(1)) }"),
        ];
        assert_eq!(problems(&three).len(), 1);
        assert!(problems(&three[..3]).is_empty());
    }

    #[test]
    fn a_parent_and_its_child() {
        let child = ("x/y.rs", "use super::Config;");
        let uses = ("x/mod.rs", "mod y; pub struct Config; fn f() { y::g() }");
        let hands_on = ("x/mod.rs", "mod y; pub use y::{g, Y}; pub struct Config;");
        let both = ("x/mod.rs", "mod y; pub use y::Y; fn f(_: Y) {} pub struct Config;");
        assert_eq!(
            problems(&[uses, child]),
            ["x/mod.rs -> x/y.rs -> x/mod.rs: files that import each other"]
        );
        assert!(problems(&[hands_on, child]).is_empty());
        assert_eq!(problems(&[both, child]).len(), 1);
    }

    #[test]
    fn what_is_handed_on_is_found_where_it_is_defined() {
        let lib = ("lib.rs", "mod error; mod x; pub use error::Error; pub use x::X;");
        let error = ("error.rs", "pub struct Error;");
        assert!(problems(&[lib, error, ("x/mod.rs", "use crate::Error;")]).is_empty());
        let error = ("error.rs", "use crate::X;");
        assert_eq!(problems(&[lib, error, ("x/mod.rs", "use crate::Error;")]).len(), 1);
    }

    #[test]
    fn tests_and_names_of_modules_are_no_imports() {
        let lib = ("lib.rs", "mod x; mod y;");
        let tests = "#[cfg(test)]\nmod tests { use crate::y::Y; }\n#[cfg(test)] fn f() { crate::y::g() }";
        let y = ("y.rs", "pub(super) fn g(y: f32) { crate::x::h(y); }");
        assert!(problems(&[lib, ("x.rs", tests), y]).is_empty());
        assert!(problems(&[lib, ("x.rs", "use std::fmt; use super::y;"), y]).is_empty());
        assert_eq!(
            problems(&[lib, ("x.rs", "use super::y; fn f() { y::g() }"), y]).len(),
            1
        );
        assert_eq!(problems(&[lib, ("x.rs", "use super::y::*;"), y]).len(), 1);
    }
}
