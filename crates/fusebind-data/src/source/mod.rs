//! From files to typed tables: CSV, TSV, Parquet, SDF and FASTA in, accepted values and rejected rows out.

mod cache;
mod columns;
mod config;
mod dataset;
mod delimited;
mod entity;
mod entity_table;
mod fasta;
mod file;
mod label;
mod lines;
mod pairs;
mod parquet;
mod raw;
mod read;
mod sdf;
mod side;
mod unit;

pub use cache::MoleculeCache;
pub(crate) use columns::normalise;
pub use config::{ColumnMap, LabelPolicy, LoadConfig};
pub use dataset::{load_dataset, load_drugs, load_targets};
pub(crate) use file::open_text;
pub use raw::{RawColumn, RawTable, ReadLimits};
pub(crate) use unit::{Unit, UnitParts};
