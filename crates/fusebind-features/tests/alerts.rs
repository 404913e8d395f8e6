//! Structural alerts are found where RDKit finds them: hydrogens of a pattern are counts, and a pattern inside of another is one too.

use fusebind_features::entity::molecule::Alerts;

fn found(smarts: &str, smiles: &str) -> bool {
    let mut alerts = Alerts::default();
    alerts.add("it", smarts).expect("is a pattern");
    alerts.any(smiles).expect("is a molecule")
}

#[test]
fn hydrogens_of_a_pattern_are_counts() {
    let primary = "[#6]:[#6]-[#7](-[#1])-[#1]";
    assert!(found(primary, "Nc1ccccc1") && !found(primary, "CNc1ccccc1") && !found(primary, "CN(C)c1ccccc1"));
    let inside = "[$([#7](-[#1])-[#6;X4]),$([#8]-[#1])]-[#6]=[#8]";
    assert!(found(inside, "CNC(C)=O") && found(inside, "CC(=O)O") && !found(inside, "CN(C)C(C)=O"));
    // A hydrogen that may be something else is not folded, and is never found.
    let either = "[$([#6;X4]),#1]-[#7]-[#6]=[#8]";
    assert!(found(either, "CNC(C)=O") && !found(either, "NC(C)=O"));
}

#[test]
fn what_a_molecule_lacks_is_not_looked_for() {
    assert!(!found("[#16]-[#16]", "CCSC") && found("[#16]-[#16]", "CSSC"));
    assert!(found("[#6,#16]~[#8]", "CO"), "an atom of several elements needs none");
    assert!(found("Cl", "CCl") && !found("Cl", "CBr"));
}

#[test]
fn what_is_no_pattern_is_refused() {
    let mut alerts = Alerts::default();
    for wrong in ["", "[#6", "C(", "[$(C]", "not a pattern", &"C".repeat(6000)] {
        assert!(alerts.add("wrong", wrong).is_err(), "{wrong:.20}");
    }
    assert!(alerts.is_empty() && alerts.of("C(").is_err());
}
