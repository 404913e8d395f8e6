//! Parts of a stored library: Parquet files of compounds that were read and coded once.
//!
//! Comes in: compounds with their codes. Goes out: files that appear whole, and what stands in them, column by column.

mod part;

pub use part::{CodedRows, PartFile, StoredRow};
