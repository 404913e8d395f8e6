//! A model file in memory, before there is a model.
//!
//! Comes in: the path of a file. Goes out: [`ModelFile`], all of whose sections are intact and go together.

use std::path::Path;

use fusebind_features::reference::Reference;

use super::{
    agreement, members,
    parts::{CALIBRATION, PROVENANCE, REFERENCE, SCHEMA, WEIGHTS, save_description, take_description},
};
use crate::{
    Error,
    checkpoint::{Archive, Section, SectionInfo, Sections, reference_section, take_reference},
    trained::Description,
};

/// What a model file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// What belongs to the weights.
    pub description: Description,
    /// Parameters by path.
    pub weights: Archive,
    /// Parameters of the further members of an ensemble, in the order of their records.
    pub members: Vec<Archive>,
    /// Training pairs, where the model reads neighbour features.
    pub reference: Option<Reference>,
}

impl ModelFile {
    /// Reads the file at `path`; with what it says of its sections.
    ///
    /// # Errors
    /// Where the file cannot be read, is damaged, is of another version, or its sections disagree.
    pub fn open(path: &Path) -> Result<(Self, Vec<SectionInfo>), Error> {
        let known = [WEIGHTS, SCHEMA, REFERENCE, CALIBRATION, PROVENANCE];
        let (sections, table) = Sections::open(path, &known)?;
        let file = Self::of(sections).map_err(|e| e.about(path))?;
        Ok((file, table))
    }

    fn of(mut sections: Sections) -> Result<Self, Error> {
        let description = take_description(&mut sections)?;
        let reference = take_reference(sections.take(REFERENCE.name)?)?;
        agreement::check(&description, reference.as_ref())?;
        let weights = sections.take(WEIGHTS.name)?.into_archive(WEIGHTS.name)?;
        agreement::weights(&weights)?;
        let (weights, members) = members::divided(weights, description.members.len());
        Ok(Self {
            description,
            weights,
            members,
            reference,
        })
    }

    /// Writes the file to `path`, whole or not at all.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(self, path: &Path) -> Result<(), Error> {
        let mut sections = Sections::default();
        save_description(&self.description, &mut sections)?;
        let weights = Section::of_archive(WEIGHTS.version, members::united(self.weights, self.members))?;
        sections.by_name.insert(WEIGHTS.name.into(), weights);
        let reference = reference_section(REFERENCE.version, self.reference.as_ref())?;
        sections.by_name.insert(REFERENCE.name.into(), reference);
        sections.save(path)
    }
}
