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

mod fold;
mod needs;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ::chematic::{
    smarts::{MatchConfig, MatchOutcome, QueryMolecule, has_match_bounded, parse_smarts, with_perceived_target},
    smiles::parse,
};

use self::{fold::fold, needs::Parts};
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
    needs: Parts,
}

/// See the file's header.
#[derive(Clone, Debug, Default)]
pub struct Alerts(Vec<Alert>);

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
        self.0.push(Alert {
            name: name.to_string(),
            needs: Parts::of_pattern(&query),
            query,
        });
        Ok(())
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
                let rings = ::chematic::perception::find_sssr(molecule);
                let parts = Parts::of_molecule(molecule);
                let holds = |alert: &&Alert| {
                    parts.suffice(&alert.needs)
                        && has_match_bounded(&alert.query, molecule, &rings, &config) != MatchOutcome::NotFound
                };
                let found = self.0.iter().filter(holds).take(most);
                found.map(|alert| alert.name.as_str()).collect()
            }))
        };
        // The toolkit may panic: then one molecule is refused and the run continues.
        catch_unwind(AssertUnwindSafe(search)).unwrap_or_else(|_| Err(failed("the chemistry toolkit failed".into())))
    }
}
