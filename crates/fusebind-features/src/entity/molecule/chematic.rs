//! The chemistry toolkit behind [`Chemistry`]: chematic, through its RDKit-compatible functions only.
//!
//! Its own aromaticity, canonical order and fragment choice differ from RDKit's, and its fingerprints do not validate, so
//! everything here goes through the sanitised model first. Comes in: SMILES or SD text. Goes out: [`Molecule`].

use chematic::{
    fp::{RdkitMorganConfig, RdkitMorganFpSize, RdkitMorganRadius, rdkit_morgan_fingerprint},
    mol::parse_mol,
    smiles::{OgbGraphFeatures, ogb_graph_features, parse, rdkit_canonical_smiles, rdkit_murcko_scaffold},
};

use super::{Chemistry, MAX_HEAVY_ATOMS, Molecule, syntax};
use crate::{
    Error, ErrorKind,
    feature::{
        fingerprint::Fingerprint,
        graph::{ATOM_FIELD_SIZES, BOND_FIELD_SIZES, BondFeatures, GraphFeatures},
    },
};

type Structure = chematic::core::Molecule;

/// The toolkit that ships with fusebind.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChematicToolkit;

fn refuse(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Molecule, format!("invalid structure: {reason}"))
}

impl Chemistry for ChematicToolkit {
    fn molecule(&self, smiles: &str) -> Result<Molecule, Error> {
        let structure = parse(syntax::check(smiles)?).map_err(refuse)?;
        from_structure(&structure)
    }

    fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error> {
        let (structure, _) = parse_mol(record).map_err(refuse)?;
        if structure.atom_count() == 0 {
            return Err(refuse("the record has no atoms"));
        }
        from_structure(&structure)
    }
}

fn from_structure(structure: &Structure) -> Result<Molecule, Error> {
    let whole = rdkit_canonical_smiles(structure).map_err(refuse)?;
    let (smiles, parent) = parent(whole)?;
    let features = ogb_graph_features(&parent).map_err(refuse)?;
    let graph = graph(&features, &parent)?;
    let heavy_atoms = features.node_feat.iter().filter(|fields| fields[0] != 0).count();
    if heavy_atoms > MAX_HEAVY_ATOMS {
        return Err(refuse(format!("{heavy_atoms} heavy atoms, the limit is {MAX_HEAVY_ATOMS}")));
    }
    let scaffold = rdkit_murcko_scaffold(&parent).map_err(refuse)?;
    let (substructures, fingerprint) = circular(&parent)?;
    let graph = GraphFeatures { substructures, ..graph };
    Ok(Molecule { smiles, heavy_atoms, scaffold, graph, fingerprint })
}

/// The fragment that is kept: organic before inorganic, then most heavy atoms, then mass, then canonical SMILES.
fn parent(whole: String) -> Result<(String, Structure), Error> {
    let mut best: Option<((bool, usize, u64, std::cmp::Reverse<String>), Structure)> = None;
    for fragment in whole.split('.') {
        let structure = parse(fragment).map_err(refuse)?;
        let atoms = || structure.atoms().map(|(_, atom)| atom);
        let organic = atoms().any(|a| a.element.atomic_number() == 6);
        let heavy = atoms().filter(|a| a.element.atomic_number() > 1).count();
        let mass: f64 = atoms().map(|a| a.element.atomic_mass()).sum();
        let rank = (organic, heavy, (mass * 1e3) as u64, std::cmp::Reverse(fragment.to_string()));
        if best.as_ref().is_none_or(|(known, _)| rank > *known) {
            best = Some((rank, structure));
        }
    }
    let ((.., std::cmp::Reverse(smiles)), structure) = best.ok_or_else(|| refuse("no atoms are left"))?;
    if smiles.len() == whole.len() {
        return Ok((smiles, structure));
    }
    // A fragment of a canonical SMILES need not be canonical on its own.
    let smiles = rdkit_canonical_smiles(&structure).map_err(refuse)?;
    let structure = parse(&smiles).map_err(refuse)?;
    Ok((smiles, structure))
}

fn graph(features: &OgbGraphFeatures, parent: &Structure) -> Result<GraphFeatures, Error> {
    if features.node_feat.is_empty() || parent.atom_count() == 0 {
        return Err(refuse("no atoms are left"));
    }
    let atoms = features
        .node_feat
        .iter()
        .map(|fields| std::array::from_fn(|f| (fields[f].max(0) as usize).min(ATOM_FIELD_SIZES[f] - 1) as u8))
        .collect::<Vec<_>>();
    // Every chemical bond is listed in both directions; the first one of each pair is enough.
    let edges: Vec<(u32, u32)> =
        features.edge_index.iter().step_by(2).map(|[a, b]| (*a as u32, *b as u32)).collect();
    let ring = ring_bonds(atoms.len(), &edges);
    let bonds = edges
        .iter()
        .zip(features.edge_feat.iter().step_by(2))
        .zip(ring)
        .map(|((&(a, b), fields), in_ring)| {
            let field = |f: usize| (fields[f].max(0) as usize).min(BOND_FIELD_SIZES[f] - 1) as u8;
            BondFeatures { a: a.min(b), b: a.max(b), fields: [field(0), field(1), field(2), u8::from(in_ring)] }
        })
        .collect();
    Ok(GraphFeatures { atoms, bonds, substructures: Vec::new() })
}

/// Whether each bond lies in a ring: a bond is in a ring unless it is a bridge of the graph.
fn ring_bonds(atoms: usize, edges: &[(u32, u32)]) -> Vec<bool> {
    let mut neighbours: Vec<Vec<(usize, usize)>> = vec![Vec::new(); atoms];
    for (bond, &(a, b)) in edges.iter().enumerate() {
        neighbours[a as usize].push((b as usize, bond));
        neighbours[b as usize].push((a as usize, bond));
    }
    let mut ring = vec![true; edges.len()];
    let (mut order, mut low) = (vec![usize::MAX; atoms], vec![usize::MAX; atoms]);
    let mut clock = 0;
    for root in 0..atoms {
        if order[root] != usize::MAX {
            continue;
        }
        // Iterative depth-first search: atom, bond it was reached by, next neighbour to look at.
        let mut stack = vec![(root, usize::MAX, 0usize)];
        (order[root], low[root]) = (clock, clock);
        clock += 1;
        while let Some(top) = stack.last_mut() {
            let (atom, via, next) = *top;
            if let Some(&(other, bond)) = neighbours[atom].get(next) {
                top.2 += 1;
                if bond == via {
                    continue;
                }
                if order[other] == usize::MAX {
                    (order[other], low[other]) = (clock, clock);
                    clock += 1;
                    stack.push((other, bond, 0));
                } else {
                    low[atom] = low[atom].min(order[other]);
                }
            } else {
                stack.pop();
                if let Some(&(above, ..)) = stack.last() {
                    low[above] = low[above].min(low[atom]);
                    ring[via] = low[atom] <= order[above];
                }
            }
        }
    }
    ring
}

/// Counted circular substructures up to radius 3, and the folded ECFP4 bits (radius 2).
fn circular(parent: &Structure) -> Result<(Vec<(u32, u16)>, Fingerprint), Error> {
    let config = RdkitMorganConfig {
        radius: RdkitMorganRadius::R3,
        fp_size: RdkitMorganFpSize::B2048,
        include_chirality: false,
    };
    let morgan = rdkit_morgan_fingerprint(parent, &config).map_err(|e| refuse(format!("{e:?}")))?;
    let mut counts: Vec<(u32, u16)> =
        morgan.sparse_counts.iter().map(|(id, count)| (*id, (*count).min(u32::from(u16::MAX)) as u16)).collect();
    counts.sort_unstable();
    let mut fingerprint = Fingerprint::default();
    for (id, places) in &morgan.raw_bit_info {
        if places.iter().any(|&(_, radius)| radius <= 2) {
            fingerprint.set(*id);
        }
    }
    Ok((counts, fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(smiles: &str) -> Molecule {
        ChematicToolkit.molecule(smiles).unwrap_or_else(|e| panic!("{smiles}: {e}"))
    }

    #[test]
    fn two_spellings_are_one_molecule() {
        assert_eq!(read("OCC"), read("C(C)O"));
        assert_eq!(read("C1=CC=CC=C1O").smiles, "Oc1ccccc1");
        assert_eq!(read("[H]OC([H])([H])C"), read("OCC"));
    }

    #[test]
    fn salts_are_stripped_by_rule() {
        assert_eq!(read("CC(=O)[O-].[Na+]").smiles, "CC(=O)[O-]");
        assert_eq!(read("Cl.CCN"), read("CCN.Cl"));
        assert_eq!(read("[Na+].[Cl-]"), read("[Cl-].[Na+]"), "inorganic salts are decided, too");
        // As many heavy atoms: the heavier one; as heavy: the first canonical SMILES.
        assert_eq!(read("CCO.CCN").smiles, "CCO");
        assert_eq!(read("CCCO.CC(C)O").smiles, read("CC(C)O.CCCO").smiles);
    }

    #[test]
    fn impossible_molecules_are_refused_with_a_reason() {
        for smiles in ["C(C)(C)(C)(C)C", "c1cccc1", "C1CC", "CC(", "Xx", "[C", "C..C", "C11", "F(C)C", "n1cccc1"] {
            let error = ChematicToolkit.molecule(smiles).expect_err(smiles);
            assert_eq!(error.kind(), ErrorKind::Molecule);
            assert!(error.to_string().len() > 10, "{smiles}: {error}");
        }
    }

    #[test]
    fn awkward_kinds_are_read() {
        for smiles in ["[2H]C([2H])O", "C%12CCCC%12", "c1cc[se]c1", "[Fe+2]", "C[N+](C)(C)C", "[O-][n+]1ccccc1", "N[C@@H](C)C(=O)O"] {
            let molecule = read(smiles);
            assert!(!molecule.graph.atoms.is_empty(), "{smiles}");
            for atom in &molecule.graph.atoms {
                assert!(atom.iter().zip(ATOM_FIELD_SIZES).all(|(f, size)| usize::from(*f) < size), "{smiles}");
            }
        }
    }

    #[test]
    fn fields_say_what_a_chemist_would() {
        let toluene = read("Cc1ccccc1");
        assert_eq!((toluene.heavy_atoms, toluene.graph.bonds.len()), (7, 7));
        let aromatic = toluene.graph.atoms.iter().filter(|a| a[7] == 1 && a[8] == 1).count();
        assert_eq!(aromatic, 6, "six aromatic ring atoms");
        assert_eq!(toluene.graph.bonds.iter().filter(|b| b.fields[3] == 1).count(), 6, "six ring bonds");
        assert_eq!(toluene.scaffold, "c1ccccc1");
        assert_eq!(read("CCO").scaffold, "");
        // A chain between two rings is in no ring.
        let linked = read("C1CC1CC1CC1");
        assert_eq!(linked.graph.bonds.iter().filter(|b| b.fields[3] == 0).count(), 2);
    }

    #[test]
    fn a_mol_block_is_the_same_molecule() {
        let block = "ethanol\n  test\n\n  3  2  0  0  0  0  0  0  0  0999 V2000\n\
            \x20   0.0000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n\
            \x20   1.5000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n\
            \x20   2.2000    1.2000    0.0000 O   0  0  0  0  0  0  0  0  0  0  0  0\n\
            \x20 1  2  1  0\n  2  3  1  0\nM  END\n";
        assert_eq!(ChematicToolkit.molecule_from_sd(block).unwrap(), read("CCO"));
        assert!(ChematicToolkit.molecule_from_sd("no mol block").is_err());
    }
}
