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

/// Checks all sources, given by name (relative to the workspace) and text. Functions of tests may be long.
pub fn check(sources: &[(String, String)], findings: &mut Findings) -> anyhow::Result<()> {
    for (name, text) in sources.iter().filter(|(name, _)| !name.contains("/tests/")) {
        let parsed = syn::parse_file(text).with_context(|| format!("{name} cannot be parsed"))?;
        let mut reader = Reader {
            lines: text.lines().map(str::trim).collect(),
            long: Vec::new(),
        };
        reader.visit_file(&parsed);
        for (function, line, length) in reader.long {
            findings.problem(format!(
                "{name}:{line}: `{function}` has {length} code lines, the limit is {LINES} without `// {REASON}..`"
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

    fn problems(text: &str) -> usize {
        let mut findings = Findings::default();
        check(&[("a.rs".into(), text.into())], &mut findings).unwrap();
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
        assert_eq!(problems(&function("", 60)), 0);
        assert_eq!(problems(&function("", 61)), 1);
        assert_eq!(problems(&format!("impl A {{\n{}}}", function("", 61)[10..].trim())), 1);
        assert_eq!(
            problems(&format!("#[cfg(test)]\nmod tests {{\n{}}}", function("", 61))),
            0
        );
        assert_eq!(problems(&function("#[test]\n", 61)), 0);
    }

    #[test]
    fn a_reason_allows_more() {
        for before in [
            "// Long because so.\n",
            "/// Does.\n/// Long because so.\n",
            "// Long because so.\n#[inline]\n",
            "/// Does.\n// Long because so.\n#[inline]\npub ",
        ] {
            assert_eq!(problems(&function(before, 61)), 0, "{before}");
        }
        assert_eq!(problems(&function("// Long because so.\nconst A: u8 = 1;\n", 61)), 1);
    }
}
