//! From files to typed tables: CSV, TSV, Parquet, SDF and FASTA in, accepted values and rejected rows out.

mod agree;
mod annotation;
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
mod measured;
mod missing;
mod notes;
mod pairs;
mod parquet;
mod plausible;
mod raw;
mod read;
mod sdf;
mod side;
mod unit;
mod unit_text;

pub use agree::AGREEMENT;
pub use cache::MoleculeCache;
pub(crate) use columns::normalise;
pub use config::{ColumnMap, LabelPolicy, LoadConfig};
pub use dataset::{load_dataset, load_drugs, load_targets};
pub(crate) use file::open_text;
pub use notes::{BINDS_FROM, BINDS_NOT_TO};
pub use plausible::{HIGHEST_MEDIAN, IMPOSSIBLE_SHARE, LOGARITHM_SHARE};
pub use raw::{RawColumn, RawTable, ReadLimits};
pub use unit::PLAUSIBLE;
pub(crate) use unit::{Unit, UnitParts};
