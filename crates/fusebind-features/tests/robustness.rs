//! Arbitrary text: every parser answers with a value or a reason, and never panics.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use fusebind_features::{
    entity::{
        kind::TextKind,
        molecule::{ChematicToolkit, Chemistry},
        protein::Protein,
    },
    feature::{composition, graph::ATOM_FIELD_SIZES, sequence::RESIDUE_TOKENS, substructure},
};
use proptest::prelude::*;

/// Pieces that SMILES are made of, joined at random.
fn smiles_like() -> impl Strategy<Value = String> {
    let pieces = [
        "C", "c", "N", "n", "O", "o", "S", "s", "P", "F", "Cl", "Br", "B", "[nH]", "[NH3+]", "[O-]", "[C@H]", "[C@@]",
        "[Se]", "[se]", "[2H]", "[H]", "[Fe+2]", "[13CH3]", "[Si]", "(", ")", "=", "#", "/", "\\", ".", "1", "2", "1",
        "2", "%10", "-", ":", "$", "->", "*", "[", "]", "@",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_smiles_gives_a_sound_molecule_or_a_reason(smiles in prop_oneof![4 => smiles_like(), 1 => ".{0,40}"]) {
        match ChematicToolkit.molecule(&smiles) {
            Ok(molecule) => {
                prop_assert!(molecule.heavy_atoms > 0 && !molecule.graph.substructures.is_empty());
                for atom in &molecule.graph.atoms {
                    prop_assert!(atom.iter().zip(ATOM_FIELD_SIZES).all(|(field, size)| usize::from(*field) < size));
                }
                let mut row = [0.0; 64];
                substructure::fold(&molecule.graph.substructures, &mut row);
                prop_assert!(row.iter().all(|value| value.is_finite()) && row.iter().any(|value| *value != 0.0));
                // The identity names the same molecule.
                let again = ChematicToolkit.molecule(&molecule.smiles);
                prop_assert_eq!(again.as_ref(), Ok(&molecule));
            }
            Err(error) => {
                let reason = error.to_string();
                prop_assert!(!reason.is_empty() && !reason.contains('\n'));
                prop_assert!(!reason.contains("please report"), "the toolkit panicked on {}", smiles);
                prop_assert!(error.position().is_none_or(|position| position <= smiles.len()));
            }
        }
    }

    #[test]
    fn any_text_has_a_kind_or_none(text in prop_oneof!["[A-Za-z0-9_./-]{0,14}", "[A-Z][0-9][A-Z0-9é-]{3,9}", ".{0,40}"]) {
        for kind in [TextKind::of_structure(&text), TextKind::of_sequence(&text), TextKind::of_residues(&text, &text)] {
            prop_assert!(kind.is_none_or(|kind| !kind.to_string().is_empty()));
        }
    }

    #[test]
    fn any_sequence_gives_tokens_or_a_reason(sequence in prop_oneof!["[A-Za-z* \n-]{0,60}", ".{0,40}"]) {
        if let Ok(protein) = Protein::parse(&sequence) {
            prop_assert_eq!(protein.sequence.len(), protein.features.residues.len());
            prop_assert!(protein.features.residues.iter().all(|token| usize::from(*token) < RESIDUE_TOKENS));
            let mut row = [0.0; 128];
            composition::fold(&protein.features.residues, &mut row);
            prop_assert!(row.iter().all(|value| value.is_finite()) && row.iter().any(|value| *value != 0.0));
            let again = Protein::parse(&protein.sequence);
            prop_assert_eq!(again.as_ref(), Ok(&protein));
        }
    }

    #[test]
    fn a_damaged_sd_record_is_answered(at in 0_usize..400, with in any::<char>(), cut in 0_usize..400) {
        let block = "x\n  test\n\n  3  2  0  0  0  0  0  0  0  0999 V2000\n\
            \x20   0.0000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n\
            \x20   1.5000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n\
            \x20   2.2000    1.2000    0.0000 O   0  0  0  0  0  0  0  0  0  0  0  0\n\
            \x20 1  2  1  0\n  2  3  1  0\nM  END\n";
        let mut letters: Vec<char> = block.chars().collect();
        let at = at % letters.len();
        letters[at] = with;
        let damaged: String = letters.iter().collect();
        let cut: String = letters.iter().take(cut % letters.len()).collect();
        for record in [damaged, cut] {
            if let Err(error) = ChematicToolkit.molecule_from_sd(&record) {
                prop_assert!(!error.to_string().contains("please report"), "the toolkit panicked on {}", record);
            }
        }
    }
}
