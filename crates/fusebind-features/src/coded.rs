//! What stored libraries and models know of each other: codes of compounds.
//!
//! A library on disk (`fusebind-data`) keeps codes and knows no model; a model (`fusebind-predict`) makes codes, screens by them, and knows
//! no files. Comes in: molecules. Goes out: codes of one byte per channel, `[B, C]`, and what a screening reads of a library, part by part.

use crate::{
    Error,
    entity::molecule::{Molecule, Standardise},
};

/// What makes codes of molecules, once it was fitted to some of them.
pub trait Coder: Sync {
    /// What is made of molecules before they are coded.
    fn standardise(&self) -> Standardise;

    /// Fits the channels to `molecules`, of which there must be one. Gives the bytes from which [`Coder::resume`] codes the same.
    ///
    /// # Errors
    /// Where these bytes cannot be written.
    fn fit(&mut self, molecules: &[&Molecule]) -> Result<Vec<u8>, String>;

    /// Goes on with what [`Coder::fit`] gave; false where it does not fit the model.
    fn resume(&mut self, fitted: &[u8]) -> bool;

    /// Channels `C` of a code; 0 before it was fitted.
    fn channels(&self) -> usize;

    /// Codes of `molecules`, `[B, C]`. A code depends on its own molecule alone.
    fn codes(&self, molecules: &[&Molecule]) -> Vec<i8>;
}

/// Rows of a part of a library.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodedRows {
    /// Places among all rows of all files, `[B]`, ascending.
    pub places: Vec<u64>,
    /// Codes, `[B, C]`; empty where they were not asked for.
    pub codes: Vec<i8>,
    /// Properties, `[B, P]`, in the order of [`Property::ALL`](crate::entity::molecule::Property::ALL); empty where they were not asked for.
    pub properties: Vec<f64>,
}

/// Some rows of a part of a library.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampledRows {
    /// Codes, `[B, C]`.
    pub codes: Vec<i8>,
    /// Canonical SMILES, `[B]`.
    pub smiles: Vec<String>,
}

/// A library whose compounds were coded, in parts that are read by themselves.
pub trait CodedLibrary {
    /// Why a part cannot be read, or a molecule in it.
    type Error: From<Error>;

    /// Channels `C` of a code.
    fn channels(&self) -> usize;

    /// Number of parts, some of which may be empty.
    fn parts(&self) -> usize;

    /// Rows of a part without their codes, with properties on request.
    ///
    /// # Errors
    /// Where the part cannot be read.
    fn places(&self, part: usize, with_properties: bool) -> Result<CodedRows, Self::Error>;

    /// Rows of a part with their codes, after its bytes were verified.
    ///
    /// # Errors
    /// Where the part cannot be read, or is not what was written.
    fn coded(&self, part: usize, with_properties: bool) -> Result<CodedRows, Self::Error>;

    /// The rows of a part at `places` (ascending), which must be there.
    ///
    /// # Errors
    /// Where the part cannot be read.
    fn sampled(&self, part: usize, places: &[u64]) -> Result<SampledRows, Self::Error>;

    /// Refuses a part that is not what was written.
    ///
    /// # Errors
    /// See above.
    fn verify(&self, part: usize) -> Result<(), Self::Error>;
}
