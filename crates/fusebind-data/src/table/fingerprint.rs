//! The content hash of a data set.

use sha2::{Digest, Sha256};

use super::{Dataset, interaction::Interaction};

/// Changes whenever the canonical form below does.
const VERSION: &str = "fusebind dataset 1";

impl Dataset {
    /// Recomputes [`Dataset::fingerprint`]: SHA-256 over entities (identity, ids, keys), interactions in order, split
    /// columns and origins. File names and row numbers do not enter, so the same content in another format has the same fingerprint.
    pub fn refresh_fingerprint(&mut self) {
        let mut hash = Canonical(Sha256::new());
        hash.text(VERSION);
        // A standardised set keeps the fingerprint that it had before there was a choice.
        if !self.standardise.is_parent() {
            hash.text(&self.standardise.to_string());
        }
        for drug in &self.drugs {
            hash.text(&drug.molecule.smiles);
            hash.entity(&drug.ids, &drug.keys);
        }
        hash.count(self.drugs.len());
        for target in &self.targets {
            hash.text(&target.protein.sequence);
            hash.entity(&target.ids, &target.keys);
        }
        hash.count(self.targets.len());
        self.interactions
            .iter()
            .for_each(|interaction| hash.interaction(interaction));
        hash.count(self.interactions.len());
        for (name, parts) in &self.split_columns {
            hash.text(name);
            for part in parts {
                hash.count(usize::from(part.is_some()));
                hash.text(part.as_deref().unwrap_or_default());
            }
        }
        // A set without origins keeps the fingerprint that it had before there were any.
        for (origin, texts) in &self.origins {
            hash.text(origin.column());
            for text in texts {
                hash.count(usize::from(text.is_some()));
                hash.text(text.as_deref().unwrap_or_default());
            }
        }
        self.fingerprint = hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    }
}

/// Length-prefixed values, so that no two contents share their bytes.
struct Canonical(Sha256);

impl Canonical {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text);
    }

    fn entity(&mut self, ids: &[String], keys: &std::collections::BTreeMap<String, String>) {
        self.count(ids.len());
        ids.iter().for_each(|id| self.text(id));
        self.count(keys.len());
        for (key, value) in keys {
            self.text(key);
            self.text(value);
        }
    }

    fn interaction(&mut self, interaction: &Interaction) {
        self.count(interaction.drug as usize);
        self.count(interaction.target as usize);
        match &interaction.affinity {
            Some(affinity) => {
                self.0.update(affinity.value.to_bits().to_le_bytes());
                self.0.update([affinity.scale as u8, affinity.censoring as u8, 1]);
            }
            None => self.0.update([0]),
        }
        self.0.update([match interaction.binds {
            Some(true) => 2,
            Some(false) => 1,
            None => 0,
        }]);
    }
}
