//! From embeddings of entities to embeddings of pairs.

pub mod interaction;
