//! Weights on disk: what a folder holds ([`Weights`]), and one file of it ([`header`]).

mod folder;
mod header;

pub(crate) use folder::{Weights, fingerprint, read_text};
