//! Models: features to embeddings to predictions. Tensors begin here.
//!
//! In reading order: [`encoder`] (one per modality), [`fusion`] (entities to pairs), [`head`] (pairs to predictions), [`config`] and
//! [`model`] (the whole), [`ensemble`] (several), [`checkpoint`], [`trained`], [`provenance`] and [`model_file`] (weights on disk), [`scoring`] (many
//! pairs), [`prior_shift`] (what is known without training), [`trust`] (how sure), [`retrieval`] (many compounds by short codes),
//! [`device`] (where it runs), [`layer`] (the parts
//! and the CPU kernels).

pub mod checkpoint;
pub mod config;
pub mod device;
pub mod encoder;
pub mod ensemble;
mod error;
pub mod fusion;
pub mod head;
mod held_out;
pub mod layer;
mod limits;
mod masked;
pub mod model;
pub mod model_file;
pub mod prior_shift;
pub mod provenance;
pub mod retrieval;
pub mod scoring;
pub mod trained;
pub mod trust;

pub use error::{Error, ErrorKind};
