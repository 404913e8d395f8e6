//! Lengths of functions. Comes in: a source file. Goes out: a problem for each function that is longer than a page and does not
//! say why.

use anyhow::Context;
use syn::{
    Attribute, Block, ImplItemFn, Item, ItemFn, TraitItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::{
    findings::Findings,
    syntax::{attributes, is_test},
};

/// Code lines of a function between its braces.
const LINES: usize = 60;
/// How a comment begins that allows more.
const REASON: &str = "Long because ";
/// Longer functions of today, as file and name. The list only shrinks: nothing is added, and what is short enough or gone fails
/// the gate until it is taken off.
const KNOWN: &[(&str, &str)] = &[
    ("crates/fusebind-model/src/fusion/entity.rs", "forward"),
    ("crates/fusebind-model/src/layer/residual.rs", "backward"),
];

/// Checks all sources, given by name (relative to the workspace) and text. Functions of tests may be long.
pub fn check(sources: &[(String, String)], findings: &mut Findings) -> anyhow::Result<()> {
    rules(sources, KNOWN, findings)
}

fn rules(sources: &[(String, String)], known: &[(&str, &str)], findings: &mut Findings) -> anyhow::Result<()> {
    let mut met = Vec::new();
    for (name, text) in sources.iter().filter(|(name, _)| !name.contains("/tests/")) {
        let parsed = syn::parse_file(text).with_context(|| format!("{name} cannot be parsed"))?;
        let mut reader = Reader {
            lines: text.lines().map(str::trim).collect(),
            long: Vec::new(),
        };
        reader.visit_file(&parsed);
        for (function, line, length) in reader.long {
            if known.contains(&(name, &function)) {
                met.push((name.as_str(), function));
            } else {
                findings.problem(format!(
                    "{name}:{line}: `{function}` has {length} code lines, the limit is {LINES} without `// {REASON}..`"
                ));
            }
        }
    }
    for (name, function) in known {
        if !met.iter().any(|met| met.0 == *name && met.1 == *function) {
            findings.problem(format!(
                "{name}: `{function}` is not too long any more, take it off the known ones"
            ));
        }
    }
    Ok(())
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    /// Name, line and length.
    long: Vec<(String, usize, usize)>,
}

impl Reader<'_> {
    fn function(&mut self, name: &syn::Ident, attributes: &[Attribute], block: &Block) {
        let braces = block.brace_token.span;
        let inside = braces.open().start().line..braces.close().start().line.saturating_sub(1);
        let code = |line: &&&str| !line.is_empty() && !line.starts_with("//");
        let length = self.lines.get(inside).unwrap_or_default().iter().filter(code).count();
        let line = name.span().start().line;
        if length > LINES && !self.says_why(attributes, line) {
            self.long.push((name.to_string(), line, length));
        }
    }

    /// Whether a comment among the attributes or directly above them gives the reason.
    fn says_why(&self, attributes: &[Attribute], name: usize) -> bool {
        let first = attributes.iter().map(|attribute| attribute.span().start().line).min();
        let first = first.unwrap_or(name).min(name);
        let above = self.lines[..first - 1]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("//"));
        let between = &self.lines[first - 1..name - 1];
        above
            .chain(between)
            .any(|line| line.starts_with("//") && line.contains(REASON))
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig.ident, &item.attrs, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig.ident, &item.attrs, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig.ident, &item.attrs, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str, known: &[(&str, &str)]) -> usize {
        let mut findings = Findings::default();
        rules(&[("a.rs".into(), text.into())], known, &mut findings).unwrap();
        findings.problems.len()
    }

    fn function(before: &str, lines: usize) -> String {
        format!(
            "struct A;\n{before}fn f(\n) {{\n// Why.\n\n{}}}\n",
            "    x();\n".repeat(lines)
        )
    }

    #[test]
    fn length_counts_code_between_braces() {
        assert_eq!(problems(&function("", 60), &[]), 0);
        assert_eq!(problems(&function("", 61), &[]), 1);
        assert_eq!(
            problems(&format!("impl A {{\n{}}}", function("", 61)[10..].trim()), &[]),
            1
        );
        assert_eq!(
            problems(&format!("#[cfg(test)]\nmod tests {{\n{}}}", function("", 61)), &[]),
            0
        );
        assert_eq!(problems(&function("#[test]\n", 61), &[]), 0);
    }

    #[test]
    fn a_reason_allows_more() {
        for before in [
            "// Long because so.\n",
            "/// Does.\n/// Long because so.\n",
            "// Long because so.\n#[inline]\n",
            "/// Does.\n// Long because so.\n#[inline]\npub ",
        ] {
            assert_eq!(problems(&function(before, 61), &[]), 0, "{before}");
        }
        assert_eq!(
            problems(&function("// Long because so.\nconst A: u8 = 1;\n", 61), &[]),
            1
        );
    }

    #[test]
    fn known_ones_may_stay_and_must_be_there() {
        let known = [("a.rs", "f")];
        assert_eq!(problems(&function("", 61), &known), 0);
        assert_eq!(problems(&function("", 60), &known), 1);
    }
}
