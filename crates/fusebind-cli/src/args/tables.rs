//! Choices about tables that several commands write.

use clap::ValueEnum;

/// What happens to rows that repeat a (drug, target, scale).
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Duplicates {
    /// Keep every row.
    #[default]
    Keep,
    /// One row with the mean.
    Mean,
    /// One row with the median.
    Median,
    /// The first row.
    First,
    /// No row where labels or values are in conflict, else one row with the median.
    DropConflicts,
}

/// Format of written tables.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum TableFormat {
    /// Comma-separated text.
    #[default]
    Csv,
    /// Parquet with zstd.
    Parquet,
}
