//! A molecule without one of its atoms, and a protein without a window of its residues, as a model would read them.
//!
//! Comes in: an entity. Goes out: one variant for each atom or window. An atom takes with it its bonds and every circular substructure that holds
//! it; the other substructures stay what they are (as in the atomic weights of Riniker & Landrum 2013, doi 10.1186/1758-2946-5-43), so that
//! a variant is no other molecule with new substructures of its own. The residues of a window become unknown ones. Axis legend: `N` atoms, `L` residues.

use super::{
    fingerprint::Fingerprint,
    graph::{BondFeatures, GraphFeatures},
    morgan::{self, AtomInvariant, BondInvariant, SUBSTRUCTURE_RADIUS},
    sequence::{SequenceFeatures, UNKNOWN},
};

/// A molecule without one of its atoms.
#[derive(Clone, Debug, PartialEq)]
pub struct WithoutAtom {
    /// Its graph and its substructures.
    pub graph: GraphFeatures,
    /// Its ECFP4 bits.
    pub fingerprint: Fingerprint,
}

/// The molecule without each of its atoms, `[N]`. None where its substructures cannot be told from its graph: those of atoms with an isotope.
pub fn without_atoms(graph: &GraphFeatures) -> Option<Vec<WithoutAtom>> {
    let (atoms, bonds) = invariants(graph);
    // Identifier, radius and atoms of each environment.
    let mut found: Vec<(u32, u32, Vec<u32>)> = Vec::new();
    morgan::environments(&atoms, &bonds, SUBSTRUCTURE_RADIUS, |environment| {
        let covered = bonds.iter().enumerate().filter(|(at, _)| environment.covers(*at));
        let mut within: Vec<u32> = covered.flat_map(|(_, bond)| [bond.a, bond.b]).collect();
        within.push(environment.atom);
        found.push((environment.identifier, environment.radius, within));
    });
    let all = found.iter().map(|e| (e.0, e.1)).collect();
    if morgan::counted(all).0 != graph.substructures {
        return None;
    }
    let without = |atom: u32| {
        let rest = found.iter().filter(|e| !e.2.contains(&atom)).map(|e| (e.0, e.1));
        let (substructures, fingerprint) = morgan::counted(rest.collect());
        WithoutAtom {
            graph: GraphFeatures {
                substructures,
                ..remove(graph, atom)
            },
            fingerprint,
        }
    };
    Some((0..graph.atoms.len() as u32).map(without).collect())
}

/// What [`morgan`] hashes, from the categories of a graph.
fn invariants(graph: &GraphFeatures) -> (Vec<AtomInvariant>, Vec<BondInvariant>) {
    let mut neighbours = vec![0u8; graph.atoms.len()];
    let kind = |order: u8| match order {
        0 => 1,
        1 => 2,
        2 => 3,
        3 => 12,
        _ => 17,
    };
    let bond = |bond: &BondFeatures| {
        for end in [bond.a, bond.b] {
            neighbours[end as usize] = neighbours[end as usize].saturating_add(1);
        }
        BondInvariant {
            a: bond.a,
            b: bond.b,
            kind: kind(bond.fields[0]),
        }
    };
    let bonds: Vec<BondInvariant> = graph.bonds.iter().map(bond).collect();
    let atom = |(fields, neighbours): (&[u8; super::graph::ATOM_FIELDS], &u8)| AtomInvariant {
        element: fields[0] + 1,
        degree: neighbours.saturating_add(fields[4]),
        hydrogens: fields[4],
        charge: fields[3] as i8 - 5,
        in_ring: fields[8] == 1,
    };
    (graph.atoms.iter().zip(&neighbours).map(atom).collect(), bonds)
}

/// The graph without an atom and its bonds; a lone atom stays, since there is no empty graph.
fn remove(graph: &GraphFeatures, atom: u32) -> GraphFeatures {
    if graph.atoms.len() == 1 {
        return graph.clone();
    }
    let place = |other: u32| other - u32::from(other > atom);
    let kept = graph.bonds.iter().filter(|bond| bond.a != atom && bond.b != atom);
    GraphFeatures {
        atoms: (graph.atoms.iter().enumerate())
            .filter(|(at, _)| *at as u32 != atom)
            .map(|(_, fields)| *fields)
            .collect(),
        bonds: kept
            .map(|bond| BondFeatures {
                a: place(bond.a),
                b: place(bond.b),
                ..*bond
            })
            .collect(),
        substructures: Vec::new(),
    }
}

/// Windows of a protein of `length` residues: `width` long, `step` apart, the last one at its end. First and end (not included), from 0.
pub fn windows(length: usize, width: usize, step: usize) -> Vec<(usize, usize)> {
    let width = width.clamp(1, length.max(1));
    let mut starts: Vec<usize> = (0..=length.saturating_sub(width)).step_by(step.max(1)).collect();
    if starts.last().is_some_and(|last| last + width < length) {
        starts.push(length - width);
    }
    starts
        .into_iter()
        .map(|start| (start, (start + width).min(length)))
        .collect()
}

/// The sequence with unknown residues from `start` to `end` (not included).
pub fn without_window(sequence: &SequenceFeatures, (start, end): (usize, usize)) -> SequenceFeatures {
    let mut found = sequence.clone();
    let end = end.min(found.residues.len());
    found.residues[start.min(end)..end].fill(UNKNOWN);
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;
    use crate::entity::molecule::{ChematicToolkit, Chemistry};

    #[test]
    fn an_atom_takes_its_substructures_with_it_and_leaves_the_others() {
        for smiles in [
            "CC(=O)Oc1ccccc1C(=O)O",
            "C[N+](C)(C)CC(=O)[O-]",
            "CCO",
            "O=S(=O)(N)c1ccc(Cl)cc1",
        ] {
            let molecule = ChematicToolkit.molecule(smiles).unwrap();
            let variants = without_atoms(&molecule.graph).expect(smiles);
            assert_eq!(variants.len(), molecule.graph.atoms.len());
            for (atom, variant) in variants.iter().enumerate() {
                let whole: std::collections::HashMap<u32, u16> = molecule.graph.substructures.iter().copied().collect();
                let mut parts = variant.graph.substructures.iter();
                assert!(
                    parts.all(|(id, count)| whole.get(id).is_some_and(|all| count <= all)),
                    "{smiles} {atom}"
                );
                let total = |of: &[(u32, u16)]| of.iter().map(|s| u32::from(s.1)).sum::<u32>();
                assert!(total(&variant.graph.substructures) < total(&molecule.graph.substructures));
                assert_eq!(variant.graph.atoms.len() + 1, molecule.graph.atoms.len());
                assert!(
                    variant
                        .fingerprint
                        .bits()
                        .all(|bit| molecule.fingerprint.bits().any(|other| other == bit))
                );
            }
        }
    }

    #[test]
    fn the_chlorine_of_chlorobenzene_leaves_a_ring_without_bonds_to_it() {
        let molecule = ChematicToolkit.molecule("Clc1ccccc1").unwrap();
        let chlorine = molecule.graph.atoms.iter().position(|fields| fields[0] == 16).unwrap();
        let variant = &without_atoms(&molecule.graph).unwrap()[chlorine];
        assert_eq!((variant.graph.atoms.len(), variant.graph.bonds.len()), (6, 6));
        assert!(variant.graph.bonds.iter().all(|bond| bond.a < bond.b && bond.b < 6));
    }

    #[test]
    fn windows_cover_the_whole_sequence() {
        assert_eq!(windows(20, 10, 5), [(0, 10), (5, 15), (10, 20)]);
        assert_eq!(windows(12, 10, 5), [(0, 10), (2, 12)]);
        assert_eq!(windows(3, 10, 5), [(0, 3)]);
        let sequence = SequenceFeatures {
            residues: vec![1, 2, 3, 4],
        };
        assert_eq!(without_window(&sequence, (1, 3)).residues, [1, UNKNOWN, UNKNOWN, 4]);
    }
}
