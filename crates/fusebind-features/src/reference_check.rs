//! Whether a reference set that comes from a file can be compared with entities that a model featurises.
//!
//! Comes in: [`Reference`] and the side schemas of its model. Goes out: nothing, or what does not fit, in words.

use crate::{
    modality::Modality,
    neighbours::{Descriptors, ReferenceEntities, SimilarityKind},
    reference::Reference,
    schema::{SideDims, SideSchema},
};

/// Rows of unit norm hold nothing larger; the rest is rounding.
const MOST_OF_UNIT: f32 = 1.01;
/// No label, and no factor of a channel, is larger.
const MOST: f32 = 1e12;

impl Reference {
    /// Refuses a reference set whose similarities a model with these schemas (drugs, targets) cannot compute, or which holds values that
    /// training does not write.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn check(&self, schemas: [&SideSchema; 2]) -> Result<(), String> {
        let sides = [&self.set.drugs, &self.set.targets];
        let structures: [&[SimilarityKind]; 2] = [
            &[SimilarityKind::Graph],
            &[SimilarityKind::Sequence3, SimilarityKind::Sequence4],
        ];
        for ((side, structures), schema) in sides.into_iter().zip(structures).zip(schemas) {
            entities(side, structures, schema)?;
        }
        let outcomes = self.set.known.outcomes();
        let mut numbers = self.scale.mean.iter().chain(&self.scale.factor);
        if !numbers.all(|v| v.abs() <= MOST) || !outcomes.iter().all(|o| o.2.abs() <= MOST) {
            return Err("labels or a scale of absurd size".into());
        }
        self.mismatch.check(sides)
    }
}

/// Whether a similarity is measured on dense rows.
fn is_dense(kind: SimilarityKind) -> bool {
    kind == SimilarityKind::Transcriptome || kind.is_of_embedding()
}

/// Channels of the embeddings of a modality together; 0 where no neighbours are found by them.
fn compared_channels(schema: &SideSchema, modality: Modality) -> usize {
    let own = schema
        .embeddings
        .iter()
        .filter(|embedding| embedding.modality == modality);
    let channels: usize = own.map(|embedding| embedding.scale.mean.len()).sum();
    usize::from(schema.compare_embeddings) * channels
}

fn entities(side: &ReferenceEntities, structures: &[SimilarityKind], schema: &SideSchema) -> Result<(), String> {
    let read: SideDims = schema.channels();
    for (at, (kind, descriptors)) in side.sources.iter().enumerate() {
        let name = || format!("{kind:?}").to_lowercase();
        if side.sources[..at].iter().any(|(earlier, _)| earlier == kind) {
            return Err(format!("the similarity `{}` twice", name()));
        }
        let channels = match kind.modality() {
            modality if kind.is_of_embedding() => compared_channels(schema, modality),
            Modality::Text => read.text,
            Modality::Transcriptome => read.transcriptome,
            Modality::Bioassay => read.bioassay,
            Modality::Graph | Modality::Sequence => usize::from(structures.contains(kind)),
        };
        if channels == 0 {
            return Err(format!("the similarity `{}`, which the model does not read", name()));
        }
        let fits = match (kind, descriptors) {
            (SimilarityKind::Graph, Descriptors::Bits(_)) => true,
            (SimilarityKind::Graph, _) => false,
            (_, Descriptors::Dense { values, width }) if is_dense(*kind) => {
                *width == channels && values.iter().all(|v| v.abs() <= MOST_OF_UNIT)
            }
            _ if is_dense(*kind) => false,
            (_, Descriptors::Sparse(rows)) => rows.weights.iter().all(|w| w.abs() <= MOST_OF_UNIT),
            _ => false,
        };
        if !fits || descriptors.len() != side.keys.len() {
            return Err(format!("descriptors of another kind or size for `{}`", name()));
        }
    }
    Ok(())
}
