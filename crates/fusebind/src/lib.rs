//! fusebind: does this compound bind this target, and how sure are we?
//!
//! This crate re-exports the libraries in reading order: [`features`] (raw text to arrays), [`data`] (tables, splits,
//! samplers), [`model`] (arrays to predictions), [`eval`] (scores), [`train`] (a recipe and a data set to a run folder),
//! [`screen`] (predictions from a run folder).

pub use fusebind_data as data;
pub use fusebind_eval as eval;
pub use fusebind_features as features;
pub use fusebind_model as model;
pub use fusebind_screen as screen;
pub use fusebind_train as train;
