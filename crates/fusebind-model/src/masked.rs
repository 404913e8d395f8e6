//! One pair under many masks: what a model says of it when it does without some of its inputs.
//!
//! Comes in: stores, a pair, and masks. Goes out: the scores under each mask. Encoders and neighbour features are computed once for all.

use fusebind_features::{
    neighbours::Mask,
    schema::{DrugStore, TargetStore},
};

use crate::{
    scoring::{EnsembleWeights, MissingModalities, NeighbourSource, Scorer, Scores},
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
        let neighbours = table.as_ref().map_or(NeighbourSource::Nothing, NeighbourSource::Table);
        let of_member = |(scorer, ensemble): (Scorer<'_>, EnsembleWeights)| -> Vec<Scores> {
            let embeddings = scorer.read(stores, &pairs);
            let score = |mask: &Mask| {
                let missing = MissingModalities::Alike(*mask);
                let scorer = Scorer {
                    neighbours,
                    missing,
                    ..scorer
                };
                let novelty = self.share_novelty(stores, &pairs, *mask);
                let shares = self.shares(ensemble, &novelty);
                scorer.predict(Some(&embeddings), stores, &pairs, &shares, |_| {})
            };
            masks.iter().map(score).collect()
        };
        let by_member: Vec<Vec<Scores>> = self.scorers(Mask::default()).map(of_member).collect();
        let of_mask = |mask: usize| Scores::mean(by_member.iter().map(|scores| scores[mask].clone()).collect());
        (0..masks.len()).map(of_mask).collect()
    }
}
