//! What a data set holds and what could mislead a model: counts, duplicates, coverage, rejected rows, leakage.

mod leakage;
mod report;
mod summary;

pub use leakage::Leakage;
pub use report::{CheckReport, SideTable};
pub use summary::{Labels, RejectedGroup, ScaleSummary, SplitSummary};

use crate::{
    modality::{ModalityTables, ProfileTable},
    table::{Dataset, Rejection, count_duplicates},
};

/// Examines `dataset`, its side data and the rows that were rejected on the way.
pub fn check_dataset(dataset: &Dataset, modalities: Option<&ModalityTables>, rejections: &[Rejection]) -> CheckReport {
    CheckReport {
        fingerprint: dataset.fingerprint.clone(),
        drugs: dataset.drugs.len() as u64,
        drug_ids: dataset.drugs.iter().map(|drug| drug.ids.len() as u64).sum(),
        targets: dataset.targets.len() as u64,
        target_ids: dataset.targets.iter().map(|target| target.ids.len() as u64).sum(),
        interactions: dataset.interactions.len() as u64,
        notes: dataset
            .notes
            .iter()
            .cloned()
            .chain(side_notes(dataset, modalities))
            .collect(),
        labels: summary::labels(dataset),
        scales: summary::scales(dataset),
        duplicates: count_duplicates(dataset),
        splits: summary::splits(dataset),
        coverage: modalities.map(|tables| tables.coverage(dataset)).unwrap_or_default(),
        skipped_files: modalities.map(|tables| tables.skipped.clone()).unwrap_or_default(),
        side_tables: modalities.map(side_tables).unwrap_or_default(),
        rejected_rows: rejections.len() as u64,
        rejected: summary::rejected(rejections),
        popularity: leakage::popularity(dataset),
        presence: modalities.and_then(|tables| leakage::presence(dataset, tables)),
    }
}

/// How side tables were read, those that match nothing, and texts that give answers away.
fn side_notes(dataset: &Dataset, modalities: Option<&ModalityTables>) -> Vec<String> {
    let Some(tables) = modalities else { return Vec::new() };
    let unmatched = tables
        .unmatched
        .iter()
        .map(|table| format!("{}: {}", table.file, table.reason));
    let naming = tables.naming([&[], &[]], dataset);
    tables.remarks.iter().cloned().chain(unmatched).chain(naming).collect()
}

fn side_tables(tables: &ModalityTables) -> Vec<SideTable> {
    let table = |table: &ProfileTable| SideTable {
        name: table.name.clone(),
        side: table.side,
        columns: table.profiles.columns.len() as u64,
        set_apart: table.set_apart.clone(),
        unreadable_cells: table.unreadable_cells,
        unmatched_rows: table.unmatched_rows,
    };
    tables.profiles.iter().map(table).collect()
}
