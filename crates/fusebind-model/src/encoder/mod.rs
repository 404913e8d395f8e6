//! One encoder per modality: features to embeddings.

pub mod bioassay;
pub mod graph;
pub mod sequence;
pub mod text;
pub mod transcriptome;
