//! From files to typed tables: CSV, TSV, Parquet, SDF and FASTA in, accepted values and rejected rows out.

mod delimited;
mod fasta;
mod file;
mod lines;
mod parquet;
mod raw;
mod sdf;

pub use raw::{RawColumn, RawTable, ReadLimits};
