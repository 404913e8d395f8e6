//! Models: features to embeddings to predictions. Tensors begin here.
//!
//! In reading order: [`input`] (what a batch brings), [`evidence`] (what neighbouring pairs say), [`confidence`] (what is believed of side modalities), [`encoder`] (one per modality), [`fusion`] (entities to pairs),
//! [`head`] (pairs to predictions), [`model`] (the whole), [`checkpoint`] and [`bundle`] (weights on disk), [`scoring`] (many pairs), [`device`] (where it runs),
//! [`layer`] (the parts and the CPU kernels).

pub mod bundle;
pub mod checkpoint;
pub mod confidence;
pub mod device;
pub mod encoder;
mod error;
pub mod evidence;
pub mod fusion;
pub mod head;
pub mod input;
pub mod layer;
pub mod model;
pub mod scoring;

pub use error::{Error, ErrorKind};
