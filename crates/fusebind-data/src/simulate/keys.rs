//! Keys: fragments of drugs that each bind to one motif of targets, at places that are known.
//!
//! ```text
//! truth = 5.5 + bias(drug) / 2 + bias(target) / 2 + 2 (number of keys k with fragment k in the drug and motif k in the target)
//! ```
//!
//! Whatever explains predictions in such a universe has to point at these atoms and residues. Comes in: the graph of a molecule. Goes out: the
//! atoms of each key.

use std::collections::BTreeMap;

use fusebind_features::feature::graph::GraphFeatures;
use serde::{Deserialize, Serialize};

/// A fragment: atomic numbers, and bonds as two atoms and an order (0 single, 1 double, 2 triple, 3 aromatic).
struct Fragment {
    elements: &'static [u8],
    bonds: &'static [(usize, usize, u8)],
}

/// Nitrile, trifluoromethyl, cyclopropyl, thienyl and nitro.
const FRAGMENTS: [Fragment; KEYS] = [
    Fragment {
        elements: &[6, 7],
        bonds: &[(0, 1, 2)],
    },
    Fragment {
        elements: &[6, 9, 9, 9],
        bonds: &[(0, 1, 0), (0, 2, 0), (0, 3, 0)],
    },
    Fragment {
        elements: &[6, 6, 6],
        bonds: &[(0, 1, 0), (1, 2, 0), (0, 2, 0)],
    },
    Fragment {
        elements: &[16, 6, 6, 6, 6],
        bonds: &[(0, 1, 3), (1, 2, 3), (2, 3, 3), (3, 4, 3), (4, 0, 3)],
    },
    Fragment {
        elements: &[7, 8, 8],
        bonds: &[(0, 1, 1), (0, 2, 0)],
    },
];
/// Number of keys. The first motifs of the proteins are theirs.
pub(super) const KEYS: usize = 5;
/// What a key adds to an affinity.
const GAIN: f64 = 2.0;

/// Where the keys of a drug (atoms in the order of its canonical SMILES) or of a target (residues) are, from 1, by key.
pub type Places = BTreeMap<usize, Vec<usize>>;

/// Atoms of each key that a molecule has, ascending.
pub(super) fn atoms(graph: &GraphFeatures) -> Places {
    let of = |(key, fragment): (usize, &Fragment)| {
        let mut atoms = Vec::new();
        extend(fragment, graph, &mut Vec::new(), &mut atoms);
        atoms.sort_unstable();
        atoms.dedup();
        (!atoms.is_empty()).then_some((key, atoms))
    };
    FRAGMENTS.iter().enumerate().filter_map(of).collect()
}

/// Extends a partial match by every atom that fits; the atoms of whole ones are added to `found`, from 1.
fn extend(fragment: &Fragment, graph: &GraphFeatures, matched: &mut Vec<usize>, found: &mut Vec<usize>) {
    let next = matched.len();
    if next == fragment.elements.len() {
        found.extend(matched.iter().map(|atom| atom + 1));
        return;
    }
    let order = |a: usize, b: usize| {
        let ends = (a.min(b) as u32, a.max(b) as u32);
        let bond = graph.bonds.iter().find(|bond| (bond.a, bond.b) == ends)?;
        Some(bond.fields[0])
    };
    for atom in 0..graph.atoms.len() {
        let element = graph.atoms[atom][0] + 1;
        if element != fragment.elements[next] || matched.contains(&atom) {
            continue;
        }
        let to_matched = fragment.bonds.iter().filter_map(|&(a, b, wanted)| match (a, b) {
            (other, own) | (own, other) if own == next && other < next => Some((other, wanted)),
            _ => None,
        });
        if to_matched
            .into_iter()
            .all(|(other, wanted)| order(matched[other], atom) == Some(wanted))
        {
            matched.push(atom);
            extend(fragment, graph, matched, found);
            matched.pop();
        }
    }
}

/// The affinity of a pair by its keys and the sum of its biases.
pub(super) fn binding([drug, target]: [&Places; 2], bias: f64) -> f64 {
    let shared = drug.keys().filter(|key| target.contains_key(key)).count();
    5.5 + 0.5 * bias + GAIN * shared as f64
}

/// Where all keys of a universe are, by id, as its folder keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlantedKeys {
    /// Atoms of drugs, in the order of their canonical SMILES.
    pub drugs: BTreeMap<String, Places>,
    /// Residues of targets.
    pub targets: BTreeMap<String, Places>,
}

impl PlantedKeys {
    /// Name of the file in the folder of a universe.
    pub const FILE: &'static str = "planted_keys.json";

    /// Atoms and residues of the keys that a drug and a target share; none where they share none.
    pub fn of_pair(&self, drug: &str, target: &str) -> Option<[Vec<usize>; 2]> {
        let (drug, target) = (self.drugs.get(drug)?, self.targets.get(target)?);
        let shared = || drug.keys().filter(|key| target.contains_key(key));
        shared().next()?;
        Some([drug, target].map(|places| shared().flat_map(|key| places[key].clone()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};

    use super::*;

    #[test]
    fn fragments_are_found_where_they_are_and_nowhere_else() {
        let found = |smiles: &str| {
            let molecule = ChematicToolkit.molecule(smiles).expect("is a molecule");
            (atoms(&molecule.graph), molecule.smiles)
        };
        let counts = |smiles: &str| -> Vec<(usize, usize)> {
            found(smiles)
                .0
                .into_iter()
                .map(|(key, atoms)| (key, atoms.len()))
                .collect()
        };
        assert_eq!(counts("c1ccccc1C#N"), [(0, 2)]);
        assert_eq!(counts("FC(F)(F)c1ccccc1CC(F)(F)F"), [(1, 8)]);
        assert_eq!(counts("C1CC1c1ccc(cc1)[N+](=O)[O-]"), [(2, 3), (4, 3)]);
        assert_eq!(counts("c1ccsc1-c1ccccc1"), [(3, 5)]);
        assert_eq!(counts("c1nc(C)cs1"), [], "a thiazole is no thienyl");
        assert_eq!(counts("CC(=O)Nc1ccc(F)cc1C1CCCCC1"), []);
        let (places, smiles) = found("N#Cc1ccccc1");
        assert_eq!(smiles.find('N').map(|_| places[&0].len()), Some(2));
    }

    #[test]
    fn a_pair_has_the_places_of_shared_keys_alone() {
        let places = |keys: &[(usize, usize)]| -> Places { keys.iter().map(|(k, at)| (*k, vec![*at])).collect() };
        let planted = PlantedKeys {
            drugs: [("D".into(), places(&[(0, 3), (2, 9)]))].into(),
            targets: [
                ("T".into(), places(&[(2, 40), (4, 7)])),
                ("U".into(), places(&[(1, 5)])),
            ]
            .into(),
        };
        assert_eq!(planted.of_pair("D", "T"), Some([vec![9], vec![40]]));
        assert_eq!(planted.of_pair("D", "U"), None);
        assert_eq!(planted.of_pair("D", "nobody"), None);
    }
}
