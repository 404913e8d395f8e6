//! Arrays of each modality: raw value to features, the same code in training and inference.

pub mod graph;
pub mod sequence;
