//! Training: a recipe and a data set to a run folder with a model, honestly evaluated.

#![forbid(unsafe_code)]

pub mod ablation;
pub mod curriculum;
mod error;
pub mod evaluate;
pub mod floor;
pub mod labels;
pub mod objective;
pub mod optimizer;
pub mod recipe;
pub mod robustness;
pub mod run_dir;
pub mod stress;
pub mod trainer;

pub use error::{Error, ErrorKind};
