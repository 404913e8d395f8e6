//! Interactions, labels, splits and samplers. No tensors here.

#![forbid(unsafe_code)]

pub mod check;
mod error;
pub mod import;
pub mod modality;
pub mod negative;
pub mod sampler;
pub mod screening;
pub mod simulate;
pub mod source;
pub mod split;
pub mod store;
pub mod table;

pub use error::{Error, ErrorKind, Position};
