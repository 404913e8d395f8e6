//! How well a label is predicted without structure: from popularity, and from which modalities exist.
//!
//! Both are stated as the area under the ROC curve with midranks for ties: `(R+ - P (P + 1) / 2) / (P N)`, where `R+` is the
//! rank sum of the `P` positives among all `P + N` rows.

use serde::Serialize;

use crate::{modality::ModalityTables, table::Dataset};

/// Ranking quality of a score that does not use structure; 0.5 is chance, 1 is complete leakage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Leakage {
    /// Area under the ROC curve.
    pub auroc: f64,
    /// Labelled rows.
    pub rows: u64,
}

/// Sum of the positive rates of drug and target, each over all other rows of that drug or target; an entity without another
/// row has the overall rate.
pub(super) fn popularity(dataset: &Dataset) -> Option<Leakage> {
    let rows: Vec<(u32, u32, bool)> = dataset
        .interactions
        .iter()
        .filter_map(|row| Some((row.drug, row.target, row.binds?)))
        .collect();
    let mut drugs = vec![(0_u32, 0_u32); dataset.drugs.len()];
    let mut targets = vec![(0_u32, 0_u32); dataset.targets.len()];
    for &(drug, target, binds) in &rows {
        for (positives, all) in [drugs.get_mut(drug as usize), targets.get_mut(target as usize)]
            .into_iter()
            .flatten()
        {
            *positives += u32::from(binds);
            *all += 1;
        }
    }
    let overall = rows.iter().filter(|row| row.2).count() as f64 / rows.len().max(1) as f64;
    let rate = |&(positives, all): &(u32, u32), binds: bool| match all {
        0 | 1 => overall,
        _ => f64::from(positives - u32::from(binds)) / f64::from(all - 1),
    };
    let scored = rows.iter().filter_map(|&(drug, target, binds)| {
        let score = rate(drugs.get(drug as usize)?, binds) + rate(targets.get(target as usize)?, binds);
        Some((score, binds))
    });
    auroc(scored.collect())
}

/// Number of modality tables that describe the pair.
pub(super) fn presence(dataset: &Dataset, modalities: &ModalityTables) -> Option<Leakage> {
    let counts = modalities.count_present(dataset);
    let rows = dataset.interactions.iter().zip(counts);
    auroc(
        rows.filter_map(|(row, count)| Some((f64::from(count), row.binds?)))
            .collect(),
    )
}

/// Area under the ROC curve; `None` where there is only one class.
fn auroc(mut scored: Vec<(f64, bool)>) -> Option<Leakage> {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = scored.iter().filter(|row| row.1).count() as f64;
    let negatives = scored.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let (mut rank_sum, mut before) = (0.0, 0_usize);
    for ties in scored.chunk_by(|a, b| a.0 == b.0) {
        let midrank = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        rank_sum += midrank * ties.iter().filter(|row| row.1).count() as f64;
        before += ties.len();
    }
    let auroc = (rank_sum - positives * (positives + 1.0) / 2.0) / (positives * negatives);
    Some(Leakage {
        auroc,
        rows: scored.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_counts_ties_half_and_needs_both_classes() {
        let area = |rows: &[(f64, bool)]| auroc(rows.to_vec()).map(|leakage| leakage.auroc);
        assert_eq!(
            area(&[(0.1, false), (0.4, true), (0.35, false), (0.8, true)]),
            Some(1.0)
        );
        assert_eq!(
            area(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]),
            Some(0.75)
        );
        assert_eq!(area(&[(1.0, true), (1.0, false)]), Some(0.5));
        assert_eq!(area(&[(1.0, true)]), None);
    }
}
