//! Training: a recipe and a data set to a run folder with a model, honestly evaluated.

#![forbid(unsafe_code)]

pub mod baseline;
pub mod calibrate;
pub mod curriculum;
mod drug_rows;
mod error;
pub mod evaluate;
pub mod experiment;
pub mod labels;
pub mod missing;
pub mod objective;
pub mod optimizer;
pub mod recipe;
pub mod run_dir;
pub mod run_split;
mod scored_labels;
mod seeds;
mod share_rule;
pub mod trainer;

pub use error::{Error, ErrorKind};
