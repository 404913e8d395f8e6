//! Properties by which decoys are matched to actives.
//!
//! Comes in: a molecule's graph. Goes out: [`PROPERTIES`] counts, no estimates: nothing is fitted, and nothing depends on other molecules.

use fusebind_features::entity::molecule::Molecule;

/// Heavy atoms, carbons, N and O, their hydrogens, halogens, rotatable bonds, ring bonds, aromatic atoms, net charge.
pub const PROPERTIES: usize = 9;

/// Properties of a molecule, in the order of [`PROPERTIES`].
pub fn properties(molecule: &Molecule) -> [f32; PROPERTIES] {
    let graph = &molecule.graph;
    // Fields are atomic number - 1, .., formal charge + 5, hydrogens, .., aromatic.
    let count = |of: &dyn Fn(&[u8; 9]) -> bool| graph.atoms.iter().filter(|atom| of(atom)).count() as f32;
    let is_polar = |atom: &[u8; 9]| matches!(atom[0] + 1, 7 | 8);
    let donors: u32 = (graph.atoms.iter())
        .filter(|a| is_polar(a))
        .map(|a| u32::from(a[4]))
        .sum();
    let charge: i32 = graph.atoms.iter().map(|atom| i32::from(atom[3]) - 5).sum();
    let mut degree = vec![0u32; graph.atoms.len()];
    for bond in &graph.bonds {
        degree[bond.a as usize] += 1;
        degree[bond.b as usize] += 1;
    }
    let rotatable = graph.bonds.iter().filter(|bond| {
        let inner = |at: u32| degree[at as usize] > 1;
        bond.fields[0] == 0 && bond.fields[3] == 0 && inner(bond.a) && inner(bond.b)
    });
    [
        graph.atoms.len() as f32,
        count(&|atom| atom[0] + 1 == 6),
        count(&is_polar),
        donors as f32,
        count(&|atom| matches!(atom[0] + 1, 9 | 17 | 35 | 53)),
        rotatable.count() as f32,
        graph.bonds.iter().filter(|bond| bond.fields[3] == 1).count() as f32,
        count(&|atom| atom[7] == 1),
        charge as f32,
    ]
}

#[cfg(test)]
mod tests {
    use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};

    use super::properties;

    #[test]
    fn properties_are_counts_of_the_graph() {
        let of = |smiles: &str| properties(&ChematicToolkit.molecule(smiles).expect("is valid"));
        // Chlorophenyl propanol: 11 heavy atoms, 9 carbons, one O with its H, one Cl.
        assert_eq!(of("Clc1ccc(CCCO)cc1"), [11.0, 9.0, 1.0, 1.0, 1.0, 3.0, 6.0, 6.0, 0.0]);
        assert_eq!(of("C[N+](C)(C)C")[8], 1.0);
    }
}
