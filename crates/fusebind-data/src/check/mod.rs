//! What a data set holds and what could mislead a model: counts, duplicates, coverage, rejected rows, leakage.

mod leakage;
mod report;
mod summary;

pub use leakage::Leakage;
pub use report::CheckReport;
pub use summary::{Labels, RejectedGroup, ScaleSummary, SplitSummary};

use crate::{
    modality::ModalityTables,
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
        notes: dataset.notes.clone(),
        labels: summary::labels(dataset),
        scales: summary::scales(dataset),
        duplicates: count_duplicates(dataset),
        splits: summary::splits(dataset),
        coverage: modalities.map(|tables| tables.coverage(dataset)).unwrap_or_default(),
        skipped_files: modalities.map(|tables| tables.skipped.clone()).unwrap_or_default(),
        rejected_rows: rejections.len() as u64,
        rejected: summary::rejected(rejections),
        popularity: leakage::popularity(dataset),
        presence: modalities.and_then(|tables| leakage::presence(dataset, tables)),
    }
}
