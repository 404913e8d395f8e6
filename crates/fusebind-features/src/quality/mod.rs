//! Side-data quality: does the value of a side modality belong to its entity?
//!
//! Comes in: a [`crate::neighbours::ReferenceSet`]. Goes out: [`MismatchModel`], which gives every value a weight from 0 to 1.

mod agreement;
mod calibration_map;
mod check;
mod classifier;
mod fit;
mod mismatch;
mod rates;

pub use mismatch::{Comparison, MismatchModel, TableQuality};
pub use rates::{MismatchRate, MismatchRates};

/// Largest absolute value of a log-likelihood ratio.
const BOUND: f32 = 5.0;
/// Smallest number of training entities that a classifier is fitted on.
const LEAST: usize = 40;
