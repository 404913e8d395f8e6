//! One row of a database before anything about it is checked.
//!
//! Comes in: the cells of a row, through a [`Reader`]. Goes out: the texts that the import needs, in buffers that are used again for
//! the next row.

use super::{measurement::Measurement, report::DropReason};
use crate::Error;

/// A row. Texts that the row does not have are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// 1-based row of its file.
    pub row: u64,
    pub drug_id: String,
    pub drug_name: String,
    pub smiles: String,
    pub target_id: String,
    pub target_name: String,
    pub sequence: String,
    /// Where it was reported.
    pub source: String,
    /// When.
    pub date: String,
    /// Binds or not, where stated.
    pub binds: Option<bool>,
    pub measurements: Vec<Measurement>,
    /// Why the reader leaves the row out, and the cell that says so.
    pub refused: Option<Refused>,
    /// Measurements that are left out while the row may stay.
    pub left_out: Vec<Refused>,
}

/// A row or a measurement that a reader leaves out.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub reason: DropReason,
    pub field: &'static str,
    pub value: String,
}

impl Record {
    /// Empties all buffers and keeps their memory.
    pub fn clear(&mut self) {
        for text in [
            &mut self.drug_id,
            &mut self.drug_name,
            &mut self.smiles,
            &mut self.target_id,
            &mut self.target_name,
            &mut self.sequence,
            &mut self.source,
            &mut self.date,
        ] {
            text.clear();
        }
        self.row = 0;
        self.binds = None;
        self.measurements.clear();
        self.refused = None;
        self.left_out.clear();
    }

    /// Leaves the row out for `reason`, unless there is one already.
    pub fn refuse(&mut self, reason: DropReason, field: &'static str, value: &str) {
        self.refused.get_or_insert_with(|| Refused {
            reason,
            field,
            value: value.to_string(),
        });
    }

    /// Leaves one measurement or outcome out.
    pub fn leave_out(&mut self, reason: DropReason, field: &'static str, value: &str) {
        self.left_out.push(Refused {
            reason,
            field,
            value: value.to_string(),
        });
    }
}

/// Reads rows of one file.
pub(super) trait Reader {
    /// Fills an empty `record` with the next row; `false` at the end of the file.
    fn read(&mut self, record: &mut Record) -> Result<bool, Error>;
}
