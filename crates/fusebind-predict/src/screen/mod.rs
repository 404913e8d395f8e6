//! Screening: a library of any size against a few proteins, or compounds against a proteome, in memory that does not grow with the library.
//!
//! In reading order: what a compound must be like ([`Filter`], [`Property`]), the proteins with everything that is computed once
//! ([`Panel`]), and the best of what was scored ([`Best`]). A score depends on the model and its own pair alone, and ties are decided by
//! row, so that hits depend neither on how the library is cut nor on the order in which its parts are done.

//! For a stored library there is a first stage: codes of compounds ([`Sketch`], [`ModelCoder`]), weights of targets ([`guess`]) and what they miss, the compounds that
//! promise most ([`Candidates`]), and all of it in order ([`first_stage`]).

mod best;
mod candidates;
mod coder;
mod filter;
pub mod guess;
mod panel;
mod recall;
mod sketch;
mod stage;

pub use best::{Best, Ranked};
pub use candidates::Candidates;
pub use coder::ModelCoder;
pub use filter::{Filter, LeftOut, Range, spread_out};
pub use fusebind_features::entity::molecule::Property;
pub use panel::Panel;
pub use recall::{GOAL as RECALL_GOAL, TargetRecall};
pub use sketch::{Sketch, Sketcher};
pub use stage::{Chosen, StageReport, StageSettings, first_stage};
