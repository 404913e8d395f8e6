//! Rust sources: their header, length, name, depth, and switched-off tests.

use std::path::Path;

use super::findings::Findings;

/// Names that say nothing about what is inside.
const BANNED: &[&str] = &["utils", "util", "common", "helpers", "helper", "base", "misc", "v2"];
/// Code lines at which a file is questioned, and at which it fails.
const LINES: (usize, usize) = (300, 500);
/// Folders below `src/`.
const DEPTH: usize = 3;

pub fn check(name: &str, text: &str, findings: &mut Findings) {
    if !text.starts_with("//!") {
        findings.problem(format!("{name}: does not open with `//!`"));
    }
    let lines = code_lines(text);
    if lines > LINES.1 {
        findings.problem(format!("{name}: {lines} code lines, the limit is {}", LINES.1));
    } else if lines > LINES.0 {
        findings.question(format!("{name}: {lines} code lines, can it be two files?"));
    }
    let parts = Path::new(name).with_extension("");
    for part in parts.iter().filter_map(|part| part.to_str()) {
        if BANNED.contains(&part) {
            findings.problem(format!("{name}: `{part}` says nothing about what is inside"));
        }
    }
    let below = name
        .split_once("/src/")
        .map_or(0, |(_, below)| below.matches('/').count());
    if below > DEPTH {
        findings.problem(format!("{name}: {below} folders below src/, the limit is {DEPTH}"));
    }
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with("#[ignore") {
            findings.problem(format!("{name}:{}: a test that does not run is no test", number + 1));
        }
    }
}

/// Lines of code before the unit tests: neither empty nor comment.
fn code_lines(text: &str) -> usize {
    let mut count = 0;
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        // A lone test-only item is code of the file; the module of its tests is not.
        if line == "#[cfg(test)]"
            && lines
                .peek()
                .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
        {
            break;
        }
        count += usize::from(!line.is_empty() && !line.starts_with("//"));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, text: &str) -> (usize, usize) {
        let mut findings = Findings::default();
        check(name, text, &mut findings);
        (findings.problems.len(), findings.questions.len())
    }

    #[test]
    fn untidy_sources_are_found() {
        let ignored = concat!("//! Off.\n#[test]\n", "#[ignore", " = \"slow\"]\nfn f() {}\n");
        assert_eq!(findings("crates/a/src/graph.rs", "//! Fine.\n"), (0, 0));
        assert_eq!(findings("crates/a/src/graph.rs", "fn f() {}\n"), (1, 0));
        assert_eq!(findings("crates/a/src/utils.rs", "//! So.\n"), (1, 0));
        assert_eq!(findings("crates/a/src/helpers/graph.rs", "//! So.\n"), (1, 0));
        assert_eq!(findings("crates/a/src/b/c/d/e.rs", "//! Deep.\n"), (0, 0));
        assert_eq!(findings("crates/a/src/b/c/d/e/f.rs", "//! Deeper.\n"), (1, 0));
        assert_eq!(findings("crates/a/src/off.rs", ignored), (1, 0));
    }

    #[test]
    fn length_counts_code_and_nothing_else() {
        let code = |lines: usize| format!("//! Long.\n\n// Why.\n{}", "x();\n".repeat(lines));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "x();\n".repeat(400));
        for (text, expected) in [
            (code(300), (0, 0)),
            (code(300) + &tests, (0, 0)),
            (code(301), (0, 1)),
            (code(500), (0, 1)),
            (code(501), (1, 0)),
            (format!("#[cfg(test)]\nmod tests;\n{}", code(501)), (2, 0)),
        ] {
            assert_eq!(findings("crates/a/src/long.rs", &text), expected);
        }
    }
}
