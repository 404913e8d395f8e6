//! The drugs of a data set as each pair may see them.
//!
//! Comes in: a data set, the side data of its drugs, and pairs. Goes out: rows of drugs, some of them repeated with other side values,
//! and the row of each pair.

use fusebind_data::table::Dataset;
use fusebind_features::entity::{
    molecule::Molecule,
    side::{DrugRows, SideData},
};

/// [`DrugRows`] of the drugs of a data set.
pub(crate) struct DatasetDrugRows {
    pub rows: DrugRows,
}

impl DatasetDrugRows {
    /// Rows for `pairs` of drug and target.
    pub fn new(dataset: &Dataset, side: &SideData, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        Self {
            rows: DrugRows::new(side, dataset.drugs.len(), &pairs.collect::<Vec<_>>()),
        }
    }

    /// The molecule of each row.
    pub fn molecules<'d>(&self, dataset: &'d Dataset) -> impl Iterator<Item = &'d Molecule> {
        let further = self.rows.drugs.iter().map(|d| &dataset.drugs[*d as usize].molecule);
        dataset
            .drugs
            .iter()
            .map(|d| &d.molecule)
            .chain(further.collect::<Vec<_>>())
    }
}
