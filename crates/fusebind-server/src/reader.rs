//! Compounds and proteins from their texts, read once.
//!
//! Comes in: a SMILES or a sequence. Goes out: what it is, shared with all rows that name it, or what is wrong with it.

use std::sync::Arc;

use fusebind_features::entity::molecule::{Chemistry, Standardise};
use fusebind_predict::{Cache, Compound, Target};

use crate::{config::Limits, refusal::RowFault};

/// Weight of the cache of compounds and of proteins.
const COMPOUNDS: usize = 4 << 20;
const TARGETS: usize = 4 << 20;
/// What was read before.
#[derive(Debug)]
pub(crate) struct Caches {
    pub(crate) compounds: Cache<Compound>,
    pub(crate) targets: Cache<Target>,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            compounds: Cache::new(COMPOUNDS),
            targets: Cache::new(TARGETS),
        }
    }
}

/// What rows are read with.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) caches: &'a Caches,
    pub(crate) limits: &'a Limits,
    /// Molecules are read as those that the model was trained on.
    pub(crate) toolkit: Standardise,
    /// Whether compounds and proteins may have side data.
    pub(crate) with_side: bool,
}

impl Reader<'_> {
    /// A compound from its SMILES.
    pub(crate) fn compound(self, smiles: &str, field: &str) -> Result<Arc<Compound>, RowFault> {
        let most = self.limits.smiles_letters;
        if smiles.len() > most {
            let reason = format!("{} letters are more than the limit of {most}", smiles.len());
            return Err(RowFault::new(
                field,
                reason,
                "leave the row out, or start the server with other limits",
            ));
        }
        let read = self
            .caches
            .compounds
            .get(smiles, || self.toolkit.molecule(smiles).map(Compound::from));
        read.map_err(|error| RowFault::new(field, error.to_string(), "give the SMILES of one compound"))
    }

    /// A protein from its sequence.
    pub(crate) fn target(self, sequence: &str, field: &str) -> Result<Arc<Target>, RowFault> {
        let read = self.caches.targets.get(sequence, || Target::parse(sequence));
        read.map_err(|error| RowFault::new(field, error.to_string(), "give the sequence in one-letter codes"))
    }
}
