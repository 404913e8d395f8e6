//! A model file without its training pairs.
//!
//! Comes in: [`ModelFile`]. Goes out: the same file with an empty reference set, where its predictions stay what they are.

use super::contents::ModelFile;
use crate::{Error, ErrorKind};

impl ModelFile {
    /// Removes the reference set; says whether there was one.
    ///
    /// # Errors
    /// Where the model reads neighbour features: without its training pairs it has nothing to compute them from, and it was never
    /// validated without them.
    pub fn strip(&mut self) -> Result<bool, Error> {
        let neighbours = &self.description.model.neighbours;
        if neighbours.enabled && neighbours.inputs > 0 {
            return Err(Error::new(
                ErrorKind::Config,
                "reads neighbour features, which it computes from its training pairs: without them it would predict something else than \
                 what was validated",
            ));
        }
        Ok(self.reference.take().is_some())
    }
}
