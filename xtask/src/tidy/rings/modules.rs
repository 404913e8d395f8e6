//! The modules of one crate. Comes in: which file holds which module, and the names that `use` brings into each. Goes out: the
//! file that defines what a path names, with re-exports followed to where the item is written down.

use std::collections::BTreeMap;

/// Segments of a path.
pub type Segments = Vec<String>;

/// Re-exports that are followed for one path. More than this is a name that leads back to itself.
const STEPS: usize = 16;

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// To a module as a whole, in this file.
    Module(&'a str),
    /// To an item that this file defines.
    Item(&'a str),
}

#[derive(Debug, Default)]
struct Module {
    file: String,
    /// Names that `use` brings in, with their paths as written.
    names: BTreeMap<String, Segments>,
}

/// All modules of a crate by their path from its root.
#[derive(Debug, Default)]
pub struct Modules(BTreeMap<Segments, Module>);

impl Modules {
    /// Adds a module that `file` holds.
    pub fn add(&mut self, path: Segments, file: &str) {
        self.0.entry(path).or_default().file = file.into();
    }

    /// Notes that `use` brings `name` into a module.
    pub fn bring(&mut self, module: &[String], name: String, written: Segments) {
        if let Some(module) = self.0.get_mut(module) {
            module.names.insert(name, written);
        }
    }

    /// Where a path leads that is written in a module. `None`: to another crate, or to something local.
    pub fn find(&self, module: &[String], written: &[String]) -> Option<Found<'_>> {
        let path = self.absolute(module, written, STEPS)?;
        self.follow(&path, STEPS)
    }

    /// The path from the root of the crate.
    fn absolute(&self, module: &[String], written: &[String], steps: usize) -> Option<Segments> {
        let (first, rest) = written.split_first()?;
        let mut base = module.to_vec();
        match first.as_str() {
            "crate" => return Some(rest.to_vec()),
            "self" => {}
            "super" => {
                base.pop()?;
            }
            name => {
                base.push(name.into());
                if !self.0.contains_key(&base) {
                    base = self.alias(module, name, steps)?;
                }
            }
        }
        let climbs = rest.iter().take_while(|segment| *segment == "super").count();
        base.truncate(base.len().checked_sub(climbs)?);
        base.extend_from_slice(&rest[climbs..]);
        Some(base)
    }

    /// The path from the root of what a module calls `name` by a `use`.
    fn alias(&self, module: &[String], name: &str, steps: usize) -> Option<Segments> {
        let written = self.0.get(module)?.names.get(name)?;
        self.absolute(module, written, steps.checked_sub(1)?)
    }

    fn follow(&self, path: &[String], steps: usize) -> Option<Found<'_>> {
        let mut here = Segments::new();
        for (at, segment) in path.iter().enumerate() {
            let module = self.0.get(&here)?;
            here.push(segment.clone());
            if self.0.contains_key(&here) {
                continue;
            }
            if !module.names.contains_key(segment) {
                return Some(Found::Item(&module.file));
            }
            here.pop();
            let mut target = self.alias(&here, segment, steps)?;
            target.extend_from_slice(&path[at + 1..]);
            return self.follow(&target, steps.checked_sub(1)?);
        }
        Some(Found::Module(&self.0.get(&here)?.file))
    }
}
