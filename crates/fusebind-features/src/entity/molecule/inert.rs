//! Molecules that are presumed to bind nothing: solvents, sugars, polyols, amino acids, buffers, small acids and bases.
//!
//! Comes in: a [`Molecule`]. Goes out: whether it is presumed inert. Public binding sets hold such molecules as binders alone (ethanol,
//! glycine and citrate are 'drugs' of dozens of proteins, many of them crystallisation aids), so that a model learns that they bind
//! everything. Two rules, with what is known without any training data:
//!
//! - up to [`FRAGMENT_ATOMS`] heavy atoms: the binding free energy per heavy atom is at most about 1.5 kcal/mol (Kuntz et al. 1999,
//!   Proc. Natl. Acad. Sci. USA 96:9997) and commonly 0.3 to 0.5, so that five atoms rarely bind better than at 10 mM;
//! - the list below, without regard to stereo, charge and counter-ions.
//!
//! Found by heavy atoms and ECFP4, which is blind to stereo: the isomers of a sugar are one entry.

use std::{collections::HashSet, sync::OnceLock};

use super::{ChematicToolkit, Chemistry, Molecule};
use crate::feature::fingerprint::Fingerprint;

/// Molecules with no more heavy atoms are too small to bind by themselves.
pub const FRAGMENT_ATOMS: usize = 5;

/// Heavy atoms of the largest molecule of the list.
const LARGEST: usize = 26;

/// Names and SMILES.
const LISTED: &[(&str, &str)] = &[
    // Solvents.
    ("diethyl ether", "CCOCC"),
    ("tert-butyl methyl ether", "COC(C)(C)C"),
    ("ethyl acetate", "CCOC(C)=O"),
    ("dioxane", "C1COCCO1"),
    ("2-methyltetrahydrofuran", "CC1CCCO1"),
    ("N-methylpyrrolidone", "CN1CCCC1=O"),
    ("dimethylacetamide", "CC(=O)N(C)C"),
    ("hexane", "CCCCCC"),
    ("heptane", "CCCCCCC"),
    ("octane", "CCCCCCCC"),
    ("cyclohexane", "C1CCCCC1"),
    ("benzene", "c1ccccc1"),
    ("toluene", "Cc1ccccc1"),
    ("p-xylene", "Cc1ccc(C)cc1"),
    ("o-xylene", "Cc1ccccc1C"),
    ("pyridine", "c1ccncc1"),
    ("hexanol", "CCCCCCO"),
    ("hexafluoroisopropanol", "OC(C(F)(F)F)C(F)(F)F"),
    ("sulfolane", "O=S1(=O)CCCC1"),
    ("HMPA", "CN(C)P(=O)(N(C)C)N(C)C"),
    // Polyols and polyethers.
    ("glycerol", "OCC(O)CO"),
    ("erythritol", "OCC(O)C(O)CO"),
    ("xylitol", "OCC(O)C(O)C(O)CO"),
    ("sorbitol and mannitol", "OCC(O)C(O)C(O)C(O)CO"),
    ("inositol", "OC1C(O)C(O)C(O)C(O)C1O"),
    ("butanediol", "OCCCCO"),
    ("hexylene glycol", "CC(O)CC(C)(C)O"),
    ("diethylene glycol", "OCCOCCO"),
    ("triethylene glycol", "OCCOCCOCCO"),
    ("tetraethylene glycol", "OCCOCCOCCOCCO"),
    ("pentaethylene glycol", "OCCOCCOCCOCCOCCO"),
    ("dimethoxyethane", "COCCOC"),
    // Sugars, and what is made of them.
    ("pentoses, open", "OCC(O)C(O)C(O)C=O"),
    ("hexoses, open", "OCC(O)C(O)C(O)C(O)C=O"),
    ("ketohexoses, open", "OCC(O)C(O)C(O)C(=O)CO"),
    ("aldohexopyranoses", "OCC1OC(O)C(O)C(O)C1O"),
    ("aldopentopyranoses", "OC1COC(O)C(O)C1O"),
    ("aldopentofuranoses", "OCC1OC(O)C(O)C1O"),
    ("ketohexopyranoses", "OCC1(O)OCC(O)C(O)C1O"),
    ("ketohexofuranoses", "OCC1OC(O)(CO)C(O)C1O"),
    ("deoxyhexoses", "CC1OC(O)C(O)C(O)C1O"),
    ("N-acetylhexosamines", "CC(=O)NC1C(O)OC(CO)C(O)C1O"),
    ("hexosamines", "NC1C(O)OC(CO)C(O)C1O"),
    ("hexuronic acids", "OC1OC(C(O)C(O)C1O)C(=O)O"),
    ("gluconic acids", "OCC(O)C(O)C(O)C(O)C(=O)O"),
    ("sucrose", "OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O"),
    ("trehalose", "OCC1OC(OC2OC(CO)C(O)C(O)C2O)C(O)C(O)C1O"),
    (
        "maltose, cellobiose and lactose",
        "OCC1OC(OC2C(O)C(O)C(O)OC2CO)C(O)C(O)C1O",
    ),
    // Amino acids.
    ("glycine", "NCC(=O)O"),
    ("alanine", "CC(N)C(=O)O"),
    ("beta-alanine", "NCCC(=O)O"),
    ("serine", "NC(CO)C(=O)O"),
    ("threonine", "CC(O)C(N)C(=O)O"),
    ("cysteine", "NC(CS)C(=O)O"),
    ("cystine", "NC(CSSCC(N)C(=O)O)C(=O)O"),
    ("valine", "CC(C)C(N)C(=O)O"),
    ("leucine", "CC(C)CC(N)C(=O)O"),
    ("isoleucine", "CCC(C)C(N)C(=O)O"),
    ("methionine", "CSCCC(N)C(=O)O"),
    ("proline", "OC(=O)C1CCCN1"),
    ("hydroxyproline", "OC1CNC(C1)C(=O)O"),
    ("phenylalanine", "NC(Cc1ccccc1)C(=O)O"),
    ("tyrosine", "NC(Cc1ccc(O)cc1)C(=O)O"),
    ("tryptophan", "NC(Cc1c[nH]c2ccccc12)C(=O)O"),
    ("histidine", "NC(Cc1c[nH]cn1)C(=O)O"),
    ("lysine", "NCCCCC(N)C(=O)O"),
    ("arginine", "NC(CCCNC(N)=N)C(=O)O"),
    ("ornithine", "NCCCC(N)C(=O)O"),
    ("aspartic acid", "NC(CC(=O)O)C(=O)O"),
    ("asparagine", "NC(CC(N)=O)C(=O)O"),
    ("glutamic acid", "NC(CCC(=O)O)C(=O)O"),
    ("glutamine", "NC(CCC(N)=O)C(=O)O"),
    ("betaine", "C[N+](C)(C)CC(=O)[O-]"),
    ("taurine", "NCCS(=O)(=O)O"),
    // Buffers, chelators, reducing agents.
    ("tris", "NC(CO)(CO)CO"),
    ("bis-tris", "OCCN(CCO)C(CO)(CO)CO"),
    ("triethanolamine", "OCCN(CCO)CCO"),
    ("diethanolamine", "OCCNCCO"),
    ("HEPES", "OCCN1CCN(CC1)CCS(=O)(=O)O"),
    ("PIPES", "OS(=O)(=O)CCN1CCN(CC1)CCS(=O)(=O)O"),
    ("MES", "OS(=O)(=O)CCN1CCOCC1"),
    ("MOPS", "OS(=O)(=O)CCCN1CCOCC1"),
    ("bicine", "OCCN(CCO)CC(=O)O"),
    ("tricine", "OCC(CO)(CO)NCC(=O)O"),
    ("imidazole", "c1c[nH]cn1"),
    ("EDTA", "OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CC(=O)O"),
    ("EGTA", "OC(=O)CN(CCOCCOCCN(CC(=O)O)CC(=O)O)CC(=O)O"),
    ("nitrilotriacetic acid", "OC(=O)CN(CC(=O)O)CC(=O)O"),
    ("iminodiacetic acid", "OC(=O)CNCC(=O)O"),
    ("dithiothreitol", "OC(CS)C(O)CS"),
    ("TCEP", "OC(=O)CCP(CCC(=O)O)CCC(=O)O"),
    ("cacodylic acid", "C[As](C)(=O)O"),
    // Small acids and bases.
    ("lactic acid", "CC(O)C(=O)O"),
    ("oxalic acid", "OC(=O)C(=O)O"),
    ("malonic acid", "OC(=O)CC(=O)O"),
    ("succinic acid", "OC(=O)CCC(=O)O"),
    ("glutaric acid", "OC(=O)CCCC(=O)O"),
    ("adipic acid", "OC(=O)CCCCC(=O)O"),
    ("maleic and fumaric acid", "OC(=O)C=CC(=O)O"),
    ("malic acid", "OC(CC(=O)O)C(=O)O"),
    ("tartaric acid", "OC(C(O)C(=O)O)C(=O)O"),
    ("citric acid", "OC(=O)CC(O)(CC(=O)O)C(=O)O"),
    ("isocitric acid", "OC(C(CC(=O)O)C(=O)O)C(=O)O"),
    ("pyruvic acid", "CC(=O)C(=O)O"),
    ("butyric acid", "CCCC(=O)O"),
    ("isobutyric acid", "CC(C)C(=O)O"),
    ("valeric acid", "CCCCC(=O)O"),
    ("caproic acid", "CCCCCC(=O)O"),
    ("methanesulfonic acid", "CS(=O)(=O)O"),
    ("ethanesulfonic acid", "CCS(=O)(=O)O"),
    ("benzenesulfonic acid", "OS(=O)(=O)c1ccccc1"),
    ("toluenesulfonic acid", "Cc1ccc(cc1)S(=O)(=O)O"),
    ("trifluoroacetic acid", "OC(=O)C(F)(F)F"),
    ("sulfuric acid", "OS(=O)(=O)O"),
    ("phosphoric acid", "OP(=O)(O)O"),
    ("perchloric acid", "OCl(=O)(=O)=O"),
    ("triethylamine", "CCN(CC)CC"),
    ("piperidine", "C1CCNCC1"),
    ("piperazine", "C1CNCCN1"),
    ("morpholine", "C1COCCN1"),
    ("choline", "C[N+](C)(C)CCO"),
];

/// What tells two molecules apart but for stereo.
type Key = (usize, Fingerprint);

fn listed() -> &'static HashSet<Key> {
    static LIST: OnceLock<HashSet<Key>> = OnceLock::new();
    LIST.get_or_init(|| {
        let read = |(_, smiles): &(&str, &str)| ChematicToolkit.molecule(smiles).ok();
        LISTED.iter().filter_map(read).map(|molecule| key(&molecule)).collect()
    })
}

fn key(molecule: &Molecule) -> Key {
    (molecule.heavy_atoms, molecule.fingerprint.clone())
}

impl Molecule {
    /// Whether it is presumed to bind nothing: a solvent, sugar, amino acid, buffer or small acid, or too small to bind.
    pub fn is_presumed_inert(&self) -> bool {
        self.heavy_atoms <= FRAGMENT_ATOMS || (self.heavy_atoms <= LARGEST && listed().contains(&key(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_inert(smiles: &str) -> bool {
        ChematicToolkit.molecule(smiles).expect("is valid").is_presumed_inert()
    }

    #[test]
    fn every_listed_molecule_is_read() {
        for (name, smiles) in LISTED {
            assert!(is_inert(smiles), "{name}");
        }
    }

    #[test]
    fn stereo_salts_and_charges_make_no_difference() {
        for smiles in [
            "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O",
            "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@H]1O",
            "C[C@H](N)C(=O)O",
            "C[C@@H]([NH3+])C(=O)[O-]",
            "[Na+].[Na+].OC(=O)CC(O)(CC(=O)[O-])C(=O)[O-]",
            "CCO",
        ] {
            assert!(is_inert(smiles), "{smiles}");
        }
    }

    #[test]
    fn drugs_and_near_relatives_of_the_listed_are_not() {
        for smiles in [
            "CC(=O)Oc1ccccc1C(=O)O",
            "CC(=O)Nc1ccc(O)cc1",
            "NCCc1ccc(O)c(O)c1",
            "NCCCC(=O)O",
            "CN1CCC[C@H]1c1cccnc1",
            "C[C@](N)(Cc1ccc(O)c(O)c1)C(=O)O",
            "N[C@@H](Cc1cc(I)c(Oc2cc(I)c(O)c(I)c2)c(I)c1)C(=O)O",
            "CCCC(CCC)C(=O)O",
        ] {
            assert!(!is_inert(smiles), "{smiles}");
        }
    }
}
