//! Screening: a library of any size against a few proteins, or compounds against a proteome, in memory that does not grow with the library.
//!
//! In reading order: what a compound must be like ([`Filter`], [`Property`]), the proteins with everything that is computed once
//! ([`Panel`]), and the best of what was scored ([`Best`]). A score depends on the model and its own pair alone, and ties are decided by
//! row, so that hits depend neither on how the library is cut nor on the order in which its parts are done.

//! For a stored library there is a first stage: codes of compounds ([`Sketch`]), weights of targets ([`guess`]) and the compounds that
//! promise most ([`Candidates`]).

mod best;
mod candidates;
mod filter;
pub mod guess;
mod panel;
mod property;
mod sketch;

pub use best::{Best, Ranked};
pub use candidates::Candidates;
pub use filter::{Filter, Range, spread_out};
pub use panel::Panel;
pub use property::Property;
pub use sketch::{Sketch, Sketcher};
