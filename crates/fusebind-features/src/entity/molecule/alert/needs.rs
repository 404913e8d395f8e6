//! What a molecule must hold before it is worth looking for a pattern in it.
//!
//! Comes in: patterns, then a molecule. Goes out: whether the molecule may hold a pattern. Two questions rule nearly all patterns out without a
//! search, and each is asked of what is cheapest to know: are there as many atoms of each element, and bonds of each kind between two elements?
//! And does each atom of the pattern find an atom that may be it, next to one that may be its neighbour, from the rarest on (the refinement of
//! Ullmann 1976, doi 10.1145/321921.321925)? What no pattern has twice is asked once for each molecule.

use std::collections::BTreeMap;

use ::chematic::{
    core::{Element, Molecule},
    smarts::{AtomPrimitive, AtomQuery, QueryMolecule},
};

use super::facts::{Atoms, BondKinds, Condition, Facts};

/// Passes over a pattern at most; what they leave is searched.
const PASSES: usize = 3;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// An atom of this atomic number.
    Atom(u8),
    /// A bond of one kind between two of them, the lesser first.
    Bond(u8, u8, BondKinds),
}

/// What one of all patterns needs, by number.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    parts: BTreeMap<Part, usize>,
    /// Conditions of atoms, with the bonds that they have at least.
    conditions: Vec<(Condition, usize)>,
}

/// What a pattern needs.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Parts, and how many of each.
    parts: Vec<(usize, u32)>,
    /// The condition of each atom.
    conditions: Vec<usize>,
    /// The neighbours of each atom, and what the bond to them may be.
    neighbours: Vec<Vec<(usize, BondKinds)>>,
}

/// A molecule as far as patterns have asked.
#[derive(Debug)]
pub struct Surveyed<'a> {
    dictionary: &'a Dictionary,
    facts: Facts,
    /// How many there are of each part.
    counts: Vec<u32>,
    /// The atoms that may meet each condition.
    found: Vec<Option<Atoms>>,
}

impl Dictionary {
    /// What a pattern needs: what is sure, whatever it leaves open.
    pub fn needs(&mut self, query: &QueryMolecule) -> Needs {
        let numbers: Vec<Option<u8>> = query.atoms.iter().map(|atom| element(&atom.query)).collect();
        let kinds: Vec<BondKinds> = query
            .bonds
            .iter()
            .map(|bond| BondKinds::of_query(&bond.query))
            .collect();
        let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
        for number in numbers.iter().flatten() {
            *counts.entry(self.part(Part::Atom(*number))).or_default() += 1;
        }
        for (bond, kinds) in query.bonds.iter().zip(&kinds) {
            if let (Some(a), Some(b), true) = (numbers[bond.atom1], numbers[bond.atom2], kinds.is_one()) {
                *counts
                    .entry(self.part(Part::Bond(a.min(b), a.max(b), *kinds)))
                    .or_default() += 1;
            }
        }
        let conditions = query.atoms.iter().zip(&query.adj);
        Needs {
            parts: counts.into_iter().collect(),
            conditions: conditions
                .map(|(atom, bonds)| self.condition(Condition::of(&atom.query), bonds.len()))
                .collect(),
            neighbours: (query.adj.iter())
                .map(|bonds| bonds.iter().map(|(bond, other)| (*other, kinds[*bond])).collect())
                .collect(),
        }
    }

    fn part(&mut self, part: Part) -> usize {
        let next = self.parts.len();
        *self.parts.entry(part).or_insert(next)
    }

    fn condition(&mut self, condition: Condition, bonds: usize) -> usize {
        let wanted = (condition, bonds);
        let known = self.conditions.iter().position(|known| *known == wanted);
        known.unwrap_or_else(|| {
            self.conditions.push(wanted);
            self.conditions.len() - 1
        })
    }

    /// Looks at a molecule; none where it has too many atoms to be looked at so.
    pub fn survey(&self, molecule: &Molecule) -> Option<Surveyed<'_>> {
        let facts = Facts::of(molecule)?;
        let mut counts = vec![0; self.parts.len()];
        let mut count = |part: Part| {
            if let Some(at) = self.parts.get(&part) {
                counts[*at] += 1;
            }
        };
        facts.numbers().for_each(|number| count(Part::Atom(number)));
        for (a, b, kinds) in facts.bonds() {
            kinds
                .each()
                .for_each(|kind| count(Part::Bond(a.min(b), a.max(b), kind)));
        }
        Some(Surveyed {
            dictionary: self,
            facts,
            counts,
            found: vec![None; self.conditions.len()],
        })
    }
}

impl Surveyed<'_> {
    /// Whether the molecule may hold a pattern; where not, it surely does not.
    pub fn may_hold(&mut self, needs: &Needs) -> bool {
        let is_enough = |(part, count): &(usize, u32)| self.counts[*part] >= *count;
        if needs.conditions.len() > self.facts.len() || !needs.parts.iter().all(is_enough) {
            return false;
        }
        let mut atoms = Vec::with_capacity(needs.conditions.len());
        for condition in &needs.conditions {
            let found = self.meeting(*condition);
            if found.is_empty() {
                return false;
            }
            atoms.push(found);
        }
        let order = order(needs, &atoms);
        for _ in 0..PASSES {
            let before = atoms.clone();
            if !self.refine(needs, order.iter(), &mut atoms) || !self.refine(needs, order.iter().rev(), &mut atoms) {
                return false;
            }
            if atoms == before {
                break;
            }
        }
        true
    }

    /// The atoms that may meet a condition.
    fn meeting(&mut self, condition: usize) -> Atoms {
        let (wanted, bonds) = &self.dictionary.conditions[condition];
        *self.found[condition].get_or_insert_with(|| self.facts.meeting(wanted, *bonds))
    }

    /// Keeps for each atom of a pattern, in this order, what lies next to what its neighbours may be; false where nothing is left.
    fn refine<'o>(&self, needs: &Needs, order: impl Iterator<Item = &'o usize>, atoms: &mut [Atoms]) -> bool {
        for at in order {
            for (other, kinds) in &needs.neighbours[*at] {
                let kept = atoms[*other].and(&self.facts.next_to(&atoms[*at], *kinds));
                if kept.is_empty() {
                    return false;
                }
                atoms[*other] = kept;
            }
        }
        true
    }
}

/// The atoms of a pattern: one after the other from the rarest on, each next to an earlier one where there is such.
fn order(needs: &Needs, atoms: &[Atoms]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(atoms.len());
    let mut is_taken = vec![false; atoms.len()];
    let mut at = 0;
    while order.len() < atoms.len() {
        if at == order.len() {
            let rest = (0..atoms.len()).filter(|atom| !is_taken[*atom]);
            let Some(rarest) = rest.min_by_key(|atom| atoms[*atom].len()) else {
                break;
            };
            is_taken[rarest] = true;
            order.push(rarest);
        }
        for (other, _) in &needs.neighbours[order[at]] {
            if !is_taken[*other] {
                is_taken[*other] = true;
                order.push(*other);
            }
        }
        at += 1;
    }
    order
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
