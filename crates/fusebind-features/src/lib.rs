//! Raw text to typed values to arrays. No tensors here.
//!
//! | raw | value | arrays |
//! |---|---|---|
//! | SMILES, SD record | [`entity::molecule::Molecule`] by [`entity::molecule::Chemistry`] ([`entity::molecule::ChematicToolkit`]) | [`feature::graph`], [`feature::substructure`], [`feature::fingerprint`] |
//! | sequence | [`entity::protein::Protein`] by [`entity::protein::Protein::parse`] | [`feature::sequence`], [`feature::composition`], [`feature::similarity`] |
//! | text, expression, assays, embeddings | [`entity::side::SideData`] | [`feature::text`], [`feature::transcriptome`], [`feature::bioassay`] |
//! | training pairs | [`neighbours::ReferenceSet`] | [`neighbours::extract`] |
//!
//! Files are read by `fusebind-data`. Everything here refuses bad input with an [`Error`] that states why and where; nothing
//! becomes a vector of zeros. [`atomic`] is how every crate writes its files.

#![forbid(unsafe_code)]

pub mod atomic;
pub mod batch;
pub mod coded;
pub mod entity;
mod error;
pub mod feature;
pub mod modality;
pub mod neighbours;
pub mod novelty;
pub mod quality;
pub mod random;
pub mod reference;
mod reference_check;
pub mod regular;
pub mod rows;
pub mod schema;
pub mod simd;
pub mod sparse_rows;

pub use error::{Error, ErrorKind};
