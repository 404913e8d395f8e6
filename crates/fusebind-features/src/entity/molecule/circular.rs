//! Counted circular substructures and ECFP4 bits of a molecule.
//!
//! Comes in: the toolkit's structure and its OGB features. Goes out: `(identifier, count)` sorted by identifier, and the folded
//! fingerprint. The identifiers come from our own [`morgan`] over the sanitised graph: the crate's fingerprint builds a map of
//! every environment to explain it, which costs more than the fingerprint. Isotope-labelled molecules go through the crate,
//! which has the table of isotope masses that their invariants need.

use ::chematic::{
    core::{AtomIdx, BondOrder},
    fp::{RdkitMorganConfig, RdkitMorganError, RdkitMorganFpSize, RdkitMorganRadius, rdkit_morgan_fingerprint},
    smiles::OgbGraphFeatures,
};

use crate::feature::{
    fingerprint::Fingerprint,
    morgan::{self, AtomInvariant, BondInvariant, SUBSTRUCTURE_RADIUS},
};

type Structure = ::chematic::core::Molecule;

/// Counted substructures up to radius 3, sorted by identifier, and the ECFP4 bits.
pub(super) fn substructures(
    structure: &Structure,
    ogb: &OgbGraphFeatures,
) -> Result<(Vec<(u32, u16)>, Fingerprint), RdkitMorganError> {
    let mut found: Vec<(u32, u32)> = Vec::with_capacity(4 * ogb.node_feat.len());
    if structure.atoms().any(|(_, atom)| atom.isotope.is_some()) {
        found = toolkit_environments(structure)?;
    } else {
        let (atoms, bonds) = invariants(structure, ogb);
        morgan::environments(&atoms, &bonds, SUBSTRUCTURE_RADIUS, |e| {
            found.push((e.identifier, e.radius));
        });
    }
    Ok(morgan::counted(found))
}

fn toolkit_environments(structure: &Structure) -> Result<Vec<(u32, u32)>, RdkitMorganError> {
    let config = RdkitMorganConfig {
        radius: RdkitMorganRadius::R3,
        fp_size: RdkitMorganFpSize::B2048,
        include_chirality: false,
    };
    let morgan = rdkit_morgan_fingerprint(structure, &config)?;
    let places = morgan.raw_bit_info.iter();
    Ok(places
        .flat_map(|(&identifier, places)| places.iter().map(move |&(_, radius)| (identifier, radius)))
        .collect())
}

fn invariants(structure: &Structure, ogb: &OgbGraphFeatures) -> (Vec<AtomInvariant>, Vec<BondInvariant>) {
    let mut neighbours = vec![0_u8; ogb.node_feat.len()];
    let bonds = ogb.edge_index.iter().zip(&ogb.edge_feat).step_by(2);
    let bonds: Vec<BondInvariant> = bonds
        .map(|(&[a, b], &[order, ..])| {
            for end in [a, b] {
                neighbours[end as usize] = neighbours[end as usize].saturating_add(1);
            }
            BondInvariant {
                a: a as u32,
                b: b as u32,
                kind: bond_kind(structure, a as u32, b as u32, order),
            }
        })
        .collect();
    let nodes = ogb.node_feat.iter().zip(structure.atoms()).zip(neighbours);
    let atoms = nodes
        .map(|((node, (_, atom)), neighbours)| AtomInvariant {
            element: atom.element.atomic_number(),
            degree: neighbours.saturating_add(node[4] as u8),
            hydrogens: node[4] as u8,
            charge: atom.charge,
            in_ring: node[8] == 1,
        })
        .collect();
    (atoms, bonds)
}

/// RDKit's number of a bond type from OGB's category, which leaves dative and quadruple bonds in one class.
fn bond_kind(structure: &Structure, a: u32, b: u32, order: i64) -> u32 {
    match order {
        0 => 1,
        1 => 2,
        2 => 3,
        3 => 12,
        _ => match structure
            .bond_between(AtomIdx(a), AtomIdx(b))
            .map(|(_, bond)| bond.order)
        {
            Some(BondOrder::Quadruple) => 4,
            _ => 17,
        },
    }
}

#[cfg(test)]
mod tests {
    use ::chematic::smiles::{ogb_graph_features, parse};

    use super::*;

    /// Our identifiers equal the toolkit's wherever the toolkit's are right.
    #[test]
    fn own_and_toolkit_identifiers_agree() {
        for smiles in [
            "CC(=O)Oc1ccccc1C(=O)O",
            "C[N+](C)(C)CC(=O)[O-]",
            "N->[Fe]<-N",
            "C1CC2CCC1C2",
            "CC#N",
            "[Na+]",
        ] {
            let structure = parse(smiles).expect(smiles);
            let ogb = ogb_graph_features(&structure).expect(smiles);
            let (counted, fingerprint) = substructures(&structure, &ogb).expect(smiles);
            let mut theirs: Vec<u32> = toolkit_environments(&structure)
                .expect(smiles)
                .into_iter()
                .map(|(identifier, _)| identifier)
                .collect();
            theirs.sort_unstable();
            let ours: Vec<u32> = counted
                .iter()
                .flat_map(|&(identifier, count)| std::iter::repeat_n(identifier, usize::from(count)))
                .collect();
            assert_eq!(ours, theirs, "{smiles}");
            assert!(fingerprint.bits().count() > 0);
        }
    }
}
