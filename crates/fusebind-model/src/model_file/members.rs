//! Several models in the one section of weights: further members of an ensemble and structure models stand under names of their own.
//!
//! Comes in: one archive for each model, or that of the section. Goes out: that of the section, or one for each model.

use std::collections::BTreeMap;

use crate::checkpoint::Archive;

/// What the names of the parameters of further member `number` begin with.
fn prefix(number: usize) -> String {
    format!("member_{number}/")
}

/// What the names of the parameters of a structure model begin with, behind those of its member.
const STRUCTURE: &str = "structure/";

/// Adds the parameters of `other` to `all`, under names that begin with `prefix`.
fn add(all: &mut Archive, other: Archive, prefix: &str) {
    let other = other.arrays.into_iter();
    (all.arrays).extend(other.map(|(name, array)| (format!("{prefix}{name}"), array)));
}

/// Takes the parameters out of `all` whose names begin with `prefix`.
fn take(all: &mut Archive, prefix: &str) -> Archive {
    let (own, others) = std::mem::take(&mut all.arrays)
        .into_iter()
        .partition::<BTreeMap<_, _>, _>(|(name, _)| name.starts_with(prefix));
    all.arrays = others;
    let own = own.into_iter();
    Archive {
        arrays: own
            .map(|(name, array)| (name[prefix.len()..].to_string(), array))
            .collect(),
        ..Archive::default()
    }
}

/// All parameters under one roof.
pub(super) fn united(first: Archive, members: Vec<Archive>) -> Archive {
    let mut all = first;
    for (number, member) in members.into_iter().enumerate() {
        add(&mut all, member, &prefix(number));
    }
    all
}

/// The parameters of the first member, and of `count` further ones; what is missing is missed when it is loaded.
pub(super) fn divided(mut all: Archive, count: usize) -> (Archive, Vec<Archive>) {
    let members = (0..count).map(|number| take(&mut all, &prefix(number))).collect();
    (all, members)
}

/// The parameters of a member, with those of its structure model.
pub fn with_structure(member: Archive, structure: Archive) -> Archive {
    let mut all = member;
    add(&mut all, structure, STRUCTURE);
    all
}

/// The parameters of a member apart from those of its structure model, which are empty where it has none.
pub fn apart_from_structure(mut member: Archive) -> [Archive; 2] {
    let structure = take(&mut member, STRUCTURE);
    [member, structure]
}
