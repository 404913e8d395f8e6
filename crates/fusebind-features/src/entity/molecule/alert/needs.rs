//! What a molecule must hold before it is worth looking for a pattern in it.
//!
//! Comes in: a pattern, or a molecule. Goes out: how many atoms of each element, and how many bonds of each kind between two elements. Most patterns
//! need some that most molecules have too few of, which counting tells and searching does not have to.

use std::collections::BTreeMap;

use ::chematic::{
    core::{BondOrder, Element, Molecule},
    smarts::{AtomPrimitive, AtomQuery, BondPrimitive, BondQuery, QueryMolecule},
};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// An atom of this atomic number.
    Atom(u8),
    /// A bond between two of them, the lesser first.
    Bond(u8, u8, Kind),
}

/// Bonds that patterns tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Single,
    Double,
    Triple,
    Aromatic,
}

/// Numbers of parts: those that a molecule has, or the least that a pattern needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    counts: BTreeMap<Part, u32>,
    atoms: usize,
}

impl Parts {
    /// Of a molecule. A bond of an order that several kinds of patterns match counts as each of them.
    pub fn of_molecule(molecule: &Molecule) -> Self {
        let numbers: Vec<u8> = molecule.atoms().map(|(_, atom)| atom.element.atomic_number()).collect();
        let mut parts = Self::empty(numbers.len());
        numbers.iter().for_each(|number| parts.add(Part::Atom(*number)));
        for (_, bond) in molecule.bonds() {
            let [a, b] = [bond.atom1, bond.atom2].map(|atom| numbers.get(atom.0 as usize).copied().unwrap_or_default());
            kinds(bond.order)
                .iter()
                .for_each(|kind| parts.add(Part::Bond(a.min(b), a.max(b), *kind)));
        }
        parts
    }

    /// Of a pattern: what is sure, whatever it leaves open.
    pub fn of_pattern(query: &QueryMolecule) -> Self {
        let numbers: Vec<Option<u8>> = query.atoms.iter().map(|atom| element(&atom.query)).collect();
        let mut parts = Self::empty(numbers.len());
        numbers
            .iter()
            .flatten()
            .for_each(|number| parts.add(Part::Atom(*number)));
        for bond in &query.bonds {
            if let (Some(a), Some(b), Some(kind)) = (numbers[bond.atom1], numbers[bond.atom2], kind(&bond.query)) {
                parts.add(Part::Bond(a.min(b), a.max(b), kind));
            }
        }
        parts
    }

    /// Whether there are as many as `needed`.
    pub fn suffice(&self, needed: &Self) -> bool {
        let has = |(part, count): (&Part, &u32)| self.counts.get(part).is_some_and(|own| own >= count);
        self.atoms >= needed.atoms && needed.counts.iter().all(has)
    }

    fn empty(atoms: usize) -> Self {
        Self {
            counts: BTreeMap::new(),
            atoms,
        }
    }

    fn add(&mut self, part: Part) {
        *self.counts.entry(part).or_default() += 1;
    }
}

/// The element that an atom must be, where there is one alone.
fn element(query: &AtomQuery) -> Option<u8> {
    match query {
        AtomQuery::Primitive(AtomPrimitive::AtomicNum(number)) => Some(*number),
        AtomQuery::Primitive(AtomPrimitive::Symbol(symbol)) => {
            Element::from_symbol(symbol).map(|it| it.atomic_number())
        }
        // Each pattern inside describes the atom that it begins with.
        AtomQuery::Primitive(AtomPrimitive::Recursive(pattern)) => element(&pattern.atoms.first()?.query),
        AtomQuery::And(a, b) => element(a).or_else(|| element(b)),
        AtomQuery::Or(a, b) => element(a).filter(|own| element(b) == Some(*own)),
        _ => None,
    }
}

/// The kind that a bond must be, where there is one alone.
fn kind(query: &BondQuery) -> Option<Kind> {
    match query {
        BondQuery::Primitive(BondPrimitive::Single) => Some(Kind::Single),
        BondQuery::Primitive(BondPrimitive::Double) => Some(Kind::Double),
        BondQuery::Primitive(BondPrimitive::Triple) => Some(Kind::Triple),
        BondQuery::Primitive(BondPrimitive::Aromatic) => Some(Kind::Aromatic),
        BondQuery::And(a, b) => kind(a).or_else(|| kind(b)),
        _ => None,
    }
}

/// The kinds of patterns that match a bond of this order.
fn kinds(order: BondOrder) -> &'static [Kind] {
    match order {
        BondOrder::Single | BondOrder::Up | BondOrder::Down => &[Kind::Single],
        BondOrder::Double => &[Kind::Double],
        BondOrder::Triple => &[Kind::Triple],
        BondOrder::Aromatic => &[Kind::Aromatic],
        // Orders that only files of queries have.
        _ => &[Kind::Single, Kind::Double, Kind::Triple, Kind::Aromatic],
    }
}
