//! Circular substructure identifiers (Morgan / ECFP), unfolded and counted.
//!
//! In: invariants of `N` atoms and the bonds between them. Out: `(identifier, radius)` of every distinct environment.
//! The algorithm is that of Rogers & Hahn 2010 (doi 10.1021/ci100050t) with the atom invariants, the 32-bit hash
//! (`boost::hash_combine`) and the removal of redundant environments of RDKit's Morgan generator, so that identifiers
//! equal RDKit's `GetSparseCountFingerprint` without chirality. Atoms here carry no isotope.
//!
//! Round `r` of atom `v`: `h' = hash(r - 1, h(v), sorted((bond, h(u)) for neighbours u))`. An environment is its set of
//! bonds; the first atom to cover a set (smallest identifier, then smallest index) speaks for it and the others fall silent.

use std::collections::HashSet;

use super::fingerprint::Fingerprint;

/// Largest radius of the counted substructures.
pub const SUBSTRUCTURE_RADIUS: u32 = 3;
/// Radius of the folded fingerprint (ECFP4).
const FINGERPRINT_RADIUS: u32 = 2;

/// What the first identifier of an atom is computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtomInvariant {
    /// Atomic number.
    pub element: u8,
    /// Neighbours including hydrogens.
    pub degree: u8,
    /// Hydrogens that are not atoms of the graph.
    pub hydrogens: u8,
    /// Formal charge.
    pub charge: i8,
    /// Whether the atom is in a ring.
    pub in_ring: bool,
}

/// A bond between two atoms with its type (1, 2, 3 for the plain orders, 12 aromatic, 17 dative).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BondInvariant {
    /// First atom.
    pub a: u32,
    /// Second atom.
    pub b: u32,
    /// Bond type.
    pub kind: u32,
}

fn combine(seed: u32, value: u32) -> u32 {
    seed ^ value
        .wrapping_add(0x9e37_79b9)
        .wrapping_add(seed << 6)
        .wrapping_add(seed >> 2)
}

fn first_identifier(atom: &AtomInvariant) -> u32 {
    let parts = [
        u32::from(atom.element),
        u32::from(atom.degree),
        u32::from(atom.hydrogens),
        i32::from(atom.charge) as u32,
        // The shift in mass against the element's average: no isotope, no shift.
        0,
    ];
    let hash = parts.into_iter().fold(0, combine);
    if atom.in_ring { combine(hash, 1) } else { hash }
}

/// An environment that is not redundant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment<'a> {
    /// Its identifier.
    pub identifier: u32,
    /// Its radius.
    pub radius: u32,
    /// The atom in its middle.
    pub atom: u32,
    /// The bonds that it covers, one bit each, 64 to a word; none at radius 0.
    pub bonds: &'a [u64],
}

impl Environment<'_> {
    /// Whether it covers a bond.
    pub fn covers(&self, bond: usize) -> bool {
        self.bonds
            .get(bond / 64)
            .is_some_and(|word| word >> (bond % 64) & 1 == 1)
    }
}

/// Calls `emit` for every environment of radius 0 to `max_radius` that is not redundant.
pub fn environments(
    atoms: &[AtomInvariant],
    bonds: &[BondInvariant],
    max_radius: u32,
    mut emit: impl FnMut(Environment<'_>),
) {
    let mut current: Vec<u32> = atoms.iter().map(first_identifier).collect();
    for (atom, &identifier) in current.iter().enumerate() {
        emit(Environment {
            identifier,
            radius: 0,
            atom: atom as u32,
            bonds: &[],
        });
    }
    let mut neighbours: Vec<Vec<(u32, u32, u32)>> = vec![Vec::new(); atoms.len()];
    for (index, bond) in bonds.iter().enumerate() {
        neighbours[bond.a as usize].push((bond.kind, bond.b, index as u32));
        neighbours[bond.b as usize].push((bond.kind, bond.a, index as u32));
    }
    let words = bonds.len().div_ceil(64);
    // Bonds covered by each atom's environment so far, `[N][words]`.
    let mut covered = vec![0_u64; atoms.len() * words];
    let mut silent: Vec<bool> = neighbours.iter().map(Vec::is_empty).collect();
    let mut seen: HashSet<Box<[u64]>> = HashSet::new();
    let mut links: Vec<(u32, u32)> = Vec::new();
    let mut found: Vec<(u32, usize)> = Vec::new();
    for round in 0..max_radius {
        let mut next = vec![0_u32; atoms.len()];
        let mut grown = covered.clone();
        found.clear();
        for atom in (0..atoms.len()).filter(|&atom| !silent[atom]) {
            links.clear();
            for &(kind, other, bond) in &neighbours[atom] {
                links.push((kind, current[other as usize]));
                grown[atom * words + bond as usize / 64] |= 1 << (bond % 64);
                for word in 0..words {
                    grown[atom * words + word] |= covered[other as usize * words + word];
                }
            }
            links.sort_unstable();
            let hash = links
                .iter()
                .fold(combine(round, current[atom]), |hash, &(kind, identifier)| {
                    combine(hash, combine(combine(0, kind), identifier))
                });
            next[atom] = hash;
            found.push((hash, atom));
        }
        // Only equal bond sets compete, so ordering by (identifier, atom) elects the same speakers as RDKit.
        found.sort_unstable();
        for &(identifier, atom) in &found {
            let bonds = &grown[atom * words..(atom + 1) * words];
            if seen.insert(bonds.into()) {
                emit(Environment {
                    identifier,
                    radius: round + 1,
                    atom: atom as u32,
                    bonds,
                });
            } else {
                silent[atom] = true;
            }
        }
        current = next;
        covered = grown;
    }
}

/// Identifiers with their counts, ascending, and the ECFP4 bits, of environments `(identifier, radius)`.
pub fn counted(mut environments: Vec<(u32, u32)>) -> (Vec<(u32, u16)>, Fingerprint) {
    let mut fingerprint = Fingerprint::default();
    for &(identifier, radius) in &environments {
        if radius <= FINGERPRINT_RADIUS {
            fingerprint.set(identifier);
        }
    }
    environments.sort_unstable();
    let mut counted: Vec<(u32, u16)> = Vec::with_capacity(environments.len());
    for (identifier, _) in environments {
        match counted.last_mut() {
            Some((last, count)) if *last == identifier => *count = count.saturating_add(1),
            _ => counted.push((identifier, 1)),
        }
    }
    (counted, fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carbon(degree: u8, hydrogens: u8) -> AtomInvariant {
        AtomInvariant {
            element: 6,
            degree,
            hydrogens,
            ..AtomInvariant::default()
        }
    }

    /// Reference: RDKit `GetMorganGenerator(radius=2).GetSparseCountFingerprint(MolFromSmiles("CC"))`.
    #[test]
    fn ethane_has_two_atoms_and_one_bond_environment() {
        let mut found = Vec::new();
        let bond = BondInvariant { a: 0, b: 1, kind: 1 };
        environments(&[carbon(4, 3), carbon(4, 3)], &[bond], 2, |e| {
            found.push((e.identifier, e.radius))
        });
        assert_eq!(found[..2], [(2_246_728_737, 0), (2_246_728_737, 0)]);
        assert_eq!(found.len(), 3);
        assert_eq!(found[2].1, 1);
    }

    #[test]
    fn lone_atoms_and_empty_graphs_are_served() {
        let mut found = Vec::new();
        environments(&[carbon(4, 4)], &[], 3, |e| found.push(e.identifier));
        assert_eq!(found, [2_246_733_040]);
        environments(&[], &[], 3, |_| unreachable!("no atoms"));
    }
}
