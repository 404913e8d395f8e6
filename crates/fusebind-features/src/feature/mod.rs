//! Arrays of each modality: raw value to features, the same code in training and inference.

pub mod bioassay;
pub mod composition;
pub mod fingerprint;
pub mod graph;
pub mod morgan;
pub mod occlusion;
pub mod sequence;
pub mod similarity;
pub mod substructure;
pub mod text;
pub mod transcriptome;
