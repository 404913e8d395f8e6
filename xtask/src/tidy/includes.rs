//! What a crate compiles in lies in its folder, because a package holds nothing else. Comes in: a source file. Goes out: a problem for
//! each `include_str!` or `include_bytes!` of a file outside.

use super::findings::Findings;

/// Checks a file of `src/`, given by name (relative to the workspace) and text; tests are not part of what a package must compile.
pub fn check(name: &str, text: &str, findings: &mut Findings) {
    let Some((_, below)) = name.split_once("/src/") else {
        return;
    };
    // From the folder of the file up to that of the crate.
    let most = below.matches('/').count() + 1;
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("include_") {
            rest = after;
            let path = ["str!(\"", "bytes!(\""]
                .iter()
                .find_map(|macro_| after.strip_prefix(macro_));
            let outside =
                |path: &str| path.starts_with('/') || path.split('/').take_while(|part| *part == "..").count() > most;
            if let Some(path) = path.filter(|path| outside(path)) {
                let path = path.split('"').next().unwrap_or(path);
                findings.problem(format!(
                    "{name}:{}: `{path}` is outside the crate and in no package",
                    number + 1
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_the_crate_are_found() {
        let problems = |name: &str, text: &str| {
            let mut findings = Findings::default();
            check(name, text, &mut findings);
            findings.problems
        };
        let of = |path: &str| format!("x();\nconst A: &str = include_{}(\"{path}\");", "str!");
        assert!(problems("crates/a/src/b/c.rs", &of("../../data/x.toml")).is_empty());
        assert!(problems("crates/a/src/c.rs", &of("x.html")).is_empty());
        assert_eq!(
            problems("crates/a/src/b/c.rs", &of("../../../data/x.toml")),
            ["crates/a/src/b/c.rs:2: `../../../data/x.toml` is outside the crate and in no package"]
        );
        assert!(problems("crates/a/tests/c.rs", &of("../../../data/x.toml")).is_empty());
    }
}
