//! Unsafe code. Comes in: a source file. Goes out: a problem for each `unsafe` where none is allowed, and for each that does not
//! say why it is sound.

use anyhow::Context;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::findings::Findings;

/// Where unsafe code may be: matrix products and drivers of devices, the allocator's options, the benchmark that sets the same, and tables that
/// other libraries hand over in Python.
const ALLOWED: &[&str] = &[
    "crates/fusebind-model/",
    "crates/fusebind-cli/",
    "crates/fusebind-python/",
    "crates/fusebind-train/benches/",
];
/// What all other crates say in their root, so that the compiler keeps it.
const FORBIDDEN: &str = "#![forbid(unsafe_code)]";

/// Checks one source file.
pub fn check(name: &str, text: &str, findings: &mut Findings) -> anyhow::Result<()> {
    let allowed = ALLOWED.iter().any(|folder| name.starts_with(folder));
    let root = name.ends_with("/src/lib.rs") || name.ends_with("/src/main.rs");
    if root && !allowed && !name.starts_with("vendor/") && !text.lines().any(|line| line == FORBIDDEN) {
        findings.problem(format!("{name}: does not say `{FORBIDDEN}`"));
    }
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(|| format!("{name} cannot be parsed"))?;
    let mut found = Vec::new();
    search(tokens, &mut found);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for Unsafe { line, promises } in found {
        if !allowed {
            findings.problem(format!("{name}:{line}: unsafe code has no place here"));
        } else if promises && !says_why(&lines[..line - 1]) {
            findings.problem(format!("{name}:{line}: no comment `// SAFETY: ..` directly above"));
        }
    }
    Ok(())
}

/// A word `unsafe`, and whether it promises something: blocks and implementations do, functions and their types demand.
struct Unsafe {
    line: usize,
    promises: bool,
}

fn search(tokens: TokenStream, found: &mut Vec<Unsafe>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => search(group.stream(), found),
            TokenTree::Ident(ident) if ident == "unsafe" => found.push(Unsafe {
                line: ident.span().start().line,
                promises: match tokens.peek() {
                    Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
                    Some(TokenTree::Ident(next)) => next == "impl",
                    _ => false,
                },
            }),
            _ => {}
        }
    }
}

/// Whether lines end with a comment that gives the reason.
fn says_why(above: &[&str]) -> bool {
    let mut comment = above.iter().rev().take_while(|line| line.starts_with("//"));
    comment.any(|line| line.starts_with("// SAFETY:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(name: &str, text: &str) -> usize {
        let mut findings = Findings::default();
        check(name, text, &mut findings).unwrap();
        findings.problems.len()
    }

    #[test]
    fn unsafe_code_has_its_places() {
        let text = "fn f() {\n    // SAFETY: so.\n    unsafe { g() }\n}\n";
        assert_eq!(problems("crates/fusebind-model/src/a.rs", text), 0);
        assert_eq!(problems("crates/fusebind-data/src/a.rs", text), 1);
        assert_eq!(
            problems(
                "crates/fusebind-data/src/a.rs",
                "// unsafe\nconst A: &str = \"unsafe {}\";"
            ),
            0
        );
    }

    #[test]
    fn roots_forbid_it() {
        assert_eq!(problems("crates/fusebind-data/src/lib.rs", "//! Data.\n"), 1);
        assert_eq!(
            problems(
                "crates/fusebind-data/src/lib.rs",
                "//! Data.\n#![forbid(unsafe_code)]\n"
            ),
            0
        );
        assert_eq!(problems("crates/fusebind-model/src/lib.rs", "//! Model.\n"), 0);
    }

    #[test]
    fn a_promise_says_why() {
        let at = "crates/fusebind-model/src/a.rs";
        assert_eq!(problems(at, "unsafe impl Send for A {}\n"), 1);
        assert_eq!(
            problems(
                at,
                "// SAFETY: so,\n// and so.\nunsafe impl Send for A {}\nunsafe impl Sync for A {}\n"
            ),
            1
        );
        assert_eq!(problems(at, "// SAFETY: so.\n\nfn f() { m!(a, unsafe { g() }) }\n"), 1);
        assert_eq!(problems(at, "unsafe fn f();\ntype F = unsafe extern \"C\" fn();\n"), 0);
    }
}
