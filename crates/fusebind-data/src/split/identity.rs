//! Which interactions are about the same molecule, sequence, scaffold or cluster.
//!
//! Comes in: a data set. Goes out: one class number per interaction, by content: two entries with the same canonical SMILES
//! or the same sequence are one, under any id, and the numbers do not depend on the order of rows.

use rayon::prelude::*;

use super::{ClusterConfig, cluster_sequences};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Drug},
};

/// Classes of the entities of a data set.
pub(super) struct Identity<'d> {
    dataset: &'d Dataset,
}

impl<'d> Identity<'d> {
    /// Refuses a data set whose interactions name entities that it does not hold.
    pub fn of(dataset: &'d Dataset) -> Result<Self, Error> {
        let (drugs, targets) = (dataset.drugs.len(), dataset.targets.len());
        match dataset
            .interactions
            .iter()
            .find(|i| i.drug as usize >= drugs || i.target as usize >= targets)
        {
            None => Ok(Self { dataset }),
            Some(interaction) => Err(Error::new(
                ErrorKind::Infeasible,
                format!(
                    "the interaction names drug {} of {drugs} and target {} of {targets}",
                    interaction.drug, interaction.target
                ),
            )
            .at_row(interaction.row)
            .hint("read the data set again: its tables do not match")),
        }
    }

    fn by_drug(&self, classes: Vec<u32>) -> Vec<u32> {
        self.dataset
            .interactions
            .iter()
            .map(|i| classes[i.drug as usize])
            .collect()
    }

    fn by_target(&self, classes: Vec<u32>) -> Vec<u32> {
        self.dataset
            .interactions
            .iter()
            .map(|i| classes[i.target as usize])
            .collect()
    }

    /// By canonical SMILES of the parent.
    pub fn molecules(&self) -> Vec<u32> {
        let drugs = &self.dataset.drugs;
        self.by_drug(ranks(
            &drugs.iter().map(|d| d.molecule.smiles.as_str()).collect::<Vec<_>>(),
        ))
    }

    /// By normalised sequence.
    pub fn sequences(&self) -> Vec<u32> {
        let targets = &self.dataset.targets;
        self.by_target(ranks(
            &targets.iter().map(|t| t.protein.sequence.as_str()).collect::<Vec<_>>(),
        ))
    }

    /// By Murcko scaffold; an acyclic molecule is its own scaffold, and no cyclic one can have its SMILES. So is one that the toolkit
    /// finds no scaffold for.
    pub fn scaffolds(&self) -> Vec<u32> {
        let scaffold = |drug: &Drug| match drug.molecule.scaffold() {
            Ok(scaffold) if !scaffold.is_empty() => scaffold,
            _ => drug.molecule.smiles.clone(),
        };
        let scaffolds: Vec<String> = self.dataset.drugs.par_iter().map(scaffold).collect();
        self.by_drug(ranks(&scaffolds))
    }

    /// By (molecule, sequence).
    pub fn pairs(&self) -> Vec<u32> {
        ranks(&self.molecules().into_iter().zip(self.sequences()).collect::<Vec<_>>())
    }

    /// By cluster of similar sequences.
    pub fn clusters(&self, config: &ClusterConfig) -> Vec<u32> {
        let targets = &self.dataset.targets;
        let sequences: Vec<&[u8]> = targets.iter().map(|t| t.protein.features.residues.as_slice()).collect();
        let representative = cluster_sequences(&sequences, config);
        // Named by the sequence of the representative, so that the number depends on content alone. Sequences that differ in
        // `B`, `Z`, `J` only have the same residues and hence the same representative.
        let names: Vec<&str> = representative
            .iter()
            .map(|r| targets[*r as usize].protein.sequence.as_str())
            .collect();
        self.by_target(ranks(&names))
    }
}

/// Rank of each key among the distinct keys.
fn ranks<K: Ord>(keys: &[K]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
    let mut ranks = vec![0; keys.len()];
    let mut rank = 0;
    for (at, own) in order.iter().enumerate() {
        if at > 0 && keys[*own] != keys[order[at - 1]] {
            rank += 1;
        }
        ranks[*own] = rank;
    }
    ranks
}
