//! Structural alerts: substructures that make an assay lie, or a compound unwanted.
//!
//! Comes in: names with SMARTS, which are compiled once, then molecules. Goes out: the names of those that a molecule holds. Patterns are
//! matched as RDKit matches them with merged hydrogens (`fold.rs`), to molecules with its aromaticity.
//!
//! ```
//! use fusebind_features::entity::molecule::Alerts;
//! let mut alerts = Alerts::default();
//! alerts.add("nitro", "[N+](=O)[O-]")?;
//! alerts.add("aldehyde", "[#6]-[#6](-[#1])=[#8]")?;
//! assert_eq!(alerts.of("O=[N+]([O-])c1ccccc1")?, ["nitro"]);
//! assert_eq!(alerts.of("CC=O")?, ["aldehyde"]);
//! assert!(alerts.of("CC(C)=O")?.is_empty());
//! # Ok::<(), fusebind_features::Error>(())
//! ```

mod facts;
mod fold;
mod needs;

use std::{
    cell::LazyCell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use ::chematic::{
    smarts::{MatchConfig, MatchOutcome, QueryMolecule, has_match_bounded, parse_smarts, with_perceived_target},
    smiles::parse,
};

use self::{
    fold::fold,
    needs::{Dictionary, Needs},
};
use crate::{Error, ErrorKind};

/// Longest SMARTS that is read, in characters.
const MAX_SMARTS: usize = 5_000;
/// Steps of a search after which a pattern counts as found: nobody waits for one that is stuck, and no alert is lost.
const STEPS: u64 = 1_000_000;

/// A pattern under its name.
#[derive(Clone, Debug)]
struct Alert {
    name: String,
    query: QueryMolecule,
    needs: Needs,
}

/// See the file's header.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    all: Vec<Alert>,
    dictionary: Dictionary,
}

impl Alerts {
    /// Adds a pattern.
    ///
    /// # Errors
    /// Where the SMARTS cannot be read.
    pub fn add(&mut self, name: &str, smarts: &str) -> Result<(), Error> {
        let refuse = |reason: String| Error::new(ErrorKind::Smarts, reason);
        if smarts.len() > MAX_SMARTS {
            return Err(refuse(format!("the SMARTS has more than {MAX_SMARTS} characters")));
        }
        let read = catch_unwind(AssertUnwindSafe(|| parse_smarts(smarts)));
        let query = match read {
            Ok(Ok(query)) if !query.atoms.is_empty() => fold(&query),
            Ok(Ok(_)) => return Err(refuse("the SMARTS has no atom".into())),
            Ok(Err(error)) => return Err(refuse(format!("the SMARTS cannot be read: {error}"))),
            Err(_) => return Err(refuse("the chemistry toolkit failed on this SMARTS".into())),
        };
        self.all.push(Alert {
            name: name.to_string(),
            needs: self.dictionary.needs(&query),
            query,
        });
        Ok(())
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The names of the patterns that the molecule with this canonical SMILES holds, in their order.
    ///
    /// # Errors
    /// Where the SMILES cannot be read.
    pub fn of(&self, smiles: &str) -> Result<Vec<&str>, Error> {
        self.search(smiles, usize::MAX)
    }

    /// Whether the molecule with this canonical SMILES holds one of the patterns.
    ///
    /// # Errors
    /// Where the SMILES cannot be read.
    pub fn any(&self, smiles: &str) -> Result<bool, Error> {
        Ok(!self.search(smiles, 1)?.is_empty())
    }

    /// The first `most` that are found.
    fn search(&self, smiles: &str, most: usize) -> Result<Vec<&str>, Error> {
        let failed = |reason: String| Error::new(ErrorKind::Molecule, format!("alerts cannot be looked for: {reason}"));
        let search = || -> Result<Vec<&str>, Error> {
            let molecule = parse(smiles).map_err(|error| failed(error.to_string()))?;
            let config = MatchConfig {
                max_visit_budget: Some(STEPS),
                ..MatchConfig::default()
            };
            Ok(with_perceived_target(&molecule, |molecule| {
                // In most molecules nothing has to be searched, which is what rings are needed for.
                let rings = LazyCell::new(|| ::chematic::perception::find_sssr(molecule));
                let mut surveyed = self.dictionary.survey(molecule);
                let holds = |alert: &&Alert| {
                    let may_hold = surveyed.as_mut().is_none_or(|surveyed| surveyed.may_hold(&alert.needs));
                    may_hold && has_match_bounded(&alert.query, molecule, &rings, &config) != MatchOutcome::NotFound
                };
                let found = self.all.iter().filter(holds).take(most);
                found.map(|alert| alert.name.as_str()).collect()
            }))
        };
        // The toolkit may panic: then one molecule is refused and the run continues.
        catch_unwind(AssertUnwindSafe(search)).unwrap_or_else(|_| Err(failed("the chemistry toolkit failed".into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns of every kind that needs are made of.
    const PATTERNS: [&str; 24] = [
        "[#6;X4]-[#7;+;!H0]",
        "c:1:c:c(:c:c:c:1-[#6;X4])-[#7&H2,$([#7;!H0]-[#6;X4])]",
        "[#6]=[#7]-[#7]-[#1]",
        "[$([#8]~[#6])]~[!#6;!#1]",
        "[#6]1~[#6]~[#6]~1",
        "[n;r5]1cccc1",
        "[#16](=[#8])(=[#8])-[#7]",
        "C=,#N",
        "[#6]!-[#8]",
        "*@*@*",
        "[D3]([#6])([#6])[#6]",
        "[#6](-[#1])(-[#1])-[F,Cl,Br]",
        "N#C",
        "[O-][N+]=O",
        "[#6;H1]=[#6;!R]",
        "[R2]",
        "[!#6]~[!#6]",
        "[h3]C",
        "[v5]",
        "[z2]",
        "[#7]-,:[#6]~[#8]",
        "cc(c)c:[n,o]",
        "[#6].[#17]",
        "[Xx,#9]",
    ];
    const MOLECULES: [&str; 17] = [
        "CC[NH3+]",
        "Cc1ccc(NC)cc1",
        "CC=NN",
        "COS(=O)(=O)NC",
        "C1CC1C#N",
        "c1cc[nH]c1",
        "O=[N+]([O-])c1ccccc1",
        "CC(C)(C)CCl",
        "[2H]C([2H])([2H])F",
        "C/C=C/C",
        "OC(=O)C1CC2CCC1C2",
        "c1ccc2[nH]c3ccccc3c2c1",
        "[Na+].[Cl-]",
        "CP(C)(C)(C)C",
        "N=C=O",
        "[O-][n+]1ccccc1",
        "C",
    ];

    #[test]
    fn what_is_ruled_out_without_a_search_is_not_found_by_one() {
        let mut alerts = Alerts::default();
        for pattern in PATTERNS {
            alerts.add(pattern, pattern).expect("is a pattern");
        }
        let (mut found, mut searched) = (0, 0);
        for smiles in MOLECULES {
            let molecule = parse(smiles).expect("is a molecule");
            let expected: Vec<&str> = with_perceived_target(&molecule, |molecule| {
                let rings = ::chematic::perception::find_sssr(molecule);
                let mut surveyed = alerts.dictionary.survey(molecule).expect("is small");
                searched += alerts
                    .all
                    .iter()
                    .filter(|alert| surveyed.may_hold(&alert.needs))
                    .count();
                let holds = |alert: &&Alert| {
                    let config = MatchConfig::default();
                    has_match_bounded(&alert.query, molecule, &rings, &config) == MatchOutcome::Found
                };
                alerts
                    .all
                    .iter()
                    .filter(holds)
                    .map(|alert| alert.name.as_str())
                    .collect()
            });
            found += expected.len();
            assert_eq!(alerts.of(smiles).expect("is searched"), expected, "{smiles}");
        }
        // Of 408 pairs most need no search; rings and valences are left to it.
        assert!(found > 40 && searched < 130, "{found} of {searched}");
    }

    #[test]
    fn large_molecules_are_searched_as_they_are() {
        let mut alerts = Alerts::default();
        alerts.add("end", "[#6]-[#17]").expect("is a pattern");
        let chain = "C".repeat(700);
        assert!(alerts.any(&format!("{chain}Cl")).expect("is searched"));
        assert!(!alerts.any(&chain).expect("is searched"));
    }
}
