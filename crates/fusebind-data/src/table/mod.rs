//! Typed tables: drugs, targets, interactions, rejections; and how they are written.

mod atomic;
mod column;
mod dataset;
mod duplicate;
mod fingerprint;
mod folder;
mod interaction;
mod rejection;
mod write;

pub use atomic::write_atomically;
pub use column::{Column, Values};
pub use dataset::{Dataset, Drug, Target};
pub use duplicate::{AFFINITY_CONFLICT, DuplicatePolicy, DuplicateReport, count_duplicates, merge_duplicates};
pub use folder::{FolderFormat, write_dataset};
pub use interaction::{Affinity, Censoring, Interaction, Scale};
pub use rejection::Rejection;
pub use write::{write, write_rejections};
