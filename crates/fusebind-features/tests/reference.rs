//! Agreement with RDKit on committed reference values (`testdata/chemistry`, made by `make_reference.py`).
//!
//! Every molecule must agree in parent, scaffold, atom fields, bond fields, ECFP4 bits and unfolded counts, except for the
//! deviations listed here with their reason; a deviation that has vanished must leave the list. Every input that must be
//! refused is refused.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry, Molecule};

/// Input, column, reason.
const DEVIATIONS: &[(&str, &str, &str)] = &[(
    "[CH3:1][OH:2]",
    "parent",
    "our own rule: atom-map numbers are no part of the identity",
)];

struct Reference {
    columns: BTreeMap<&'static str, String>,
}

fn references() -> Vec<Reference> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/chemistry/reference.csv");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let names = [
        "input", "reason", "parent", "scaffold", "atoms", "bonds", "ecfp4", "counts",
    ];
    assert_eq!(lines.next(), Some(names.join(",").as_str()));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), names.len(), "{line}");
            Reference {
                columns: names.into_iter().zip(cells.into_iter().map(String::from)).collect(),
            }
        })
        .collect()
}

fn join<T: ToString>(values: impl IntoIterator<Item = T>, by: &str) -> String {
    values
        .into_iter()
        .map(|value| value.to_string())
        .collect::<Vec<_>>()
        .join(by)
}

fn digest(counts: &[(u32, u16)]) -> String {
    let mut text = String::new();
    for (identifier, count) in counts {
        write!(text, "{identifier}:{count} ").expect("a String takes all");
    }
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let total: u32 = counts.iter().map(|(_, count)| u32::from(*count)).sum();
    format!("{} {total} {hash:016x}", counts.len())
}

/// The columns as we compute them.
fn columns(molecule: &Molecule) -> BTreeMap<&'static str, String> {
    let graph = &molecule.graph;
    let mut bonds: Vec<(u32, u32, String)> = graph
        .bonds
        .iter()
        .map(|bond| (bond.a, bond.b, join(bond.fields, "-")))
        .collect();
    bonds.sort();
    BTreeMap::from([
        ("parent", molecule.smiles.clone()),
        ("scaffold", molecule.scaffold().expect("has one")),
        ("atoms", join(graph.atoms.iter().map(|atom| join(atom, "-")), " ")),
        (
            "bonds",
            join(bonds.iter().map(|(a, b, fields)| format!("{a}-{b}-{fields}")), " "),
        ),
        ("ecfp4", join(molecule.fingerprint.bits(), " ")),
        ("counts", digest(&graph.substructures)),
    ])
}

#[test]
fn molecules_agree_with_rdkit() {
    let mut known: Vec<(&str, &str)> = DEVIATIONS.iter().map(|(input, column, _)| (*input, *column)).collect();
    let mut agreed: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut surprises = String::new();
    let mut standardised = 0;
    for reference in references() {
        let input = reference.columns["input"].as_str();
        if !reference.columns["reason"].is_empty() || reference.columns["parent"].is_empty() {
            continue;
        }
        let ours = match ChematicToolkit.molecule(input) {
            // The columns of the reference are of the largest fragment with its charges; where the parent is another form, there is
            // nothing to compare.
            Ok(molecule) if molecule.smiles != reference.columns["parent"] && input.contains(['.', '+', '-']) => {
                standardised += 1;
                continue;
            }
            Err(error) if error.to_string().contains("the metal") => {
                standardised += 1;
                continue;
            }
            Ok(molecule) => columns(&molecule),
            Err(error) => {
                writeln!(surprises, "{input}: refused: {error}").expect("a String takes all");
                continue;
            }
        };
        for (column, ours) in ours {
            let theirs = &reference.columns[column];
            let tally = agreed.entry(column).or_default();
            tally.1 += 1;
            if ours == *theirs {
                tally.0 += 1;
            } else if let Some(position) = known.iter().position(|&deviation| deviation == (input, column)) {
                known.remove(position);
            } else {
                writeln!(surprises, "{input}: {column}\n  ours  {ours}\n  RDKit {theirs}").expect("a String takes all");
            }
        }
    }
    for (column, (same, all)) in &agreed {
        println!("{column}: {same} of {all} molecules agree with RDKit");
    }
    assert!(
        agreed.len() == 6 && agreed.values().all(|(_, all)| *all > 380),
        "the reference file is cut short"
    );
    assert!(
        standardised < 40,
        "{standardised} parents differ from the largest fragment"
    );
    assert!(surprises.is_empty(), "{surprises}");
    assert!(
        known.is_empty(),
        "no longer deviating, take them off the list: {known:?}"
    );
}

#[test]
fn what_must_be_refused_is_refused_with_a_reason() {
    let mut refused = 0;
    for reference in references() {
        let (input, word) = (&reference.columns["input"], &reference.columns["reason"]);
        if !reference.columns["parent"].is_empty() {
            continue;
        }
        let error = match ChematicToolkit.molecule(input) {
            Err(error) => error.to_string(),
            Ok(molecule) => panic!("{input:?} was read as {}", molecule.smiles),
        };
        assert!(error.contains(word.as_str()), "{input:?}: {error}");
        assert!(error.len() > 10 && !error.contains('\n'), "{input:?}: {error}");
        refused += 1;
    }
    assert!(refused > 30, "the reference file is cut short");
}

/// The identity of an identity is that identity, and the arrays depend on nothing else.
#[test]
fn reading_the_identity_gives_the_same_molecule() {
    for reference in references() {
        let Ok(molecule) = ChematicToolkit.molecule(&reference.columns["input"]) else {
            continue;
        };
        assert_eq!(
            ChematicToolkit.molecule(&molecule.smiles).as_ref(),
            Ok(&molecule),
            "{}",
            molecule.smiles
        );
    }
}
