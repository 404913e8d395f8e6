//! A measured value as a database writes it: measure, relation, number and unit in cells of their own.

use super::report::DropReason;
use crate::{source::UnitParts, table::Affinity};

/// A value that was read.
#[derive(Clone, Debug)]
pub(super) struct Measurement {
    pub affinity: Affinity,
}

/// The cells of a measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cells<'r> {
    /// For instance `Ki`.
    pub measure: &'r str,
    /// For instance `>`; empty or `=` where the value is exact. Quotes around it are ignored.
    pub relation: &'r str,
    pub value: &'r str,
    /// For instance `nM`; empty where the measure is a logarithm.
    pub unit: &'r str,
}

impl<'r> Cells<'r> {
    /// The affinity, or the kind of cell that is to blame.
    pub fn read(self) -> Result<Measurement, DropReason> {
        let measure = UnitParts::parse(self.measure)
            .ok()
            .filter(|parts| parts.names_measure())
            .ok_or(DropReason::Measure)?;
        let unit = UnitParts::parse(self.unit).map_err(|_| DropReason::Unit)?;
        let unit = measure
            .and(unit)
            .and_then(|parts| parts.complete().ok())
            .ok_or(DropReason::Unit)?;
        let relation = self.relation.trim().trim_matches(['\'', '"']);
        unit.affinity(relation, self.value.trim())
            .map(|affinity| Measurement { affinity })
            .map_err(|_| DropReason::Value)
    }

    /// The cell that `reason` is about, and its name.
    pub fn blamed(self, reason: DropReason) -> (&'static str, &'r str) {
        match reason {
            DropReason::Measure => ("measure", self.measure),
            DropReason::Unit => ("unit", self.unit),
            _ => ("value", self.value),
        }
    }
}
