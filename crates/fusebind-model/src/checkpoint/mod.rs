//! Weights on disk: safetensors files in checked sections (no code in them), written whole or not at all.
//!
//! In reading order: [`Archive`] (named arrays), its exchange with the parameters of a module, [`Section`] (a text and arrays under one
//! hash), [`Sections`] (a file of them), the reference set as a section, and [`write_whole`].

mod archive;
mod container;
mod header;
mod module;
mod reference;
mod section;
mod whole;

pub use archive::{Archive, Array};
pub use container::{Known, SectionInfo, Sections};
pub use module::array;
pub use reference::{reference_section, take_reference};
pub use section::Section;
pub use whole::write_whole;
