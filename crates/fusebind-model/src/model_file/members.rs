//! The members of an ensemble in the one section of weights: those of further members stand under names of their own.
//!
//! Comes in: one archive for each member, or that of the section. Goes out: that of the section, or one for each member.

use std::collections::BTreeMap;

use crate::checkpoint::Archive;

/// What the names of the parameters of further member `number` begin with.
fn prefix(number: usize) -> String {
    format!("member_{number}/")
}

/// All parameters under one roof.
pub(super) fn united(first: Archive, members: Vec<Archive>) -> Archive {
    let mut all = first;
    for (number, member) in members.into_iter().enumerate() {
        let prefix = prefix(number);
        let named = member
            .arrays
            .into_iter()
            .map(|(name, array)| (format!("{prefix}{name}"), array));
        all.arrays.extend(named);
    }
    all
}

/// The parameters of the first member, and of `count` further ones; what is missing is missed when it is loaded.
pub(super) fn divided(mut all: Archive, count: usize) -> (Archive, Vec<Archive>) {
    let take = |number: usize| {
        let prefix = prefix(number);
        let mut member = Archive::default();
        let (own, others) = std::mem::take(&mut all.arrays)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(name, _)| name.starts_with(&prefix));
        all.arrays = others;
        let own = own.into_iter();
        (member.arrays).extend(own.map(|(name, array)| (name[prefix.len()..].to_string(), array)));
        member
    };
    let members = (0..count).map(take).collect();
    (all, members)
}
