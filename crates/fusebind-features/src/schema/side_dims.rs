//! How many features of each side modality a model reads.

use serde::{Deserialize, Serialize};

use crate::modality::{Modality, ModalitySet};

/// Modalities that every drug or every target has.
pub(super) const STRUCTURES: [Modality; 2] = [Modality::Graph, Modality::Sequence];

/// Channels of each side modality that a model reads; 0 where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SideDims {
    /// Terms `V`.
    pub text: usize,
    /// Genes `G`.
    pub transcriptome: usize,
    /// Assay tokens `3 A`.
    pub bioassay: usize,
    /// Modality and channels of each embedding from another model.
    pub embeddings: Vec<(Modality, usize)>,
}

impl SideDims {
    /// The side modalities that are read; structures, which every entity has, are not among them.
    pub fn modalities(&self) -> ModalitySet {
        let read = [
            (Modality::Text, self.text),
            (Modality::Transcriptome, self.transcriptome),
            (Modality::Bioassay, self.bioassay),
        ];
        let embedded = self.embeddings.iter().map(|e| e.0).filter(|m| !STRUCTURES.contains(m));
        let native = read.into_iter().filter(|(_, n)| *n > 0).map(|(m, _)| m);
        native.chain(embedded).collect()
    }

    /// What is left without side modalities: embeddings of the structure from other models.
    pub fn structure_only(&self) -> Self {
        let embeddings = self.embeddings.iter().filter(|(m, _)| STRUCTURES.contains(m));
        Self {
            embeddings: embeddings.copied().collect(),
            ..Self::default()
        }
    }
}
