//! Scores: pure functions on slices that return a number or the reason why there is none.
//!
//! [`regression`], [`classification`], [`enrichment`], [`calibration`], [`calibrated_logit`], [`conformal`],
//! [`error_scale`], [`platt`], [`ridge`], [`within`] and [`resample`].
//! Nothing here depends on a model or a file.

#![forbid(unsafe_code)]

pub mod calibrated_logit;
pub mod calibration;
pub mod classification;
pub mod conformal;
pub mod enrichment;
mod error;
pub mod error_scale;
mod newton;
pub mod platt;
pub mod regression;
pub mod resample;
pub mod ridge;
mod ties;
pub mod within;

pub use error::Undefined;
