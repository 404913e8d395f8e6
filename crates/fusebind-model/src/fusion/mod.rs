//! From embeddings of entities to embeddings of pairs.

pub mod evidence;
pub mod interaction;
