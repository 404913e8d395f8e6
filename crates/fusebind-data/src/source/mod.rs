//! From files to typed tables: CSV, TSV, Parquet, SDF and FASTA in, accepted values and rejected rows out.

mod agree;
mod alerts;
mod annotation;
mod batches;
mod blanks;
mod bounded;
mod cache;
mod chunks;
mod columns;
mod config;
mod container;
mod dataset;
mod decimal;
mod deepdta;
mod delimited;
mod entity;
mod entity_table;
mod fasta;
mod file;
mod format;
mod given;
mod headerless;
mod headerless_pairs;
mod label;
mod layout;
mod library;
mod lines;
mod measured;
mod missing;
mod mixtures;
mod notes;
mod pages;
mod pairs;
mod parquet;
mod pickle;
mod plausible;
mod published;
mod raw;
mod read;
mod request;
mod roles;
mod sdf;
mod side;
mod spreadsheet;
mod text;
mod unit;
mod unit_text;
mod words;

pub use agree::AGREEMENT;
pub use alerts::{NamedSmarts, load_alerts};
pub use cache::MoleculeCache;
pub(crate) use columns::normalise;
pub use config::{ColumnMap, LabelPolicy, LoadConfig};
pub(crate) use container::open_text;
pub use dataset::{dataset_of_table, load_dataset};
pub use entity_table::NamedRow;
pub use library::{Library, LibraryRow, LibraryText, Structure};
pub use notes::{BINDS_FROM, BINDS_NOT_TO};
pub use plausible::{HIGHEST_MEDIAN, IMPOSSIBLE_SHARE, LOGARITHM_SHARE};
pub use raw::{RawColumn, RawTable, ReadLimits};
pub use request::{
    EntityTable, GivenEntities, Keep, PairTable, load_drugs, load_pairs, load_targets, pairs_of_table, read_pairs,
    read_targets, targets_of_table,
};
pub use unit::PLAUSIBLE;
pub(crate) use unit::{Unit, UnitParts};
