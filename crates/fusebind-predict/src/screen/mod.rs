//! Screening: a library of any size against a few proteins, or compounds against a proteome, in memory that does not grow with the library.
//!
//! In reading order: what a compound must be like ([`Filter`], [`Property`]), the proteins with everything that is computed once
//! ([`Panel`]), and the best of what was scored ([`Best`]). A score depends on the model and its own pair alone, and ties are decided by
//! row, so that hits depend neither on how the library is cut nor on the order in which its parts are done.

mod best;
mod filter;
mod panel;
mod property;

pub use best::{Best, Ranked};
pub use filter::{Filter, Range, spread_out};
pub use panel::Panel;
pub use property::Property;
