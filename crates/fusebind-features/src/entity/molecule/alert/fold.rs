//! Hydrogens of a pattern as counts of the atoms that carry them.
//!
//! Published patterns write hydrogens as atoms (`[#7](-[#1])-[#1]`), molecules do not. Comes in: a pattern. Goes out: the same with
//! at least so many hydrogens at the neighbour (`[#7;!H0;!H1]`), as RDKit merges them, also inside of recursive patterns.

use ::chematic::smarts::{AtomPrimitive, AtomQuery, BondPrimitive, BondQuery, QueryMolecule};

/// Folds the hydrogens of `query`.
pub fn fold(query: &QueryMolecule) -> QueryMolecule {
    let mut carried = vec![0_u8; query.atoms.len()];
    let is_folded: Vec<bool> = (0..query.atoms.len()).map(|atom| is_folded(query, atom)).collect();
    for atom in (0..query.atoms.len()).filter(|atom| is_folded[*atom]) {
        let (_, neighbour) = query.adj[atom][0];
        carried[neighbour] = carried[neighbour].saturating_add(1);
    }
    let mut folded = QueryMolecule::new();
    let mut places = vec![None; query.atoms.len()];
    for (at, atom) in query.atoms.iter().enumerate().filter(|(at, _)| !is_folded[*at]) {
        let wanted = (0..carried[at]).fold(inner(&atom.query), |wanted, count| {
            let is_count = AtomQuery::Primitive(AtomPrimitive::HCount(count));
            AtomQuery::And(Box::new(wanted), Box::new(AtomQuery::Not(Box::new(is_count))))
        });
        places[at] = Some(folded.add_atom_with_map(wanted, atom.atom_map));
    }
    for bond in &query.bonds {
        if let (Some(a), Some(b)) = (places[bond.atom1], places[bond.atom2]) {
            folded.add_bond(a, b, bond.query.clone());
        }
    }
    folded
}

/// Whether an atom is a plain hydrogen at one atom that is none. The first atom of a pattern stays: a recursive pattern begins there.
fn is_folded(query: &QueryMolecule, atom: usize) -> bool {
    let [(bond, neighbour)] = query.adj[atom][..] else {
        return false;
    };
    let is_plain = matches!(
        query.bonds[bond].query,
        BondQuery::Any | BondQuery::Primitive(BondPrimitive::Single)
    );
    atom > 0 && is_plain && is_hydrogen(&query.atoms[atom].query) && !is_hydrogen(&query.atoms[neighbour].query)
}

fn is_hydrogen(query: &AtomQuery) -> bool {
    match query {
        AtomQuery::Primitive(AtomPrimitive::AtomicNum(1)) => true,
        AtomQuery::Primitive(AtomPrimitive::Symbol(symbol)) => symbol == "H",
        AtomQuery::And(a, b) => {
            let is_aliphatic =
                |query: &AtomQuery| matches!(query, AtomQuery::Primitive(AtomPrimitive::Aromatic(false)));
            is_hydrogen(a) && (is_hydrogen(b) || is_aliphatic(b))
        }
        _ => false,
    }
}

/// A condition with the hydrogens of its recursive patterns folded.
fn inner(query: &AtomQuery) -> AtomQuery {
    let both = |a: &AtomQuery, b: &AtomQuery| (Box::new(inner(a)), Box::new(inner(b)));
    match query {
        AtomQuery::Primitive(AtomPrimitive::Recursive(pattern)) => {
            AtomQuery::Primitive(AtomPrimitive::Recursive(Box::new(fold(pattern))))
        }
        AtomQuery::Primitive(primitive) => AtomQuery::Primitive(primitive.clone()),
        AtomQuery::And(a, b) => {
            let (a, b) = both(a, b);
            AtomQuery::And(a, b)
        }
        AtomQuery::Or(a, b) => {
            let (a, b) = both(a, b);
            AtomQuery::Or(a, b)
        }
        AtomQuery::Not(a) => AtomQuery::Not(Box::new(inner(a))),
    }
}
