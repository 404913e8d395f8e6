//! Categorical atom and bond fields of a molecule from the toolkit's OGB features.
//!
//! Comes in: `node_feat [N][9]`, `edge_index [E][2]`, `edge_feat [E][3]` with every bond in both directions. Goes out: the
//! fields of [`GraphFeatures`](crate::feature::graph::GraphFeatures), each below its size, bonds once and with ring
//! membership, which OGB lacks.

use ::chematic::smiles::OgbGraphFeatures;

use crate::feature::graph::{ATOM_FIELD_SIZES, ATOM_FIELDS, BOND_FIELD_SIZES, BOND_FIELDS, BondFeatures};

/// A category below `size`; the last one covers everything beyond.
fn category(value: i64, size: usize) -> u8 {
    value.clamp(0, size as i64 - 1) as u8
}

/// The fields of every atom, in the toolkit's order.
pub(super) fn atoms(ogb: &OgbGraphFeatures) -> Vec<[u8; ATOM_FIELDS]> {
    let fields = |node: &[i64; ATOM_FIELDS]| std::array::from_fn(|f| category(node[f], ATOM_FIELD_SIZES[f]));
    ogb.node_feat.iter().map(fields).collect()
}

/// The undirected bonds, ordered by their atoms.
pub(super) fn bonds(ogb: &OgbGraphFeatures) -> Vec<BondFeatures> {
    let ends: Vec<(u32, u32)> = ogb
        .edge_index
        .iter()
        .step_by(2)
        .map(|&[a, b]| (a as u32, b as u32))
        .collect();
    let in_ring = ring_bonds(ogb.node_feat.len(), &ends);
    let mut bonds: Vec<BondFeatures> = ends
        .iter()
        .zip(ogb.edge_feat.iter().step_by(2))
        .zip(in_ring)
        .map(|((&(a, b), &[order, stereo, conjugated]), in_ring)| {
            let values: [i64; BOND_FIELDS] = [order, stereo, conjugated, i64::from(in_ring)];
            let fields = std::array::from_fn(|f| category(values[f], BOND_FIELD_SIZES[f]));
            BondFeatures {
                a: a.min(b),
                b: a.max(b),
                fields,
            }
        })
        .collect();
    bonds.sort_unstable_by_key(|bond| (bond.a, bond.b));
    bonds
}

/// Which bonds are in a ring: those that are not bridges of the graph (Tarjan 1974), found without recursion.
fn ring_bonds(atoms: usize, ends: &[(u32, u32)]) -> Vec<bool> {
    let mut neighbours: Vec<Vec<(usize, usize)>> = vec![Vec::new(); atoms];
    for (bond, &(a, b)) in ends.iter().enumerate() {
        neighbours[a as usize].push((b as usize, bond));
        neighbours[b as usize].push((a as usize, bond));
    }
    let mut ring = vec![true; ends.len()];
    let (mut order, mut low) = (vec![usize::MAX; atoms], vec![usize::MAX; atoms]);
    let mut clock = 0;
    for root in 0..atoms {
        if order[root] != usize::MAX {
            continue;
        }
        // Atom, bond it was reached by, next neighbour to look at.
        let mut path = vec![(root, usize::MAX, 0_usize)];
        (order[root], low[root]) = (clock, clock);
        clock += 1;
        while let Some(top) = path.last_mut() {
            let (atom, via, next) = *top;
            if let Some(&(other, bond)) = neighbours[atom].get(next) {
                top.2 += 1;
                if bond == via {
                    continue;
                }
                if order[other] == usize::MAX {
                    (order[other], low[other]) = (clock, clock);
                    clock += 1;
                    path.push((other, bond, 0));
                } else {
                    low[atom] = low[atom].min(order[other]);
                }
            } else {
                path.pop();
                if let Some(&(above, ..)) = path.last() {
                    low[above] = low[above].min(low[atom]);
                    ring[via] = low[atom] <= order[above];
                }
            }
        }
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::ring_bonds;

    #[test]
    fn bridges_are_no_ring_bonds() {
        // Two triangles joined by one bond, with a tail.
        let ends = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3), (5, 6)];
        assert_eq!(ring_bonds(7, &ends), [true, true, true, false, true, true, true, false]);
        assert!(ring_bonds(1, &[]).is_empty());
    }
}
