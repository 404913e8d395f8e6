//! What a user brings, parsed once at the edge: molecules, proteins and their side data.

pub mod kind;
pub mod molecule;
pub mod protein;
pub mod side;
