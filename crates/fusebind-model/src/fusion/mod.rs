//! From embeddings of entities to embeddings of pairs.

pub mod alignment;
pub mod entity;
pub mod evidence;
pub mod fused;
pub mod interaction;
pub mod retrieval;
