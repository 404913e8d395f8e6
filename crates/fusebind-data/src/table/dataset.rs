//! A data set: distinct drugs, distinct targets, and interactions between them.

use std::collections::BTreeMap;

use fusebind_features::entity::{
    molecule::{Molecule, Standardise},
    protein::Protein,
};

use super::{interaction::Interaction, origin::Origins};

/// A distinct drug: one parent molecule, all ids that name it, and its keys into the modality tables.
#[derive(Clone, Debug)]
pub struct Drug {
    /// Ids in the drug table that share this molecule, first one first.
    pub ids: Vec<String>,
    /// Values of the other key columns (for instance `ik14`, `inchikey`, `name`), from the first row that has one.
    pub keys: BTreeMap<String, String>,
    /// The gated molecule.
    pub molecule: Molecule,
}

/// A distinct target: one sequence, all ids that name it, and its keys into the modality tables.
#[derive(Clone, Debug)]
pub struct Target {
    /// Ids in the target table that share this sequence, first one first.
    pub ids: Vec<String>,
    /// Values of the other key columns (for instance `uniprot`, `gene`, `seq_md5`), from the first row that has one.
    pub keys: BTreeMap<String, String>,
    /// The checked protein.
    pub protein: Protein,
}

/// Everything that was read from a data set folder and accepted.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Distinct drugs (by canonical SMILES of the parent).
    pub drugs: Vec<Drug>,
    /// Distinct targets (by normalised sequence).
    pub targets: Vec<Target>,
    /// Accepted interactions in table order.
    pub interactions: Vec<Interaction>,
    /// Published split columns: name to one optional part name per interaction.
    pub split_columns: BTreeMap<String, Vec<Option<String>>>,
    /// Source and date of each interaction, where the pair table has such columns.
    pub origins: Origins,
    /// What the reader noticed that is no fault of single rows, in sentences; not part of the content.
    pub notes: Vec<String>,
    /// What the row of each interaction calls its drug and its target; empty unless it was asked for.
    pub names: Vec<[String; 2]>,
    /// What was made of the molecules.
    pub standardise: Standardise,
    /// SHA-256 (hex) over the canonical content: entities, interactions, split columns, origins.
    pub fingerprint: String,
}

impl Dataset {
    /// Entities with pairs of them that have no label, to be predicted; each pair with the number of its row.
    pub fn unlabelled(
        drugs: Vec<Drug>,
        targets: Vec<Target>,
        pairs: impl IntoIterator<Item = ((u32, u32), u64)>,
    ) -> Self {
        let interaction = |((drug, target), row)| Interaction {
            drug,
            target,
            affinity: None,
            binds: None,
            row,
        };
        Self {
            drugs,
            targets,
            interactions: pairs.into_iter().map(interaction).collect(),
            ..Self::default()
        }
    }

    /// Keeps the interactions whose flag is set, and what stands beside them. The fingerprint is not renewed.
    pub(crate) fn retain_interactions(&mut self, keep: &[bool]) {
        retain(&mut self.interactions, keep);
        retain(&mut self.names, keep);
        for column in self.split_columns.values_mut().chain(self.origins.values_mut()) {
            retain(column, keep);
        }
    }

    /// Drops drugs and targets that no interaction names. The fingerprint is not renewed.
    pub(crate) fn drop_unused_entities(&mut self) {
        let mut drugs = vec![false; self.drugs.len()];
        let mut targets = vec![false; self.targets.len()];
        for interaction in &self.interactions {
            drugs[interaction.drug as usize] = true;
            targets[interaction.target as usize] = true;
        }
        let (new_drug, new_target) = (ranks_of_kept(&drugs), ranks_of_kept(&targets));
        for interaction in &mut self.interactions {
            interaction.drug = new_drug[interaction.drug as usize];
            interaction.target = new_target[interaction.target as usize];
        }
        retain(&mut self.drugs, &drugs);
        retain(&mut self.targets, &targets);
    }
}

/// For each position the number of kept ones before it.
fn ranks_of_kept(keep: &[bool]) -> Vec<u32> {
    let kept_so_far = |next: &mut u32, kept: &bool| {
        let rank = *next;
        *next += u32::from(*kept);
        Some(rank)
    };
    keep.iter().scan(0, kept_so_far).collect()
}

fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut kept = keep.iter().copied();
    values.retain(|_| kept.next().unwrap_or(true));
}
