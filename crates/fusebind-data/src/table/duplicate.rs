//! Repeated measurements of one (drug, target, scale): counted, or merged into one interaction.
//!
//! Duplicates arise when ids are merged by molecule and sequence, or when a source lists a pair twice. Which policy is right
//! is a matter of the protocol: published splits of Davis count duplicates as they are, so [`DuplicatePolicy::Keep`] is the
//! default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Affinity, Censoring, Dataset, Interaction, Scale};

/// Exact values of one group that differ by more than this on their scale (ten-fold for concentrations) are in conflict.
pub const AFFINITY_CONFLICT: f64 = 1.0;

/// What is done with repeated (drug, target, scale) rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DuplicatePolicy {
    /// Count them and keep every row.
    #[default]
    Keep,
    /// One row with the mean of the exact values.
    Mean,
    /// One row with the median of the exact values.
    Median,
    /// The first row.
    First,
    /// No row where labels or values are in conflict, else one row with the median.
    DropConflicts,
}

/// What was found, and what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DuplicateReport {
    /// Groups of more than one row.
    pub groups: u64,
    /// Rows that repeat an earlier one.
    pub repeats: u64,
    /// Rows removed because they were merged into an earlier one.
    pub merged: u64,
    /// Groups with conflicting labels or values.
    pub conflicts: u64,
    /// Groups that hold both "binds" and "does not bind".
    pub label_conflicts: u64,
    /// Groups whose exact values differ by more than [`AFFINITY_CONFLICT`], or whose bounds exclude each other.
    pub affinity_conflicts: u64,
    /// Groups whose rows lie in different parts of a published split; merged rows are then in no part of it.
    pub split_conflicts: u64,
    /// Rows removed with their whole group.
    pub dropped: u64,
}

/// Counts repeated (drug, target, scale) rows and treats them by `policy`; the fingerprint follows.
pub fn merge_duplicates(dataset: &mut Dataset, policy: DuplicatePolicy) -> DuplicateReport {
    let mut report = count_duplicates(dataset);
    if policy == DuplicatePolicy::Keep {
        return report;
    }
    let mut keep = vec![true; dataset.interactions.len()];
    for members in groups(dataset) {
        let rows: Vec<Interaction> = members.iter().map(|&at| dataset.interactions[at]).collect();
        members.iter().for_each(|&at| keep[at] = false);
        let one = match policy {
            DuplicatePolicy::DropConflicts if labels_conflict(&rows) || values_conflict(&rows) => None,
            DuplicatePolicy::First => Some(rows[0]),
            _ => combine(&rows, policy),
        };
        let Some(one) = one else {
            report.dropped += members.len() as u64;
            continue;
        };
        report.merged += members.len() as u64 - 1;
        keep[members[0]] = true;
        dataset.interactions[members[0]] = one;
        if policy == DuplicatePolicy::First {
            continue;
        }
        for parts in dataset.split_columns.values_mut().chain(dataset.origins.values_mut()) {
            if members.iter().any(|&at| parts[at] != parts[members[0]]) {
                parts[members[0]] = None;
            }
        }
    }
    dataset.retain_interactions(&keep);
    dataset.refresh_fingerprint();
    report
}

/// Counts repeated (drug, target, scale) rows and their conflicts.
pub fn count_duplicates(dataset: &Dataset) -> DuplicateReport {
    let mut report = DuplicateReport::default();
    for members in groups(dataset) {
        let rows: Vec<Interaction> = members.iter().map(|&at| dataset.interactions[at]).collect();
        let (labels, values) = (labels_conflict(&rows), values_conflict(&rows));
        let torn = |parts: &Vec<Option<String>>| members.iter().any(|&at| parts[at] != parts[members[0]]);
        report.groups += 1;
        report.repeats += members.len() as u64 - 1;
        report.conflicts += u64::from(labels || values);
        report.label_conflicts += u64::from(labels);
        report.affinity_conflicts += u64::from(values);
        report.split_conflicts += u64::from(dataset.split_columns.values().any(torn));
    }
    report
}

/// Positions of the rows that share drug, target and scale, where there are several.
fn groups(dataset: &Dataset) -> impl Iterator<Item = Vec<usize>> + use<> {
    let mut groups: BTreeMap<(u32, u32, Option<Scale>), Vec<usize>> = BTreeMap::new();
    for (at, row) in dataset.interactions.iter().enumerate() {
        groups
            .entry((row.drug, row.target, row.affinity.map(|a| a.scale)))
            .or_default()
            .push(at);
    }
    groups.into_values().filter(|members| members.len() > 1)
}

fn labels_conflict(rows: &[Interaction]) -> bool {
    rows.iter().any(|row| row.binds == Some(true)) && rows.iter().any(|row| row.binds == Some(false))
}

fn affinities(rows: &[Interaction], censoring: Censoring) -> Vec<f64> {
    let of_kind = rows
        .iter()
        .filter_map(|row| row.affinity)
        .filter(|a| a.censoring == censoring);
    let mut values: Vec<f64> = of_kind.map(|a| a.value).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn values_conflict(rows: &[Interaction]) -> bool {
    let [exact, at_most, at_least] =
        [Censoring::Exact, Censoring::AtMost, Censoring::AtLeast].map(|censoring| affinities(rows, censoring));
    let highest_floor = exact
        .last()
        .into_iter()
        .chain(at_least.last())
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let lowest_ceiling = exact
        .first()
        .into_iter()
        .chain(at_most.first())
        .copied()
        .fold(f64::INFINITY, f64::min);
    highest_floor - lowest_ceiling > AFFINITY_CONFLICT
}

/// One row for all: exact values have priority over bounds, the tightest bound is kept where nothing is exact, and labels are
/// decided by majority. `None` where neither an affinity nor a majority is left.
fn combine(rows: &[Interaction], policy: DuplicatePolicy) -> Option<Interaction> {
    let (exact, at_most, at_least) = (
        affinities(rows, Censoring::Exact),
        affinities(rows, Censoring::AtMost),
        affinities(rows, Censoring::AtLeast),
    );
    let scale = rows.iter().find_map(|row| row.affinity).map(|a| a.scale);
    let chosen = match (exact.is_empty(), at_most.first(), at_least.last()) {
        (false, ..) if policy == DuplicatePolicy::Mean => {
            Some((exact.iter().sum::<f64>() / exact.len() as f64, Censoring::Exact))
        }
        (false, ..) => {
            let (low, high) = (exact[(exact.len() - 1) / 2], exact[exact.len() / 2]);
            Some((low + (high - low) / 2.0, Censoring::Exact))
        }
        (true, Some(&ceiling), None) => Some((ceiling, Censoring::AtMost)),
        (true, None, Some(&floor)) => Some((floor, Censoring::AtLeast)),
        // An interval, which one row cannot carry: the first bound is kept.
        (true, Some(_), Some(_)) => rows[0].affinity.map(|a| (a.value, a.censoring)),
        (true, None, None) => None,
    };
    let votes: i64 = rows
        .iter()
        .filter_map(|row| row.binds)
        .map(|binds| if binds { 1 } else { -1 })
        .sum();
    let affinity = chosen.zip(scale).map(|((value, censoring), scale)| Affinity {
        value,
        scale,
        censoring,
    });
    let binds = (votes != 0).then_some(votes > 0);
    let unlabelled = rows.iter().all(|row| row.binds.is_none());
    (affinity.is_some() || binds.is_some() || unlabelled).then_some(Interaction {
        affinity,
        binds,
        ..rows[0]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64, censoring: Censoring, binds: Option<bool>) -> Interaction {
        let affinity = Some(Affinity {
            value,
            scale: Scale::PKd,
            censoring,
        });
        Interaction {
            drug: 0,
            target: 0,
            affinity,
            binds,
            row: 1,
        }
    }

    fn dataset(rows: &[Interaction]) -> Dataset {
        let parts = (0..rows.len())
            .map(|at| Some(if at == 0 { "train" } else { "test" }.to_string()))
            .collect();
        Dataset {
            interactions: rows.to_vec(),
            split_columns: [("split_a".to_string(), parts)].into(),
            ..Dataset::default()
        }
    }

    #[test]
    fn keep_counts_and_changes_nothing() {
        let rows = [
            row(5.0, Censoring::Exact, Some(true)),
            row(7.0, Censoring::Exact, Some(false)),
        ];
        let mut dataset = dataset(&rows);
        let report = merge_duplicates(&mut dataset, DuplicatePolicy::Keep);
        assert_eq!(dataset.interactions, rows);
        let counted = (
            report.groups,
            report.repeats,
            report.merged,
            report.conflicts,
            report.label_conflicts,
        );
        assert_eq!(counted, (1, 1, 0, 1, 1));
        assert_eq!((report.affinity_conflicts, report.split_conflicts), (1, 1));
    }

    #[test]
    fn mean_and_median_prefer_exact_values_and_leave_a_torn_split() {
        let rows = [
            row(5.0, Censoring::Exact, Some(true)),
            row(5.1, Censoring::Exact, Some(true)),
            row(5.8, Censoring::Exact, Some(false)),
            row(6.0, Censoring::AtMost, None),
        ];
        for (policy, value) in [
            (DuplicatePolicy::Mean, 5.3),
            (DuplicatePolicy::Median, 5.1),
            (DuplicatePolicy::First, 5.0),
        ] {
            let mut dataset = dataset(&rows);
            let report = merge_duplicates(&mut dataset, policy);
            assert_eq!((dataset.interactions.len(), report.merged), (1, 3));
            let affinity = dataset.interactions[0].affinity.unwrap();
            assert!((affinity.value - value).abs() < 1e-12, "{policy:?}");
            assert_eq!(dataset.interactions[0].binds, Some(true));
            let kept = (policy == DuplicatePolicy::First).then(|| "train".to_string());
            assert_eq!(dataset.split_columns["split_a"], [kept]);
        }
    }

    #[test]
    fn bounds_alone_give_the_tightest_bound() {
        let mut ceilings = dataset(&[row(6.0, Censoring::AtMost, None), row(5.0, Censoring::AtMost, None)]);
        merge_duplicates(&mut ceilings, DuplicatePolicy::Mean);
        assert_eq!(
            ceilings.interactions[0].affinity,
            row(5.0, Censoring::AtMost, None).affinity
        );
        let mut baselines = dataset(&[row(6.0, Censoring::AtLeast, None), row(5.0, Censoring::AtLeast, None)]);
        merge_duplicates(&mut baselines, DuplicatePolicy::Median);
        assert_eq!(
            baselines.interactions[0].affinity,
            row(6.0, Censoring::AtLeast, None).affinity
        );
    }

    #[test]
    fn drop_conflicts_drops_the_whole_group_only_then() {
        let mut torn = dataset(&[row(5.0, Censoring::Exact, None), row(7.0, Censoring::Exact, None)]);
        assert_eq!(merge_duplicates(&mut torn, DuplicatePolicy::DropConflicts).dropped, 2);
        assert!(torn.interactions.is_empty() && torn.split_columns["split_a"].is_empty());
        let mut agreed = dataset(&[row(5.0, Censoring::Exact, None), row(5.5, Censoring::Exact, None)]);
        assert_eq!(merge_duplicates(&mut agreed, DuplicatePolicy::DropConflicts).merged, 1);
        assert_eq!(agreed.interactions[0].affinity.unwrap().value, 5.25);
    }
}
