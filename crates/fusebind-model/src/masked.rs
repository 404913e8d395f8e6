//! Pairs under many masks and in many shares: what a model says of them when it does without some of its inputs, or weighs its readers
//! otherwise.
//!
//! Comes in: stores, pairs, and masks or shares. Goes out: the scores under each. Encoders and neighbour features are computed once for all.

use std::collections::BTreeMap;

use fusebind_features::{
    modality::ModalitySet,
    neighbours::Mask,
    novelty::Novelty,
    schema::{DrugStore, TargetStore},
};

use crate::{
    scoring::{
        EnsembleWeights, InputSubset, MissingModalities, NeighbourSource, PairShares, RawOutputs, Scorer, Scores,
    },
    trained::TrainedModel,
    trust::Familiar,
};

impl TrainedModel {
    /// Raw outputs of `pairs` by every member: with everything, and from structure alone where the model reads side modalities. With
    /// [`TrainedModel::mixed`] the shares of a prediction can be tried without another pass.
    pub fn raw_outputs(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> Vec<[RawOutputs; 2]> {
        let table = (self.neighbours.as_ref()).map(|reference| reference.table(stores, pairs));
        let neighbours = table.as_ref().map_or(NeighbourSource::Nothing, NeighbourSource::Table);
        let model = &self.description.model;
        let has_side = !model.drug.modalities().is_empty() || !model.target.modalities().is_empty();
        let of_member = |(scorer, _): (Scorer<'_>, EnsembleWeights)| {
            let scorer = Scorer { neighbours, ..scorer };
            match has_side {
                true => scorer.score_both(&scorer.read(stores, pairs), stores, pairs),
                false => [scorer.score(stores, pairs, |_| {}), RawOutputs::default()],
            }
        };
        self.scorers(Mask::default()).map(of_member).collect()
    }

    /// The prediction that [`TrainedModel::raw_outputs`] of `pairs` come to in these shares: pairs of one novelty in those of
    /// `by_novelty`, others in those of the model.
    pub fn mixed(
        &self,
        outputs: &[[RawOutputs; 2]],
        pairs: &[(u32, u32)],
        by_novelty: &BTreeMap<Novelty, EnsembleWeights>,
        novelty: &[Novelty],
    ) -> Scores {
        let of_member = |((scorer, usual), outputs): ((Scorer<'_>, EnsembleWeights), &[RawOutputs; 2])| {
            scorer.shared(outputs, pairs, &PairShares::by_novelty(usual, by_novelty, novelty))
        };
        Scores::mean(self.scorers(Mask::default()).zip(outputs).map(of_member).collect())
    }

    /// What is usual among these drugs and among these targets of the stores, ascending, which have the side modalities `present`.
    pub fn familiar(
        &self,
        stores: (&DrugStore, &TargetStore),
        ids: [Vec<u32>; 2],
        present: [Vec<ModalitySet>; 2],
    ) -> [Option<Familiar>; 2] {
        let Some((scorer, _)) = self.scorers(Mask::default()).next() else {
            return [None, None];
        };
        let encoded = scorer.encode_entities(None, stores, ids, &InputSubset::BOTH[..1]);
        let width = self.description.model.width;
        let mut present = present.into_iter();
        [0, 1].map(|side| {
            let present = present.next().unwrap_or_default();
            Familiar::fit(&encoded.embeddings_on_host(0, side), width, present.into_iter())
        })
    }

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
