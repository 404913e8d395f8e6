//! What calibration asks of a model: its readers apart, their mixture in any shares, and what is usual among training entities.
//!
//! Comes in: stores, and pairs or entities in them. Goes out: raw outputs, [`Scores`], [`Familiar`]. Encoders and neighbour features are computed
//! once for all shares.

use std::collections::BTreeMap;

use fusebind_features::{
    modality::ModalitySet,
    neighbours::Mask,
    novelty::Novelty,
    schema::{DrugStore, TargetStore},
};

use crate::{
    scoring::{EnsembleWeights, InputSubset, NeighbourSource, PairShares, RawOutputs, Scorer, Scores},
    trained::TrainedModel,
    trust::Familiar,
};

impl TrainedModel {
    /// Raw outputs of `pairs` by every member: with everything, and from structure alone where the model reads side modalities. With
    /// [`TrainedModel::mixed`] the shares of a prediction can be tried without another pass.
    pub fn raw_outputs(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> Vec<[RawOutputs; 2]> {
        let table = (self.neighbours.as_ref()).map(|reference| reference.table(stores, pairs));
        let neighbours = table.as_ref().map_or(NeighbourSource::Nothing, NeighbourSource::Table);
        let has_side = self.description.model.has_side();
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
}
