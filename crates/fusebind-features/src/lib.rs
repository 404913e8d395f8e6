//! Raw text to typed values to arrays. No tensors here.

pub mod batch;
pub mod entity;
mod error;
pub mod feature;

pub use error::{Error, ErrorKind};
