//! Predictions from a model file: the part that is deployed. It contains no trainer.
//!
//! [`Model`] is the door. Pairs are built in memory ([`Pair`], [`Compound`], [`Target`], side data in [`SideRecord`]) or indexed into
//! entities that a reader has checked ([`Entities`]). A [`CachingModel`] keeps what it encoded, for those who ask often for few pairs. A [`Request`] keeps the names that the user gave, and [`output`] is the schema of the answer.

#![forbid(unsafe_code)]

mod cache;
mod caching;
mod certainty;
mod embed;
mod encoders;
pub mod explain;
mod inputs;
mod model;
pub mod output;
mod pair;
mod prediction;
mod reasons;
mod request;
mod scored;
pub mod screen;

pub use cache::Cache;
pub use caching::CachingModel;
pub use embed::Embeddings;
pub use encoders::{missing_encoders, open_trained};
pub use fusebind_model::trust::Domain;
pub use fusebind_pretrained::{EncoderFolders, KeptIn};
pub use inputs::Inputs;
pub use model::{Entities, Model};
pub use pair::{Compound, Pair, SideRecord, Target};
pub use prediction::{Certainty, Prediction};
pub use request::{Name, Request};
