//! Raw text to typed values to arrays. No tensors here.
//!
//! | raw | value | arrays |
//! |---|---|---|
//! | SMILES, SD record | [`entity::molecule::Molecule`] by [`entity::molecule::Chemistry`] ([`entity::molecule::ChematicToolkit`]) | [`feature::graph`], [`feature::substructure`], [`feature::fingerprint`] |
//! | sequence, FASTA | [`entity::protein::Protein::parse`], [`entity::protein::FastaRecords`] | [`feature::sequence`], [`feature::composition`], [`feature::similarity`] |
//! | text, expression, assays | [`entity::profile`] | |
//! | training pairs | [`neighbours::ReferenceSet`] | [`neighbours::extract`] |
//!
//! [`entity::molecule::featurise_molecules`] reads many molecules in parallel. Everything refuses bad input with an
//! [`Error`] that says why and where; nothing becomes a vector of zeros.

#![forbid(unsafe_code)]

pub mod batch;
pub mod entity;
mod error;
pub mod feature;
pub mod modality;
pub mod neighbours;
pub mod quality;
pub mod reference;
pub mod rows;
pub mod schema;
pub mod simd;
pub mod sparse_rows;

pub use error::{Error, ErrorKind};
