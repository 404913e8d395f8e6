//! What one file refers to. Comes in: its text. Goes out: its modules and names, and every path written in code that is no test:
//! in `use`, inline, and in what is handed to macros.

use anyhow::Context;
use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ExprCall, ImplItemFn, Item, ItemMod, ItemUse, Macro, Path, UseTree, Visibility,
    visit::{self, Visit},
};

use super::modules::{Modules, Segments};
use crate::tidy::syntax::{attributes, is_test};

/// A path as written, and where.
#[derive(Debug)]
pub struct Reference {
    pub module: Segments,
    pub written: Segments,
    /// All of a module is taken in, `path::*`.
    pub glob: bool,
    /// The path is only handed on, by `pub use`.
    pub handed_on: bool,
}

/// Reads one file, which holds `module`.
pub fn read(file: &str, module: Segments, text: &str, modules: &mut Modules) -> anyhow::Result<Vec<Reference>> {
    let parsed = syn::parse_file(text).with_context(|| format!("{file} cannot be parsed"))?;
    modules.add(module.clone(), file);
    let mut reader = Reader {
        file,
        module,
        modules,
        references: Vec::new(),
    };
    reader.visit_file(&parsed);
    Ok(reader.references)
}

struct Reader<'a> {
    file: &'a str,
    module: Segments,
    modules: &'a mut Modules,
    references: Vec<Reference>,
}

impl Reader<'_> {
    fn refer(&mut self, written: Segments, glob: bool, handed_on: bool) {
        self.references.push(Reference {
            module: self.module.clone(),
            written,
            glob,
            handed_on,
        });
    }

    /// Notes a path of the code. A single small name is mostly a variable, so it counts where it is called only.
    fn path(&mut self, written: Segments, called: bool) {
        let variable = |name: &String| name.starts_with(|c: char| c.is_lowercase());
        if called || written.len() > 1 || !written.iter().all(variable) {
            self.refer(written, false, false);
        }
    }

    fn tree(&mut self, tree: &UseTree, mut before: Segments, handed_on: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before, handed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before.clone(), handed_on);
                }
            }
            UseTree::Glob(_) => self.refer(before, true, handed_on),
            UseTree::Name(name) => self.leaf(before, name.ident.to_string(), None, handed_on),
            UseTree::Rename(name) => {
                self.leaf(before, name.ident.to_string(), Some(name.rename.to_string()), handed_on);
            }
        }
    }

    fn leaf(&mut self, mut before: Segments, name: String, rename: Option<String>, handed_on: bool) {
        if name != "self" || before.is_empty() {
            before.push(name);
        }
        let called = rename.or_else(|| before.last().cloned());
        if let Some(called) = called.filter(|called| called != "_") {
            self.modules.bring(&self.module, called, before.clone());
        }
        self.refer(before, false, handed_on);
    }

    /// Paths among the tokens of a macro, which are not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Segments::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.path(std::mem::take(&mut path), false);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.path(std::mem::take(&mut path), false);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.path(path, false);
    }
}

fn segments(path: &Path) -> Segments {
    let mut segments: Segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    if path.leading_colon.is_some() {
        segments.clear();
    }
    segments
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        if item.content.is_some() {
            self.modules.add(self.module.clone(), self.file);
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let handed_on = !matches!(item.vis, Visibility::Inherited);
        if item.leading_colon.is_none() {
            self.tree(&item.tree, Segments::new(), handed_on);
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_path(&mut self, path: &'ast Path) {
        self.path(segments(path), false);
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let syn::Expr::Path(function) = &*call.func {
            self.path(segments(&function.path), true);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.path(segments(&item.path), true);
        self.tokens(item.tokens.clone());
    }
}
