//! A model as what codes the compounds of a library.
//!
//! Comes in: a model, and what it was fitted to once. Goes out: codes, through the trait that readers of files know.

use fusebind_features::{
    coded::Coder,
    entity::molecule::{Molecule, Standardise},
};

use super::sketch::{Sketch, Sketcher};
use crate::model::Model;

/// See the file's header.
#[derive(Debug)]
pub struct ModelCoder<'m> {
    sketcher: Sketcher<'m>,
    sketch: Option<Sketch>,
    standardise: Standardise,
}

impl<'m> ModelCoder<'m> {
    /// With the encoder of `model` and the training compounds that it holds.
    pub fn new(model: &'m Model) -> Self {
        Self {
            sketcher: Sketcher::new(model),
            sketch: None,
            standardise: model.description().standardise,
        }
    }
}

impl Coder for ModelCoder<'_> {
    fn standardise(&self) -> Standardise {
        self.standardise
    }

    fn fit(&mut self, molecules: &[&Molecule]) -> Result<Vec<u8>, String> {
        let sketch = self.sketcher.fit(molecules);
        let text = serde_json::to_vec(&sketch).map_err(|error| format!("the sketch cannot be written: {error}"))?;
        self.sketch = Some(sketch);
        Ok(text)
    }

    fn resume(&mut self, fitted: &[u8]) -> bool {
        let read: Option<Sketch> = serde_json::from_slice(fitted).ok();
        self.sketch = read.filter(|sketch| self.sketcher.fits(sketch));
        self.sketch.is_some()
    }

    fn channels(&self) -> usize {
        self.sketch.as_ref().map_or(0, Sketch::channels)
    }

    fn codes(&self, molecules: &[&Molecule]) -> Vec<i8> {
        let code = |sketch: &Sketch| self.sketcher.codes(sketch, molecules);
        self.sketch.as_ref().map(code).unwrap_or_default()
    }
}
