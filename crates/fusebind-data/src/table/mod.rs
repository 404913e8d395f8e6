//! Typed tables: drugs, targets, interactions, rejections; and how they are written.

mod atomic;
mod column;
mod combine;
mod dataset;
mod duplicate;
mod exclude;
mod fingerprint;
mod folder;
mod interaction;
mod origin;
mod rejection;
mod staged;
mod stream;
mod write;

pub use atomic::write_atomically;
pub use column::{Column, Values};
pub use combine::{CombineReport, NamedDataset, combine_datasets};
pub use dataset::{Dataset, Drug, Target};
pub use duplicate::{AFFINITY_CONFLICT, DuplicatePolicy, DuplicateReport, count_duplicates, merge_duplicates};
pub use exclude::{ExcludeBy, ExcludeReport, exclude};
pub(crate) use folder::unit_of;
pub use folder::{FolderFormat, write_dataset};
pub use interaction::{Affinity, Censoring, Interaction, Scale};
pub use origin::{Origin, Origins, day};
pub use rejection::Rejection;
pub use staged::StagedFolder;
pub use stream::StreamedTable;
pub(crate) use write::{parquet_properties, rejection_columns, unwrap_io};
pub use write::{write, write_rejections};
