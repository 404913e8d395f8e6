//! The model file: five sections, each with a version and a hash.
//!
//! | section | holds |
//! |---|---|
//! | `weights` | the parameters of the model, of each member of an ensemble, of their structure models |
//! | `schema` | its configuration, feature schema, input scales, side schemas, output scales, ensemble and modality weights |
//! | `reference` | the reference set: training entities, their labels and descriptors, the mismatch model |
//! | `calibration` | decision threshold, prior, and what held-out pairs say of errors and probabilities |
//! | `provenance` | version, recipe, data fingerprint, split hash, seed, counts and validation scores |
//!
//! In reading order: the description and its sections, the agreement of the sections, [`ModelFile`], [`ModelInfo`], stripping, and the
//! way to a [`crate::trained::TrainedModel`].

mod agreement;
mod contents;
mod info;
mod members;
mod parts;
mod strip;
mod trained;

pub use contents::ModelFile;
pub use info::ModelInfo;
pub use members::{apart_from_structure, with_structure};
