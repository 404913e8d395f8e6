//! Stored libraries: compounds that were read and coded once, in a folder of Parquet files under one manifest.
//!
//! In reading order: what a folder says of itself ([`Manifest`]), a part ([`PartFile`]), the folder ([`StoredLibrary`]), its rows
//! ([`StoredRows`]) and those of files ([`NumberedRows`]), and what writes a folder ([`Build`]). Comes in: files of compounds and a
//! [`Coder`](fusebind_features::coded::Coder). Goes out: the same bytes, wherever a build was stopped.

mod build;
mod coding;
mod library;
mod manifest;
mod mark;
mod numbered;
mod part;
mod shelf;

pub use build::{Build, BuildOptions};
pub use library::{StoredLibrary, StoredPart};
pub use manifest::{Input, Manifest, ModelMark, PartMark, ReadAs, SCHEMA};
pub use mark::{FileMark, hex, sha256, sha256_of};
pub use numbered::{NumberedRow, NumberedRows};
pub use part::{PartFile, StoredRow};
pub use shelf::StoredRows;
