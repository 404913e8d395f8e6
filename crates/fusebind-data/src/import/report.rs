//! What an import kept, and why the rest was not.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

/// Why a row or a measurement was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DropReason {
    /// No SMILES.
    NoStructure,
    /// The SMILES is no molecule that is read.
    Structure,
    /// No sequence in the row, nor in the table of sequences.
    NoSequence,
    /// The sequence is no protein.
    Sequence,
    /// A complex of several chains.
    SeveralChains,
    /// A cell line, an organism, a family or another target that is no single protein.
    NoSingleProtein,
    /// No measurement and no outcome.
    NoMeasurement,
    /// The measure is no binding constant that is read.
    Measure,
    /// The unit is missing, unknown or contradicts the measure.
    Unit,
    /// The value is no number, or none that a binding constant can have.
    Value,
    /// The outcome is neither active nor inactive.
    Outcome,
    /// The database flags the value as doubtful or as a repetition.
    Flagged,
    /// The assay does not measure binding.
    AssayType,
    /// The id names another compound or protein in an earlier row.
    Id,
}

impl DropReason {
    /// In words, with what can be done.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoStructure => "there is no SMILES",
            Self::Structure => "the SMILES is no molecule that can be read",
            Self::NoSequence => "there is no sequence: give a table of sequences whose ids are those of the targets",
            Self::Sequence => "the sequence is no protein",
            Self::SeveralChains => "the target is a complex of several chains, not one protein",
            Self::NoSingleProtein => "the target is no single protein",
            Self::NoMeasurement => "there is neither a measurement nor an outcome",
            Self::Measure => "the measure is none of Kd, Ki, IC50 and EC50",
            Self::Unit => "the unit is missing, unknown, or contradicts the measure",
            Self::Value => "the value is no number that a binding constant can have",
            Self::Outcome => "the outcome is neither active nor inactive",
            Self::Flagged => "the database flags the value as doubtful or repeated",
            Self::AssayType => "the assay does not measure binding",
            Self::Id => "the id names another compound or protein in an earlier row",
        }
    }
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Reason.
    pub reason: DropReason,
    /// How many rows; for measures, units and values how many measurements.
    pub count: u64,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.count, self.reason.words())
    }
}

/// What was read and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows of all files.
    pub rows: u64,
    /// Rows of which something was kept.
    pub kept_rows: u64,
    /// Interactions that were written: one per measurement, or per outcome where there is none.
    pub interactions: u64,
    /// Of these, bounds such as `> 10000`.
    pub bounds: u64,
    /// Distinct compounds.
    pub drugs: u64,
    /// Distinct proteins.
    pub targets: u64,
    /// Interactions by scale.
    pub scales: BTreeMap<String, u64>,
    /// What was left out, the most frequent reason first.
    pub dropped: Vec<Dropped>,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of {} rows kept: {} interactions ({} bounds) of {} drugs and {} targets",
            self.kept_rows, self.rows, self.interactions, self.bounds, self.drugs, self.targets
        )?;
        for (scale, count) in &self.scales {
            writeln!(f, "  {scale}: {count}")?;
        }
        if !self.dropped.is_empty() {
            writeln!(f, "left out")?;
        }
        for dropped in &self.dropped {
            writeln!(f, "  {dropped}")?;
        }
        Ok(())
    }
}
