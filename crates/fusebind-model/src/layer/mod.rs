//! Layers and the CPU kernels under them.

pub mod bag;
pub mod composed;
pub mod dense;
pub mod dropout;
pub mod edge;
pub mod embed;
pub mod gather;
pub mod kernel;
pub(crate) mod matmul;
pub mod motif;
pub mod norm;
pub mod pair;
pub mod pool;
pub mod residual;
pub mod segment;
