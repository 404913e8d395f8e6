//! The fragments that simulated drugs are made of, and their combinations as SMILES.

/// Ring systems with two places for substitution, on carbon.
const SCAFFOLDS: [&str; 12] = [
    "c1cc({A})cc({B})c1",
    "n1cc({A})ccc1{B}",
    "c1nc({A})c2cc({B})ccc2n1",
    "c1c({A})c2cc({B})ccc2[nH]1",
    "c1({A})nc2cc({B})ccc2[nH]1",
    "c1({A})nc({B})cs1",
    "C1CC({A})CCC1{B}",
    "c1c({A})ccc2cc({B})ccc12",
    "c1({A})nc2c({B})ncnc2[nH]1",
    "c1({A})noc({B})c1",
    "C1CC({A})Cc2cc({B})ccc12",
    "c1c({A})c2c(cc1{B})OCO2",
];
/// Small groups at place A.
const SUBSTITUENTS: [&str; 12] = [
    "F",
    "Cl",
    "C",
    "OC",
    "N",
    "C#N",
    "C(F)(F)F",
    "C(=O)O",
    "C(N)=O",
    "S(C)(=O)=O",
    "C(C)(C)C",
    "[N+](=O)[O-]",
];
/// What joins place B and the tail.
const LINKERS: [&str; 8] = ["", "C", "N", "O", "C(=O)N", "NC(=O)", "CC", "S(=O)(=O)N"];
/// Groups at the far end; ring closures 3 do not clash with those of a scaffold.
const TAILS: [&str; 12] = [
    "C",
    "C3CC3",
    "c3ccncc3",
    "Cc3ccccc3",
    "CC(F)(F)F",
    "CCO",
    "CCN(C)C",
    "c3ccc(F)cc3",
    "c3ccc(OC)cc3",
    "C3CCCCC3",
    "c3cccs3",
    "C3CCOCC3",
];
/// Number of fragments of each kind: scaffold, substituent, linker, tail.
pub(super) const KINDS: [usize; 4] = [SCAFFOLDS.len(), SUBSTITUENTS.len(), LINKERS.len(), TAILS.len()];
/// Fragment combinations.
pub(super) const COMBINATIONS: usize = KINDS[0] * KINDS[1] * KINDS[2] * KINDS[3];
/// Most drugs: some combinations are the same molecule, so not all can be used.
pub(super) const MOST: usize = COMBINATIONS / 2;

/// The fragments of combination number `combination`, by kind.
pub(super) fn fragments(mut combination: usize) -> [usize; 4] {
    KINDS.map(|count| {
        let fragment = combination % count;
        combination /= count;
        fragment
    })
}

/// The SMILES of a combination.
pub(super) fn assemble([scaffold, substituent, linker, tail]: [usize; 4]) -> String {
    SCAFFOLDS[scaffold]
        .replace("{A}", SUBSTITUENTS[substituent])
        .replace("{B}", &[LINKERS[linker], TAILS[tail]].concat())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};

    use super::*;

    #[test]
    fn every_fragment_makes_a_valid_molecule() {
        // Each scaffold with each substituent, and with each linker and tail.
        for scaffold in 0..SCAFFOLDS.len() {
            let mut combinations: Vec<[usize; 4]> = (0..SUBSTITUENTS.len()).map(|s| [scaffold, s, 0, 0]).collect();
            combinations.extend((0..LINKERS.len()).flat_map(|l| (0..TAILS.len()).map(move |t| [scaffold, 2, l, t])));
            for chosen in combinations {
                let smiles = assemble(chosen);
                assert!(ChematicToolkit.molecule(&smiles).is_ok(), "{smiles}");
            }
        }
        let all: BTreeSet<[usize; 4]> = (0..COMBINATIONS).map(fragments).collect();
        assert_eq!(all.len(), COMBINATIONS);
    }
}
