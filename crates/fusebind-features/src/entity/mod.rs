//! What a user brings, parsed once at the edge: molecules, proteins and their profiles.

pub mod molecule;
pub mod profile;
pub mod protein;
pub mod side;
