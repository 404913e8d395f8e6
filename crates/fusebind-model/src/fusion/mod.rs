//! From embeddings of entities to embeddings of pairs.

pub mod alignment;
pub mod control;
pub mod entity;
pub mod fused;
pub mod interaction;
pub mod neighbours;
mod plain;
pub mod retrieval;
