//! Counts: labels, scales with their censoring, published splits, rejected rows by reason.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::table::{Censoring, Dataset, Rejection, Scale};

/// Binary labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// Rows that bind.
    pub positive: u64,
    /// Rows that do not bind.
    pub negative: u64,
    /// Rows without a binary label.
    pub none: u64,
}

/// Affinities on one scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScaleSummary {
    /// The scale.
    pub scale: Scale,
    /// Exact values.
    pub exact: u64,
    /// Upper bounds.
    pub at_most: u64,
    /// Lower bounds.
    pub at_least: u64,
    /// Lowest value.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Highest value.
    pub max: f64,
    /// Exact values that equal the lowest: a large number suggests a censoring floor that is not marked.
    pub exact_at_min: u64,
}

/// A published split column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitSummary {
    /// Column.
    pub name: String,
    /// Rows in each part.
    pub parts: BTreeMap<String, u64>,
    /// Rows in no part.
    pub none: u64,
}

/// Rejected rows that share file, field and kind of reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedGroup {
    /// Rows of this kind.
    pub rows: u64,
    /// The first of them.
    pub first: Rejection,
}

pub(super) fn labels(dataset: &Dataset) -> Labels {
    let mut labels = Labels::default();
    for row in &dataset.interactions {
        match row.binds {
            Some(true) => labels.positive += 1,
            Some(false) => labels.negative += 1,
            None => labels.none += 1,
        }
    }
    labels
}

pub(super) fn scales(dataset: &Dataset) -> Vec<ScaleSummary> {
    let mut by_scale: BTreeMap<Scale, Vec<(f64, Censoring)>> = BTreeMap::new();
    for affinity in dataset.interactions.iter().filter_map(|row| row.affinity) {
        by_scale
            .entry(affinity.scale)
            .or_default()
            .push((affinity.value, affinity.censoring));
    }
    let summary = |(scale, mut values): (Scale, Vec<(f64, Censoring)>)| {
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let count = |kind: Censoring| values.iter().filter(|value| value.1 == kind).count() as u64;
        let (min, max) = (values.first()?.0, values.last()?.0);
        let (low, high) = (values[(values.len() - 1) / 2].0, values[values.len() / 2].0);
        Some(ScaleSummary {
            scale,
            exact: count(Censoring::Exact),
            at_most: count(Censoring::AtMost),
            at_least: count(Censoring::AtLeast),
            min,
            median: low + (high - low) / 2.0,
            max,
            exact_at_min: values.iter().filter(|value| **value == (min, Censoring::Exact)).count() as u64,
        })
    };
    by_scale.into_iter().filter_map(summary).collect()
}

pub(super) fn splits(dataset: &Dataset) -> Vec<SplitSummary> {
    let summary = |(name, rows): (&String, &Vec<Option<String>>)| {
        let mut parts = BTreeMap::new();
        for part in rows.iter().flatten() {
            *parts.entry(part.clone()).or_insert(0) += 1;
        }
        SplitSummary {
            name: name.clone(),
            parts,
            none: rows.iter().filter(|part| part.is_none()).count() as u64,
        }
    };
    dataset.split_columns.iter().map(summary).collect()
}

pub(super) fn rejected(rejections: &[Rejection]) -> Vec<RejectedGroup> {
    let mut groups: BTreeMap<(&str, &str, String), RejectedGroup> = BTreeMap::new();
    for rejection in rejections {
        let key = (
            rejection.file.as_str(),
            rejection.field.as_str(),
            kind_of(&rejection.reason),
        );
        groups
            .entry(key)
            .or_insert_with(|| RejectedGroup {
                rows: 0,
                first: rejection.clone(),
            })
            .rows += 1;
    }
    let mut groups: Vec<RejectedGroup> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.rows));
    groups
}

/// The reason without what is particular to the row: numbers and quoted values.
fn kind_of(reason: &str) -> String {
    let quoted = reason
        .split('`')
        .enumerate()
        .map(|(at, part)| if at % 2 == 1 { "_" } else { part });
    quoted
        .flat_map(str::chars)
        .filter(|character| !character.is_ascii_digit())
        .collect()
}
