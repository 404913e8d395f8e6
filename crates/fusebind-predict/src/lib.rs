//! Predictions from a model file: the part that is deployed. It contains no trainer.
//!
//! [`Model`] is the door. Pairs are built in memory ([`Pair`], [`Compound`], [`Target`], side data in [`SideRecord`]) or indexed into
//! entities that a reader has checked ([`Entities`]).

#![forbid(unsafe_code)]

mod inputs;
mod model;
mod pair;
mod prediction;

pub use inputs::Inputs;
pub use model::{Entities, Model};
pub use pair::{Compound, Pair, SideRecord, Target};
pub use prediction::Prediction;
