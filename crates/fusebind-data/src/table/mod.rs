//! Typed tables: drugs, targets, interactions, rejections; and how they are written.

mod dataset;
mod duplicate;
mod fingerprint;
mod interaction;
mod rejection;

pub use dataset::{Dataset, Drug, Target};
pub use duplicate::{DuplicatePolicy, DuplicateReport, merge_duplicates};
pub use interaction::{Affinity, Censoring, Interaction, Scale};
pub use rejection::Rejection;
