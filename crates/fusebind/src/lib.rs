//! The libraries of fusebind in reading order: [`features`] (raw text to arrays), [`data`] (tables, splits, samplers),
//! [`model`] (arrays to predictions), [`eval`] (scores), [`train`] (a recipe and a data set to a run folder), [`predict`]
//! (predictions from a run folder), [`report`] (numbers to a page), [`run_page`] (the page of a run); apart from them [`pretrained`] (encoders of others, from local files).
//!
//! ```no_run
//! use fusebind::{Compound, Model, Pair, SideRecord, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = Model::open("runs/first")?;
//! let aspirin = Compound::parse("CC(=O)Oc1ccccc1C(=O)O")?.with_side(SideRecord {
//!     texts: vec!["An analgesic, given by mouth.".into()],
//!     ..SideRecord::default()
//! })?;
//! let target = Target::parse("MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ")?;
//! for prediction in model.predict(&[Pair::new(aspirin, target)]) {
//!     println!("{:?} {:?}", prediction.affinity, prediction.probability);
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod run_page;

pub use fusebind_data as data;
pub use fusebind_eval as eval;
pub use fusebind_features as features;
pub use fusebind_model as model;
pub use fusebind_predict as predict;
pub use fusebind_pretrained as pretrained;
pub use fusebind_report as report;
pub use fusebind_train as train;

pub use fusebind_predict::{Compound, Model, Pair, Prediction, SideRecord, Target};
