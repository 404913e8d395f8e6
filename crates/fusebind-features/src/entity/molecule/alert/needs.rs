//! What a molecule must hold before it is worth looking for a pattern in it.
//!
//! Comes in: a pattern, or a molecule. Goes out: how many atoms of each element. Most patterns need elements that most molecules have
//! too few of, which counting tells and searching does not have to.

use ::chematic::smarts::{AtomPrimitive, AtomQuery, QueryMolecule};

/// Numbers of atoms by atomic number; more than 255 are 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements(Box<[u8; 119]>);

/// The least of them that a pattern needs: pairs of atomic number and count, and of heavy atoms in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    of: Vec<(u8, u8)>,
    all: usize,
}

impl Elements {
    /// Counts atomic numbers.
    pub fn count(numbers: impl Iterator<Item = u8>) -> Self {
        let mut counts = Box::new([0_u8; 119]);
        for number in numbers {
            if let Some(count) = counts.get_mut(usize::from(number)) {
                *count = count.saturating_add(1);
            }
        }
        Self(counts)
    }

    /// Whether there are as many as `needs`.
    pub fn suffice(&self, needs: &Needs, atoms: usize) -> bool {
        let has = |(number, count): &(u8, u8)| self.0.get(usize::from(*number)).is_some_and(|own| own >= count);
        atoms >= needs.all && needs.of.iter().all(has)
    }
}

impl Needs {
    /// Of a pattern.
    pub fn of(query: &QueryMolecule) -> Self {
        let numbers = query.atoms.iter().filter_map(|atom| element(&atom.query));
        let Elements(counts) = Elements::count(numbers);
        let of = (0..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0);
        Self {
            of: of.collect(),
            all: query.atoms.len(),
        }
    }
}

/// The element that an atom must be, where there is one alone.
fn element(query: &AtomQuery) -> Option<u8> {
    match query {
        AtomQuery::Primitive(AtomPrimitive::AtomicNum(number)) => Some(*number),
        AtomQuery::Primitive(AtomPrimitive::Symbol(symbol)) => {
            ::chematic::core::Element::from_symbol(symbol).map(|element| element.atomic_number())
        }
        AtomQuery::And(a, b) => element(a).or_else(|| element(b)),
        _ => None,
    }
}
