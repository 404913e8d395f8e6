//! One encoder per modality: features to embeddings.

pub mod graph;
pub mod sequence;
