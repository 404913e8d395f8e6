//! The libraries of fusebind in reading order: [`features`] (raw text to arrays), [`data`] (tables, splits, samplers),
//! [`model`] (arrays to predictions), [`eval`] (scores), [`train`] (a recipe and a data set to a run folder), [`predict`]
//! (predictions from a run folder), [`report`] (numbers to a page).
//!
//! ```
//! use fusebind::features::entity::molecule::{ChematicToolkit, Chemistry};
//!
//! let aspirin = ChematicToolkit.molecule("CC(=O)Oc1ccccc1C(=O)O").expect("a valid SMILES");
//! assert_eq!(aspirin.heavy_atoms, 13);
//! assert!(ChematicToolkit.molecule("C..C").is_err());
//! ```

#![forbid(unsafe_code)]

pub use fusebind_data as data;
pub use fusebind_eval as eval;
pub use fusebind_features as features;
pub use fusebind_model as model;
pub use fusebind_predict as predict;
pub use fusebind_report as report;
pub use fusebind_train as train;
