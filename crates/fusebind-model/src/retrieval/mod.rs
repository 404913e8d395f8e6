//! Compounds as short codes, and their dot products with some targets, exact on every machine.
//!
//! Comes in: rows of many channels, `[B, W]`, then codes of compounds, `[B, C]`, and of targets, `[T, C]`. Goes out: products as integers,
//! `[B, T]`. Integers have no rounding, so that the instructions that a machine has do not show in the result.

mod basis;
mod kernel;

pub use basis::Basis;
pub use kernel::{Instructions, TargetCodes};
