//! One pair under many masks: what a model says of it when it does without some of its inputs.
//!
//! Comes in: stores, a pair, and masks. Goes out: the scores under each mask. Encoders and neighbour features are computed once for all.

use fusebind_features::{
    neighbours::Mask,
    schema::{DrugStore, TargetStore},
};

use crate::{
    scoring::{MissingModalities, NeighbourSource, Scorer, Scores},
    trained::TrainedModel,
};

impl TrainedModel {
    /// Scores of `pair` under each of the masks, in their order.
    pub fn score_masked(&self, stores: (&DrugStore, &TargetStore), pair: (u32, u32), masks: &[Mask]) -> Vec<Scores> {
        let pairs = [pair];
        let table = self
            .neighbours
            .as_ref()
            .map(|reference| reference.table(stores, &pairs));
        let scorer = |mask: Mask| Scorer {
            model: &self.model,
            neighbours: table.as_ref().map_or(NeighbourSource::Nothing, NeighbourSource::Table),
            missing: MissingModalities::Alike(mask),
            modality_weights: self.description.modality_weights,
            device: &self.device,
        };
        let embeddings = scorer(Mask::default()).read(stores, &pairs);
        let score =
            |mask: &Mask| scorer(*mask).predict(Some(&embeddings), stores, &pairs, self.description.ensemble(), |_| {});
        masks.iter().map(score).collect()
    }
}
