//! The uncharged form of a molecule, where that is unambiguous: an acid, its anion and a salt of it are one compound.
//!
//! Comes in: a structure. Goes out: the same with protons taken from positive atoms that have some (ammonium, amidinium, pyridinium), and given
//! to negative ones (carboxylate, phenolate, sulfonamide, tetrazolate, phosphate, thiolate). What stays charged: a positive atom without a
//! hydrogen (quaternary nitrogen, sulfonium), as many negative atoms as are needed to balance these (betaines), and charges on
//! neighbouring atoms that are a way of writing a bond (nitro, N-oxide, azide, isonitrile). The rule is that of RDKit's `Uncharger`
//! (Landrum et al., www.rdkit.org); where several negative atoms could stay, the strongest acid does: sulfonate, phosphate,
//! carboxylate, then others, and of equal ones the last in canonical order.

use ::chematic::core::{AtomIdx, Element, Molecule, MoleculeBuilder};

/// Elements whose negative atoms take a proton.
const ACIDIC: [Element; 6] = [Element::O, Element::S, Element::N, Element::SE, Element::C, Element::P];

/// Elements whose positive atoms lose one.
const BASIC: [Element; 3] = [Element::N, Element::O, Element::S];

fn atoms(structure: &Molecule) -> impl Iterator<Item = AtomIdx> {
    (0..structure.atom_count() as u32).map(AtomIdx)
}

/// Whether a neighbour of the atom has a charge of the other sign.
fn is_paired(structure: &Molecule, atom: AtomIdx) -> bool {
    let charge = structure.atom(atom).charge;
    let opposite = |other: AtomIdx| structure.atom(other).charge.signum() == -charge.signum();
    structure.neighbors(atom).any(|(other, _)| opposite(other))
}

/// How strong the acid of a negative atom is: larger stays charged longer.
fn acidity(structure: &Molecule, atom: AtomIdx) -> u8 {
    let bound_to = |element: Element| {
        structure
            .neighbors(atom)
            .any(|(other, _)| structure.atom(other).element == element)
    };
    match structure.atom(atom).element {
        Element::O if bound_to(Element::S) => 4,
        Element::O if bound_to(Element::P) => 3,
        Element::O => 2,
        Element::S => 1,
        _ => 0,
    }
}

/// Hydrogens of each atom whose charge is changed; empty where nothing is.
fn changes(structure: &Molecule) -> Vec<(AtomIdx, i8, u8)> {
    let hydrogens = |atom: AtomIdx| structure.atom(atom).hydrogen_count.unwrap_or(0);
    let mut changes = Vec::new();
    let mut lasting = 0;
    for atom in atoms(structure).filter(|atom| structure.atom(*atom).charge > 0) {
        if !BASIC.contains(&structure.atom(atom).element) {
            lasting += i32::from(structure.atom(atom).charge);
            continue;
        }
        let charge = structure.atom(atom).charge;
        let given = hydrogens(atom).min(charge.unsigned_abs());
        if given > 0 && !is_paired(structure, atom) {
            changes.push((atom, charge - given as i8, hydrogens(atom) - given));
        }
        let left = charge
            - if is_paired(structure, atom) {
                charge
            } else {
                given as i8
            };
        lasting += i32::from(left);
    }
    let mut negative: Vec<AtomIdx> = atoms(structure)
        .filter(|atom| {
            let value = structure.atom(*atom);
            let is_ring_anion = value.element == Element::C && value.aromatic;
            value.charge < 0 && ACIDIC.contains(&value.element) && !is_ring_anion && !is_paired(structure, *atom)
        })
        .collect();
    negative.sort_by_key(|atom| (acidity(structure, *atom), atom.0));
    let total: i32 = negative
        .iter()
        .map(|atom| -i32::from(structure.atom(*atom).charge))
        .sum();
    let mut surplus = (total - lasting).max(0);
    for atom in negative {
        let charge = structure.atom(atom).charge;
        let taken = surplus.min(-i32::from(charge)) as u8;
        if taken > 0 {
            changes.push((atom, charge + taken as i8, hydrogens(atom) + taken));
            surplus -= i32::from(taken);
        }
    }
    changes
}

/// The uncharged form of `structure`; `None` where it is that form already.
pub(super) fn uncharged(structure: &Molecule) -> Option<Molecule> {
    if atoms(structure).all(|atom| structure.atom(atom).charge == 0) {
        return None;
    }
    let changes = changes(structure);
    if changes.is_empty() {
        return None;
    }
    let mut builder = MoleculeBuilder::from_molecule(structure);
    for (atom, charge, hydrogens) in changes {
        builder.set_atom_charge(atom, charge);
        builder.set_atom_hydrogen_count(atom, Some(hydrogens));
    }
    Some(builder.build())
}
