//! A data set without what another one holds, so that a test on that other one is honest.
//!
//! Comes in: a data set, and what is excluded by canonical SMILES and sequence. Goes out: the rows that are left, and counts. Ids
//! play no part: the same compound under another id, spelling or salt is excluded too.

use std::collections::HashSet;

use serde::Serialize;

use super::Dataset;

/// Which rows go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExcludeBy {
    /// Rows whose compound and protein occur together in the other set.
    #[default]
    Pair,
    /// Rows whose compound occurs there.
    Drug,
    /// Rows whose protein occurs there.
    Target,
    /// Rows whose compound or protein occurs there.
    Either,
}

/// What was excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExcludeReport {
    /// Rows that were excluded.
    pub rows: u64,
    /// Rows that are left.
    pub left: u64,
    /// Compounds of the data set that the other one holds.
    pub shared_drugs: u64,
    /// Proteins of the data set that the other one holds.
    pub shared_targets: u64,
}

/// Removes from `dataset` what `other` holds; entities that no row is left of go too, and the fingerprint is renewed.
pub fn exclude(dataset: &mut Dataset, other: &Dataset, by: ExcludeBy) -> ExcludeReport {
    let smiles = |set: &Dataset, at: u32| set.drugs[at as usize].molecule.smiles.clone();
    let sequence = |set: &Dataset, at: u32| set.targets[at as usize].protein.sequence.clone();
    let drugs: HashSet<&str> = other.drugs.iter().map(|drug| drug.molecule.smiles.as_str()).collect();
    let targets: HashSet<&str> = other.targets.iter().map(|t| t.protein.sequence.as_str()).collect();
    let shared_drug: Vec<bool> = dataset
        .drugs
        .iter()
        .map(|drug| drugs.contains(drug.molecule.smiles.as_str()))
        .collect();
    let shared_target: Vec<bool> = dataset
        .targets
        .iter()
        .map(|target| targets.contains(target.protein.sequence.as_str()))
        .collect();
    let pairs: HashSet<(String, String)> = match by {
        ExcludeBy::Pair => other
            .interactions
            .iter()
            .map(|row| (smiles(other, row.drug), sequence(other, row.target)))
            .collect(),
        _ => HashSet::new(),
    };
    let keep: Vec<bool> = dataset
        .interactions
        .iter()
        .map(|row| {
            let (drug, target) = (shared_drug[row.drug as usize], shared_target[row.target as usize]);
            !match by {
                ExcludeBy::Drug => drug,
                ExcludeBy::Target => target,
                ExcludeBy::Either => drug || target,
                // Rows that share only one side need no lookup of long strings.
                ExcludeBy::Pair => {
                    drug && target && pairs.contains(&(smiles(dataset, row.drug), sequence(dataset, row.target)))
                }
            }
        })
        .collect();
    let left = keep.iter().filter(|kept| **kept).count() as u64;
    let count = |shared: &[bool]| shared.iter().filter(|shared| **shared).count() as u64;
    let report = ExcludeReport {
        rows: keep.len() as u64 - left,
        left,
        shared_drugs: count(&shared_drug),
        shared_targets: count(&shared_target),
    };
    dataset.retain_interactions(&keep);
    dataset.drop_unused_entities();
    dataset.refresh_fingerprint();
    report
}
