//! Compounds as short codes from which the score of the whole model can be guessed by a dot product.
//!
//! The first channels of a code say what the encoder makes of the compound: principal components of its embedding. The others say which
//! training compounds it resembles: principal components of its squared similarities to landmarks, of which the sums of neighbour features are
//! made. Both bases are fitted on molecules of the library, once. Comes in: molecules. Goes out: codes `[B, C]` of one byte.

use fusebind_features::{entity::molecule::Molecule, neighbours::Landmarks};
use fusebind_model::retrieval::Basis;
use serde::{Deserialize, Serialize};

use crate::model::Model;

/// Channels for the embedding.
const OF_EMBEDDING: usize = 128;
/// Channels for the similarities to training compounds.
const OF_PROFILE: usize = 64;
/// Molecules that the bases are fitted on at most.
const FITTED: usize = 8192;
/// Molecules that are coded at a time.
const CODED: usize = 1024;
/// Codes have a multiple of so many channels; zeros fill them up.
const MULTIPLE: usize = 4;

/// See the file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sketch {
    embedding: Basis,
    profile: Option<Basis>,
}

/// What a model says of molecules before they are shortened.
#[derive(Debug)]
pub struct Sketcher<'m> {
    model: &'m Model,
    landmarks: Option<Landmarks>,
}

impl<'m> Sketcher<'m> {
    /// With the training compounds that `model` holds as landmarks.
    pub fn new(model: &'m Model) -> Self {
        let reference = model.trained().neighbours.as_ref();
        Self {
            model,
            landmarks: reference.and_then(|reference| Landmarks::of(&reference.set.drugs)),
        }
    }

    /// Fits the bases on the first of `molecules`, of which there must be one.
    ///
    /// # Panics
    /// Where there is none.
    pub fn fit(&self, molecules: &[&Molecule]) -> Sketch {
        let molecules = &molecules[..molecules.len().min(FITTED)];
        let embeddings = self.model.embed_molecules(molecules);
        let of_profile =
            |landmarks: &Landmarks| Basis::fit(&landmarks.profiles(molecules), landmarks.len(), OF_PROFILE);
        Sketch {
            embedding: Basis::fit(&embeddings.values, embeddings.width, OF_EMBEDDING),
            profile: self.landmarks.as_ref().map(of_profile),
        }
    }

    /// Whether `sketch` was fitted for a model of this shape.
    pub fn fits(&self, sketch: &Sketch) -> bool {
        let landmarks = self.landmarks.as_ref().map(Landmarks::len);
        let width = self.model.description().model.width;
        let is_whole = sketch.embedding.is_whole() && sketch.profile.as_ref().is_none_or(Basis::is_whole);
        is_whole && sketch.embedding.width() == width && sketch.profile.as_ref().map(Basis::width) == landmarks
    }

    /// Codes of `molecules`, `[B, C]`. A code depends on the model, the sketch and its own molecule alone.
    pub fn codes(&self, sketch: &Sketch, molecules: &[&Molecule]) -> Vec<i8> {
        let some = |molecules: &[&Molecule]| self.code(sketch, molecules);
        molecules.chunks(CODED).flat_map(some).collect()
    }

    /// Codes of molecules whose similarities are held at once.
    fn code(&self, sketch: &Sketch, molecules: &[&Molecule]) -> Vec<i8> {
        let embedded = sketch.embedding.codes(&self.model.embed_molecules(molecules).values);
        let compared = match (&sketch.profile, &self.landmarks) {
            (Some(basis), Some(landmarks)) => basis.codes(&landmarks.profiles(molecules)),
            _ => Vec::new(),
        };
        let of_profile = sketch.profile.as_ref().map_or(0, Basis::channels);
        let mut codes = vec![0; molecules.len() * sketch.channels()];
        for (at, code) in codes.chunks_mut(sketch.channels().max(1)).enumerate() {
            let (first, rest) = code.split_at_mut(sketch.embedding.channels());
            first.copy_from_slice(&embedded[at * first.len()..][..first.len()]);
            rest[..of_profile].copy_from_slice(&compared[at * of_profile..][..of_profile]);
        }
        codes
    }
}

impl Sketch {
    /// Channels `C` of a code.
    pub fn channels(&self) -> usize {
        let of_profile = self.profile.as_ref().map_or(0, Basis::channels);
        (self.embedding.channels() + of_profile).next_multiple_of(MULTIPLE)
    }
}
