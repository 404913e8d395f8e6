//! Typed tables: drugs, targets, interactions, rejections.

mod dataset;
mod interaction;
mod rejection;

pub use dataset::{Dataset, Drug, Target};
pub use interaction::{Affinity, Censoring, Interaction, Scale};
pub use rejection::Rejection;
