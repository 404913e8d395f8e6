//! What a user brings, parsed once at the edge: molecules, proteins and their side data.

pub mod embedded;
pub mod kind;
pub mod molecule;
pub mod pretrained;
pub mod protein;
pub mod side;
