//! What is known of a molecule's atoms and bonds without a search, and what patterns ask of it.
//!
//! Comes in: a molecule, and conditions of a pattern. Goes out: sets of atoms that may meet a condition. What is not known here (rings, what lies
//! around an atom) is left open: a set may hold too many atoms, never too few.

use ::chematic::{
    core::{BondOrder, Element, Molecule, implicit_hcount},
    smarts::{AtomPrimitive, AtomQuery, BondPrimitive, BondQuery},
};

/// Words of a set of atoms.
const WORDS: usize = 8;

/// Some atoms of a molecule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atoms([u64; WORDS]);

impl Atoms {
    fn none() -> Self {
        Self([0; WORDS])
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Those that are in both.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = *self;
        both.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own &= other);
        both
    }

    fn add(&mut self, atom: usize) {
        self.0[atom / 64] |= 1 << (atom % 64);
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    64 * at + bit
                })
            })
        })
    }
}

/// Kinds that a bond is, or may be: single, double, triple, aromatic, and any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BondKinds(u8);

impl BondKinds {
    const SINGLE: u8 = 1;
    const DOUBLE: u8 = 2;
    const TRIPLE: u8 = 4;
    const AROMATIC: u8 = 8;
    /// The four.
    const PLAIN: u8 = 15;
    /// Orders that only files of queries and metals have: every pattern may match them.
    const OTHER: u8 = 16;

    /// Of a bond of a molecule.
    fn of_order(order: BondOrder) -> Self {
        Self(match order {
            BondOrder::Single | BondOrder::Up | BondOrder::Down => Self::SINGLE,
            BondOrder::Double => Self::DOUBLE,
            BondOrder::Triple => Self::TRIPLE,
            BondOrder::Aromatic => Self::AROMATIC,
            _ => Self::OTHER,
        })
    }

    /// Those that a bond of a pattern may match.
    pub fn of_query(query: &BondQuery) -> Self {
        Self(Self::matched(query).0 | Self::OTHER)
    }

    /// Plain kinds that may match, and those that may not.
    fn matched(query: &BondQuery) -> (u8, u8) {
        let exactly = |kinds: u8| (kinds, Self::PLAIN & !kinds);
        match query {
            BondQuery::Any | BondQuery::Primitive(BondPrimitive::Up | BondPrimitive::Down) => {
                exactly(Self::SINGLE | Self::AROMATIC)
            }
            BondQuery::Primitive(BondPrimitive::Single) => exactly(Self::SINGLE),
            BondQuery::Primitive(BondPrimitive::Double) => exactly(Self::DOUBLE),
            BondQuery::Primitive(BondPrimitive::Triple) => exactly(Self::TRIPLE),
            BondQuery::Primitive(BondPrimitive::Aromatic) => exactly(Self::AROMATIC),
            BondQuery::Primitive(BondPrimitive::Any) => exactly(Self::PLAIN),
            BondQuery::Primitive(_) => (Self::PLAIN, Self::PLAIN),
            BondQuery::And(a, b) => {
                let (a, b) = (Self::matched(a), Self::matched(b));
                (a.0 & b.0, a.1 | b.1)
            }
            BondQuery::Or(a, b) => {
                let (a, b) = (Self::matched(a), Self::matched(b));
                (a.0 | b.0, a.1 & b.1)
            }
            BondQuery::Not(a) => {
                let (yes, no) = Self::matched(a);
                (no, yes)
            }
        }
    }

    /// Whether a bond of a pattern is of one plain kind alone.
    pub fn is_one(self) -> bool {
        (self.0 & Self::PLAIN).count_ones() == 1
    }

    /// The plain kinds that patterns count this bond of a molecule as, each as a pattern names it.
    pub fn each(self) -> impl Iterator<Item = Self> {
        let is_other = self.0 & Self::OTHER != 0;
        let kinds = [Self::SINGLE, Self::DOUBLE, Self::TRIPLE, Self::AROMATIC].into_iter();
        let own = kinds.filter(move |kind| is_other || self.0 & kind != 0);
        own.map(|kind| Self(kind | Self::OTHER))
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a pattern asks of an atom, as far as it can be answered here.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Number(u8),
    Aromatic(bool),
    Charge(i8),
    /// Hydrogens, and those that are no atoms.
    Hydrogens(u8),
    Implicit(u8),
    Degree(u8),
    /// Neighbours with hydrogens that are no atoms.
    Connected(u8),
    Always,
    Never,
    /// Not known here.
    Open,
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// What a pattern asks.
    pub fn of(query: &AtomQuery) -> Self {
        let both = |a: &AtomQuery, b: &AtomQuery| (Box::new(Self::of(a)), Box::new(Self::of(b)));
        match query {
            AtomQuery::Primitive(primitive) => Self::of_primitive(primitive),
            AtomQuery::And(a, b) => {
                let (a, b) = both(a, b);
                Self::And(a, b)
            }
            AtomQuery::Or(a, b) => {
                let (a, b) = both(a, b);
                Self::Or(a, b)
            }
            AtomQuery::Not(a) => Self::Not(Box::new(Self::of(a))),
        }
    }

    fn of_primitive(primitive: &AtomPrimitive) -> Self {
        match primitive {
            AtomPrimitive::AtomicNum(number) => Self::Number(*number),
            AtomPrimitive::Symbol(symbol) => {
                let element = Element::from_symbol(symbol).filter(|element| element.symbol() == symbol);
                element.map_or(Self::Never, |element| Self::Number(element.atomic_number()))
            }
            AtomPrimitive::Aromatic(is_aromatic) => Self::Aromatic(*is_aromatic),
            AtomPrimitive::Charge(charge) => Self::Charge(*charge),
            AtomPrimitive::HCount(count) => Self::Hydrogens(*count),
            AtomPrimitive::ImplicitHCount(count) => Self::Implicit(*count),
            AtomPrimitive::Degree(degree) => Self::Degree(*degree),
            AtomPrimitive::TotalConnectivity(count) => Self::Connected(*count),
            AtomPrimitive::Wildcard => Self::Always,
            // The atom that it begins with is this one; the others are left open.
            AtomPrimitive::Recursive(pattern) => match pattern.atoms.first() {
                Some(first) => Self::And(Box::new(Self::of(&first.query)), Box::new(Self::Open)),
                None => Self::Never,
            },
            _ => Self::Open,
        }
    }

    /// Whether an atom may meet it, and whether it may not.
    fn answer(&self, atom: &Atom) -> (bool, bool) {
        let known = |is_met: bool| (is_met, !is_met);
        match self {
            Self::Number(number) => known(atom.number == *number),
            Self::Aromatic(is_aromatic) => known(atom.is_aromatic == *is_aromatic),
            Self::Charge(charge) => known(atom.charge == *charge),
            Self::Hydrogens(count) => known(atom.hydrogens == *count),
            Self::Implicit(count) => known(atom.implicit == *count),
            Self::Degree(degree) => known(atom.degree == usize::from(*degree)),
            Self::Connected(count) => known(atom.degree + usize::from(atom.implicit) == usize::from(*count)),
            Self::Always => known(true),
            Self::Never => known(false),
            Self::Open => (true, true),
            Self::And(a, b) => {
                let (a, b) = (a.answer(atom), b.answer(atom));
                (a.0 && b.0, a.1 || b.1)
            }
            Self::Or(a, b) => {
                let (a, b) = (a.answer(atom), b.answer(atom));
                (a.0 || b.0, a.1 && b.1)
            }
            Self::Not(a) => {
                let (yes, no) = a.answer(atom);
                (no, yes)
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Atom {
    /// 0 for an atom that may be any.
    number: u8,
    is_aromatic: bool,
    charge: i8,
    hydrogens: u8,
    implicit: u8,
    degree: usize,
    /// Neighbours, and the bonds to them.
    neighbours: Vec<(usize, BondKinds)>,
}

/// What is known of a molecule.
#[derive(Clone, Debug)]
pub struct Facts(Vec<Atom>);

impl Facts {
    /// Of a molecule; none where it has more atoms than a set holds.
    pub fn of(molecule: &Molecule) -> Option<Self> {
        if molecule.atom_count() > 64 * WORDS {
            return None;
        }
        let number = |at| {
            let atom = molecule.atom(at);
            if atom.wildcard { 0 } else { atom.element.atomic_number() }
        };
        let fact = |(at, atom): (_, &::chematic::core::Atom)| {
            let neighbours = molecule.neighbors(at);
            let neighbours: Vec<_> = neighbours
                .map(|(other, bond)| (other.0 as usize, BondKinds::of_order(molecule.bond(bond).order)))
                .collect();
            let implicit = implicit_hcount(molecule, at);
            let hydrogens = molecule.neighbors(at).filter(|(other, _)| number(*other) == 1).count() as u8;
            Atom {
                number: number(at),
                is_aromatic: atom.aromatic,
                charge: atom.charge,
                hydrogens: hydrogens + implicit,
                implicit,
                degree: neighbours.len(),
                neighbours,
            }
        };
        Some(Self(molecule.atoms().map(fact).collect()))
    }

    /// Number of atoms.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Atomic numbers.
    pub fn numbers(&self) -> impl Iterator<Item = u8> {
        self.0.iter().map(|atom| atom.number)
    }

    /// The atomic numbers of both ends of each bond, and what it is.
    pub fn bonds(&self) -> impl Iterator<Item = (u8, u8, BondKinds)> {
        self.0.iter().enumerate().flat_map(|(at, atom)| {
            let later = atom.neighbours.iter().filter(move |(other, _)| *other > at);
            later.map(|(other, kinds)| (atom.number, self.0[*other].number, *kinds))
        })
    }

    /// The atoms with so many bonds that may meet a condition.
    pub fn meeting(&self, condition: &Condition, bonds: usize) -> Atoms {
        let mut found = Atoms::none();
        let may = |atom: &Atom| atom.degree >= bonds && condition.answer(atom).0;
        let all = self.0.iter().enumerate().filter(|(_, atom)| may(atom));
        all.for_each(|(at, _)| found.add(at));
        found
    }

    /// The neighbours of some atoms by such bonds.
    pub fn next_to(&self, atoms: &Atoms, kinds: BondKinds) -> Atoms {
        let mut found = Atoms::none();
        for atom in atoms.iter() {
            for (other, own) in &self.0[atom].neighbours {
                if own.meets(kinds) {
                    found.add(*other);
                }
            }
        }
        found
    }
}
