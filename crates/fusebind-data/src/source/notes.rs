//! What a user should know of a data set that is no fault of single rows: labels that contradict affinities, positives alone, complexes.
//!
//! Comes in: a data set, or the pair table. Goes out: sentences with counts.

use super::{columns::normalise, missing::present, raw::RawTable, unit::USUAL};
use crate::table::{Affinity, Censoring, Dataset, Interaction, Scale};

/// A row that is labelled "does not bind" although its -log10(molar) is at least this, 100 nM, and that of the weakest tenth of the
/// positives, contradicts itself.
pub const BINDS_FROM: f64 = 7.0;
/// A row that is labelled "binds" although its -log10(molar) is at most this, 100 µM, contradicts itself.
pub const BINDS_NOT_TO: f64 = 4.0;

/// Sentences about the accepted rows.
pub(super) fn of_dataset(dataset: &Dataset) -> Vec<String> {
    contradictions(&dataset.interactions)
        .into_iter()
        .chain(extremes(&dataset.interactions))
        .chain(positives_alone(&dataset.interactions))
        .collect()
}

/// Labels against affinities, bounds respected.
fn contradictions(interactions: &[Interaction]) -> Option<String> {
    let labelled = labelled(interactions);
    let of = |binds: bool| labelled.iter().filter(move |(_, _, label)| *label == binds);
    let floor = positive_floor(of(true).map(|(_, affinity, _)| affinity.value).collect());
    let strong = |a: &Affinity| a.value >= floor && a.censoring != Censoring::AtMost;
    let weak = |a: &Affinity| a.value <= BINDS_NOT_TO && a.censoring != Censoring::AtLeast;
    let is_torn =
        |(_, affinity, binds): &&(u64, Affinity, bool)| if *binds { weak(affinity) } else { strong(affinity) };
    let row = labelled.iter().find(is_torn)?.0;
    let [zeros, ones] = [false, true].map(|binds| of(binds).filter(|labelled| is_torn(labelled)).count());
    Some(format!(
        "labels contradict affinities: {zeros} rows are labelled 0 with a -log10(molar) of {floor:.1} or more, {ones} are labelled 1 with \
         {BINDS_NOT_TO} or less, the first in row {row}; check what 0 and 1 mean"
    ))
}

/// Row, affinity and label of each affinity that has a label.
fn labelled(interactions: &[Interaction]) -> Vec<(u64, Affinity, bool)> {
    let mut label = (0, None);
    let mut labelled = Vec::new();
    for interaction in interactions {
        // The label of a row stands with its first measure alone.
        if interaction.row != label.0 || interaction.binds.is_some() {
            label = (interaction.row, interaction.binds);
        }
        let affinity = interaction.affinity.filter(|affinity| affinity.scale != Scale::Kiba);
        if let (Some(affinity), Some(binds)) = (affinity, label.1) {
            labelled.push((interaction.row, affinity, binds));
        }
    }
    labelled
}

/// What a negative must not reach: a source may call only the strongest binders positive, as Davis does below 30 nM.
fn positive_floor(mut positives: Vec<f64>) -> f64 {
    positives.sort_by(f64::total_cmp);
    positives
        .get(positives.len() / 10)
        .map_or(BINDS_FROM, |weakest| weakest.max(BINDS_FROM))
}

/// Values at the edges of what is read are more often a wrong unit than a measurement.
fn extremes(interactions: &[Interaction]) -> Option<String> {
    let concentration = |row: &&Interaction| {
        row.affinity
            .is_some_and(|a| a.scale != Scale::Kiba && !USUAL.contains(&a.value))
    };
    let mut extreme = interactions.iter().filter(concentration);
    let first = extreme.next()?;
    Some(format!(
        "{} affinities have a -log10(molar) below {} or above {}, the first in row {}; check their units",
        1 + extreme.count(),
        USUAL.start(),
        USUAL.end(),
        first.row
    ))
}

/// Positives without a negative and without affinities teach nothing.
fn positives_alone(interactions: &[Interaction]) -> Option<String> {
    let all = interactions.len();
    let alone = all > 0
        && interactions
            .iter()
            .all(|row| row.binds == Some(true) && row.affinity.is_none());
    alone.then(|| {
        format!(
            "all {all} labels are 1: a model learns nothing from positives alone; `fusebind data prepare --negatives degree-matched` samples negatives"
        )
    })
}

/// Targets of several chains, of which one sequence is read.
pub(super) fn complexes(table: &RawTable) -> Option<String> {
    let named = |begin: &str| {
        let column = |c: &&super::raw::RawColumn| normalise(c.name()).starts_with(begin);
        table.columns().iter().find(column)
    };
    let count = named("number_of_protein_chains_in_target");
    let second = named("bindingdb_target_chain_sequence_2");
    let several = |row: &usize| {
        let chains = count.and_then(|column| present(column, *row)?.parse::<f64>().ok());
        chains.is_some_and(|chains| chains > 1.0) || second.is_some_and(|column| present(column, *row).is_some())
    };
    let rows = (0..table.len()).filter(several).count();
    (rows > 0)
        .then(|| format!("{rows} rows have a target of several chains, of which the first sequence alone is read"))
}
