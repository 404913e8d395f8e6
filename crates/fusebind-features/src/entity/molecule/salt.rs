//! Salt and solvent stripping: the fragments of a molecule to its parent, the same on every machine.
//!
//! Comes in: uncharged canonical SMILES of the fragments with their composition. Goes out: the parent. The rule, in this order: fragments
//! that are no counter-ion and no solvent of the list (`counter_ion.rs`); fragments with carbon; most heavy atoms; the greater
//! mass; the smaller canonical SMILES in byte order. Where every fragment is listed the rest of the rule decides, so that
//! sodium acetate is acetic acid.

/// One connected fragment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fragment {
    /// Canonical SMILES.
    pub(super) smiles: String,
    /// Whether it is a listed counter-ion or solvent.
    pub(super) listed: bool,
    /// Whether it is a single atom of a metal.
    pub(super) is_metal: bool,
    /// Whether it contains carbon.
    pub(super) organic: bool,
    /// Number of heavy atoms.
    pub(super) heavy_atoms: usize,
    /// Mass in units of 1/1000 Da, hydrogens included: integers compare the same on every machine.
    pub(super) millidalton: u64,
}

/// The parent among `fragments`; `None` when there are none.
pub(super) fn parent(fragments: Vec<Fragment>) -> Option<Fragment> {
    fragments.into_iter().min_by(|a, b| {
        (!b.listed, b.organic, b.heavy_atoms, b.millidalton)
            .cmp(&(!a.listed, a.organic, a.heavy_atoms, a.millidalton))
            .then_with(|| a.smiles.cmp(&b.smiles))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(smiles: &str, organic: bool, heavy_atoms: usize, millidalton: u64) -> Fragment {
        Fragment {
            smiles: smiles.into(),
            listed: false,
            is_metal: false,
            organic,
            heavy_atoms,
            millidalton,
        }
    }

    #[test]
    fn carbon_then_size_then_mass_then_name() {
        let chosen = |fragments: Vec<Fragment>| parent(fragments).map(|chosen| chosen.smiles);
        let sulfate = fragment("O=S(=O)([O-])[O-]", false, 5, 95_952);
        let methylamine = fragment("CN", true, 2, 31_042);
        assert_eq!(
            chosen(vec![sulfate.clone(), methylamine.clone()]).as_deref(),
            Some("CN")
        );
        let ethanol = fragment("CCO", true, 3, 46_042);
        assert_eq!(
            chosen(vec![methylamine, ethanol.clone(), sulfate]).as_deref(),
            Some("CCO")
        );
        let dimethylamine = fragment("CNC", true, 3, 45_058);
        assert_eq!(chosen(vec![dimethylamine, ethanol.clone()]).as_deref(), Some("CCO"));
        let ether = fragment("COC", true, 3, 46_042);
        assert_eq!(chosen(vec![ether.clone(), ethanol.clone()]).as_deref(), Some("CCO"));
        assert_eq!(chosen(vec![ethanol, ether]).as_deref(), Some("CCO"));
        assert_eq!(chosen(Vec::new()), None);
        let pamoic = Fragment {
            listed: true,
            ..fragment("OC(=O)c1cc2ccccc2c(C)c1O", true, 29, 388_094)
        };
        assert_eq!(
            chosen(vec![pamoic, fragment("CN", true, 2, 31_042)]).as_deref(),
            Some("CN"),
            "a counter-ion is never the drug, whatever its size"
        );
    }
}
