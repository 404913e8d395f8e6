//! A molecule as a drawing, its atoms coloured by weights.
//!
//! Comes in: a canonical SMILES and one weight per atom. Goes out: SVG. Blue raises, red lowers; the largest weight has the full colour.

use ::chematic::{
    depict::{RenderOptions, similarity_map_svg_opts},
    smiles::parse,
};

use crate::{Error, ErrorKind};

/// Draws `smiles`, with a tint for each atom where there are as many `weights` as atoms.
///
/// # Errors
/// Where the SMILES cannot be read.
pub fn draw(smiles: &str, weights: &[f64]) -> Result<String, Error> {
    let structure = parse(smiles).map_err(|e| Error::new(ErrorKind::Molecule, e.to_string()))?;
    let options = RenderOptions {
        background: "white".into(),
        ..RenderOptions::default()
    };
    let weights = if weights.len() == structure.atom_count() {
        weights
    } else {
        &[]
    };
    Ok(similarity_map_svg_opts(&structure, weights, &options))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;
    use crate::entity::molecule::{ChematicToolkit, Chemistry};

    #[test]
    fn atoms_are_numbered_as_in_the_graph() {
        let molecule = ChematicToolkit.molecule("Clc1ccc(CC(=O)O)cc1").unwrap();
        let structure = parse(&molecule.smiles).unwrap();
        let elements: Vec<u8> = structure
            .atoms()
            .map(|(_, atom)| atom.element.atomic_number() - 1)
            .collect();
        assert_eq!(
            elements,
            molecule.graph.atoms.iter().map(|fields| fields[0]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn weights_tint_the_drawing() {
        let plain = draw("CCO", &[]).unwrap();
        assert!(plain.starts_with("<svg") && plain.contains("</svg>"));
        let tinted = draw("CCO", &[1.0, -0.5, 0.0]).unwrap();
        assert!(tinted.len() > plain.len());
        assert_eq!(
            draw("CCO", &[1.0]).unwrap(),
            plain,
            "weights of another molecule are not drawn"
        );
        assert!(draw("C(", &[]).is_err());
    }
}
