//! A model with everything that it needs to score pairs.

use burn::tensor::Device;
use fusebind_features::{
    batch::PairIndex,
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::{Mask, NeighbourTable},
    rows::Rows,
    schema::{DrugStore, TargetStore},
};

use super::{
    encoded::{self, Encoded, EncodedSide, InputSubset, Ready, SubsetHeads},
    missing::{MissingModalities, NeighbourSource},
    raw_output::{EnsembleWeights, RawOutputs, Scores, Sides},
    shares::PairShares,
};
use crate::{encoder::side::ModalityEmbeddings, layer::kernel::on_host, model::Model};

/// Entities encoded at a time.
const ENTITIES: usize = 512;
/// Pairs scored at a time.
const PAIRS: usize = 32_768;
/// Pairs whose neighbour features are computed at a time.
pub(crate) const GATHERED: usize = 8 * PAIRS;

/// What the encoders of a model say of every entity of some pairs: read once, fused and scored under as many absences as are asked for.
#[derive(Clone, Debug)]
pub struct EntityEmbeddings {
    /// Distinct entities, ascending, and their modality embeddings, [`ENTITIES`] at a time.
    drugs: (Vec<u32>, Vec<ModalityEmbeddings>),
    targets: (Vec<u32>, Vec<ModalityEmbeddings>),
    /// The same drugs and targets, as the structure model reads them, where there is one.
    structure: Option<[Vec<ModalityEmbeddings>; 2]>,
}

/// Whether graph or sequence is masked.
fn lacks_structure(without: &Mask) -> bool {
    without.drug.contains(Modality::Graph) || without.target.contains(Modality::Sequence)
}

/// A model ready to score pairs.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    /// Model, without gradients.
    pub model: &'a Model,
    /// Its structure model, where it has one.
    pub structure: Option<&'a Model>,
    /// Neighbour features of the pairs.
    pub neighbours: NeighbourSource<'a>,
    /// What entities and pairs do without.
    pub missing: MissingModalities<'a>,
    /// Weights of the modalities of drugs and of targets.
    pub modality_weights: [ModalityWeights; 2],
    /// Where the model lives.
    pub device: &'a Device,
}

impl Scorer<'_> {
    /// Reads every entity of `pairs` with all its modalities, for [`Scorer::score_read`].
    pub fn read(&self, (drugs, targets): (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> EntityEmbeddings {
        let of_drugs = encoded::distinct(pairs.iter().map(|p| p.0));
        let of_targets = encoded::distinct(pairs.iter().map(|p| p.1));
        let read_drugs = |ids: &[u32]| self.model.read_drugs(&drugs.batch(ids), self.device);
        let read_targets = |ids: &[u32]| self.model.read_targets(&targets.batch(ids), self.device);
        let drug_embeddings = of_drugs.chunks(ENTITIES).map(read_drugs).collect();
        let target_embeddings = of_targets.chunks(ENTITIES).map(read_targets).collect();
        let by_structure = |model: &Model| {
            let read_drugs = |ids: &[u32]| model.read_drugs(&drugs.batch(ids).structure_only(), self.device);
            let read_targets = |ids: &[u32]| model.read_targets(&targets.batch(ids).structure_only(), self.device);
            [
                of_drugs.chunks(ENTITIES).map(read_drugs).collect(),
                of_targets.chunks(ENTITIES).map(read_targets).collect(),
            ]
        };
        EntityEmbeddings {
            structure: self.structure.map(by_structure),
            drugs: (of_drugs, drug_embeddings),
            targets: (of_targets, target_embeddings),
        }
    }

    /// The subsets of modalities that predictions in these shares are made of: a structure model answers for pairs without side modalities.
    pub(crate) fn subsets(&self, shares: &PairShares<'_>) -> &'static [InputSubset] {
        match self.structure {
            Some(_) => &InputSubset::BOTH,
            None => InputSubset::of(shares),
        }
    }

    /// Whether the model itself reads the modalities of `subset`, and not its structure model.
    fn is_own(&self, subset: InputSubset) -> bool {
        subset == InputSubset::Everything || self.structure.is_none()
    }

    /// What reads the modalities of `subset`.
    fn model_of(&self, subset: InputSubset) -> &Model {
        match self.structure {
            Some(structure) if !self.is_own(subset) => structure,
            _ => self.model,
        }
    }

    /// Weights of the modalities of drugs and of targets under `subset`; a structure model has learned without a curriculum.
    fn weights_of(&self, subset: InputSubset) -> [ModalityWeights; 2] {
        match self.is_own(subset) {
            true => self.modality_weights,
            false => Default::default(),
        }
    }

    /// Scores `pairs` of (drug, target) indices. `progress` is called with the number of pairs done.
    pub fn score(
        &self,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> RawOutputs {
        let encoded = self.encode(None, stores, pairs, &[InputSubset::Everything]);
        self.score_encoded(&encoded, stores, pairs, progress).swap_remove(0)
    }

    /// [`Scorer::score`], of pairs of entities that have been read from the same stores: whatever they do without, no encoder runs again.
    pub fn score_read(
        &self,
        embeddings: &EntityEmbeddings,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> RawOutputs {
        let encoded = self.encode(Some(embeddings), stores, pairs, &[InputSubset::Everything]);
        self.score_encoded(&encoded, stores, pairs, progress).swap_remove(0)
    }

    /// Scores `pairs` from graph and sequence alone.
    pub fn score_structure(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> RawOutputs {
        let encoded = self.encode(None, stores, pairs, &[InputSubset::Structure]);
        self.score_encoded(&encoded, stores, pairs, |_| {}).swap_remove(0)
    }

    /// [`Scorer::score_read`], and the outputs of the same pairs from structure alone.
    pub fn score_both(
        &self,
        embeddings: &EntityEmbeddings,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
    ) -> [RawOutputs; 2] {
        let encoded = self.encode(Some(embeddings), stores, pairs, &InputSubset::BOTH);
        let both = self.score_encoded(&encoded, stores, pairs, |_| {});
        both.try_into().expect("one output for each of two subsets")
    }

    /// Predicts `pairs` with the raw outputs in these shares; their entities may have been read before from the same stores.
    pub fn predict(
        &self,
        embeddings: Option<&EntityEmbeddings>,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        shares: &PairShares<'_>,
        progress: impl FnMut(usize),
    ) -> Scores {
        let encoded = self.encode(embeddings, stores, pairs, self.subsets(shares));
        self.predict_encoded(&encoded, stores, pairs, shares, progress)
    }

    /// [`Scorer::predict`] of pairs of entities that [`Scorer::encode`] has encoded for the same shares, or for structure alone where none of
    /// them has side values and a structure model answers.
    pub fn predict_encoded(
        &self,
        encoded: &Encoded,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        shares: &PairShares<'_>,
        progress: impl FnMut(usize),
    ) -> Scores {
        let mut outputs = self.score_encoded(encoded, stores, pairs, progress).into_iter();
        let mut outputs = [outputs.next().unwrap_or_default(), outputs.next().unwrap_or_default()];
        if encoded.subsets == [InputSubset::Structure] {
            outputs[1] = outputs[0].clone();
            self.note_sides(&mut outputs[0], stores, pairs);
        }
        self.shared(&outputs, pairs, shares)
    }

    /// [`Scorer::combined`], each pair in its own shares.
    pub fn shared(&self, outputs: &[RawOutputs; 2], pairs: &[(u32, u32)], shares: &PairShares<'_>) -> Scores {
        let mut scores = self.combined(outputs, pairs, shares.usual());
        for (weights, rows) in shares.others() {
            scores.replace(&self.combined(outputs, pairs, weights), rows.into_iter());
        }
        scores
    }

    /// The prediction that [`Scorer::score_both`] makes of `pairs`; what is said from structure alone is not looked at where it has no
    /// share.
    pub fn combined(
        &self,
        [everything, structure]: &[RawOutputs; 2],
        pairs: &[(u32, u32)],
        ensemble: EnsembleWeights,
    ) -> Scores {
        let share = |row: usize| match everything.sides.get(row) {
            // Without its graph or its sequence a pair has no structure to rest on.
            _ if lacks_structure(&self.missing.of_pair(pairs[row])) => 0.0,
            Some(sides) => ensemble.structure_share(*sides),
            None => ensemble.structure_only_share,
        };
        let shares: Vec<f32> = (0..pairs.len()).map(share).collect();
        let everything = everything.mixed(ensemble.encoder_share);
        if shares.iter().all(|share| *share == 0.0) {
            return everything;
        }
        let structure = structure.mixed(ensemble.of_structure());
        structure.mixed_by_row(&everything, |row| shares[row])
    }

    /// Encodes every entity of `pairs` once, for [`Scorer::predict_encoded`]; `read` are their modality embeddings, where they have been
    /// computed before from the same stores.
    pub fn encode(
        &self,
        read: Option<&EntityEmbeddings>,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        subsets: &[InputSubset],
    ) -> Encoded {
        let drug_ids = encoded::distinct(pairs.iter().map(|p| p.0));
        let target_ids = encoded::distinct(pairs.iter().map(|p| p.1));
        self.encode_entities(read, stores, [drug_ids, target_ids], subsets)
    }

    /// [`Scorer::encode`] of drugs and targets at these rows of the stores, ascending; either may be none, for [`Encoded::joined`].
    pub fn encode_entities(
        &self,
        read: Option<&EntityEmbeddings>,
        (drugs, targets): (&DrugStore, &TargetStore),
        [drug_ids, target_ids]: [Vec<u32>; 2],
        subsets: &[InputSubset],
    ) -> Encoded {
        if let Some(read) = read {
            let same = read.drugs.0 == drug_ids && read.targets.0 == target_ids;
            assert!(same, "the entities of the pairs are those that were read");
        }
        let of_drugs = |chunk: usize, ids: &[u32]| {
            let masked = |subset: InputSubset| -> Vec<(u32, ModalitySet)> {
                (ids.iter().map(|id| (*id, subset.without(self.missing.of_drug(*id))))).collect()
            };
            let batch = || drugs.batch_without(&masked(InputSubset::Everything));
            let read = self.embeddings(
                subsets,
                read.map(|read| (&read.drugs.1[chunk], read.structure.as_ref().map(|all| &all[0][chunk]))),
                || self.model.read_drugs(&batch(), self.device),
                |structure| structure.read_drugs(&batch().structure_only(), self.device),
            );
            let fuse = |(subset, embeddings): (&InputSubset, ModalityEmbeddings)| {
                let (present, weights) = drugs.presence(&masked(*subset));
                let weights = self.with_curriculum(weights, *subset, 0);
                self.model_of(*subset).fuse_drugs(embeddings, (&present, &weights))
            };
            subsets.iter().zip(read).map(fuse).collect()
        };
        let of_targets = |chunk: usize, ids: &[u32]| {
            let masked = |subset: InputSubset| -> Vec<(u32, ModalitySet)> {
                (ids.iter().map(|id| (*id, subset.without(self.missing.of_target(*id))))).collect()
            };
            let batch = || targets.batch_without(&masked(InputSubset::Everything));
            let read = self.embeddings(
                subsets,
                read.map(|read| {
                    (
                        &read.targets.1[chunk],
                        read.structure.as_ref().map(|all| &all[1][chunk]),
                    )
                }),
                || self.model.read_targets(&batch(), self.device),
                |structure| structure.read_targets(&batch().structure_only(), self.device),
            );
            let fuse = |(subset, embeddings): (&InputSubset, ModalityEmbeddings)| {
                let (present, weights) = targets.presence(&masked(*subset));
                let weights = self.with_curriculum(weights, *subset, 1);
                self.model_of(*subset).fuse_targets(embeddings, (&present, &weights))
            };
            subsets.iter().zip(read).map(fuse).collect()
        };
        Encoded {
            subsets: subsets.to_vec(),
            drugs: EncodedSide::collect(drug_ids, ENTITIES, of_drugs),
            targets: EncodedSide::collect(target_ids, ENTITIES, of_targets),
            further: Vec::new(),
            ready: None,
        }
    }

    /// Modality embeddings of some entities for each subset: those that were read `before`, by the model and by its structure model, or what
    /// these read now. Each reads once.
    fn embeddings(
        &self,
        subsets: &[InputSubset],
        before: Option<(&ModalityEmbeddings, Option<&ModalityEmbeddings>)>,
        read: impl Fn() -> ModalityEmbeddings,
        read_structure: impl Fn(&Model) -> ModalityEmbeddings,
    ) -> Vec<ModalityEmbeddings> {
        let mut own: Option<ModalityEmbeddings> = before.map(|(own, _)| own.clone());
        let of = |subset: &InputSubset| match (self.is_own(*subset), before.and_then(|(_, structure)| structure)) {
            (true, _) => own.get_or_insert_with(&read).clone(),
            (false, Some(structure)) => structure.clone(),
            (false, None) => read_structure(self.model_of(*subset)),
        };
        subsets.iter().map(of).collect()
    }

    /// Weights of the modalities of entities, times those of the curriculum for drugs (`side` 0) or targets (1).
    fn with_curriculum(&self, weights: Vec<ModalityWeights>, subset: InputSubset, side: usize) -> Vec<ModalityWeights> {
        let curriculum = self.weights_of(subset)[side];
        weights.into_iter().map(|own| own.and(curriculum)).collect()
    }

    /// Raw outputs of `pairs` under each subset that their entities were encoded for.
    pub fn score_encoded(
        &self,
        encoded: &Encoded,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        mut progress: impl FnMut(usize),
    ) -> Vec<RawOutputs> {
        let mut raw_outputs = vec![RawOutputs::default(); encoded.subsets.len()];
        if pairs.is_empty() {
            return raw_outputs;
        }
        let fresh = match &encoded.ready {
            None if on_host(self.device) => Some(encoded.projected(SubsetHeads::new(self.model, self.structure))),
            _ => None,
        };
        let fused = encoded.ready.as_ref().or(fresh.as_ref());
        for gathered in (0..pairs.len()).step_by(GATHERED) {
            let last = (gathered + GATHERED).min(pairs.len());
            let fresh = match self.neighbours {
                NeighbourSource::ReferenceSet(reference) => Some(reference.table(stores, &pairs[gathered..last])),
                _ => None,
            };
            let (table, first) = match (self.neighbours, &fresh) {
                (NeighbourSource::Table(table), _) => (Some(table), 0),
                (_, fresh) => (fresh.as_ref(), gathered),
            };
            for start in (gathered..last).step_by(PAIRS) {
                let end = (start + PAIRS).min(last);
                let index = encoded.positions(&pairs[start..end]);
                let gained = table.map(|table| self.similarity(table, first, start, &pairs[start..end]));
                let gained = gained.unwrap_or_default();
                // Where a structure model answers for all of them, what it says stands for both.
                let tile = &pairs[start..end];
                let all_bare = encoded.subsets == InputSubset::BOTH
                    && self.structure.is_some()
                    && tile.iter().all(|pair| self.sides(stores, *pair) == Sides::Neither);
                for (at, &subset) in encoded.subsets.iter().enumerate() {
                    if all_bare && subset == InputSubset::Everything {
                        continue;
                    }
                    let rows = table.map(|table| self.neighbour_rows(table, first, start, tile, subset));
                    let mut said = self.said((encoded, fused, at), &index, rows.as_ref());
                    said.add_logits(&gained);
                    if all_bare {
                        raw_outputs[0].append(said.clone());
                    }
                    raw_outputs[at].append(said);
                }
                progress(end);
            }
        }
        if let ([everything, _], Some(_)) = (&mut raw_outputs[..], self.structure) {
            self.note_sides(everything, stores, pairs);
        }
        raw_outputs
    }

    /// Raw outputs of the pairs at `index` under the subset at `at`.
    fn said(
        &self,
        (encoded, fused, at): (&Encoded, Option<&Ready>, usize),
        index: &PairIndex,
        rows: Option<&Rows>,
    ) -> RawOutputs {
        let (subset, mut said) = (encoded.subsets[at], RawOutputs::default());
        match fused {
            Some(ready) => {
                let ((head, shape), [drugs, targets]) = (ready.heads.of(subset), &ready.projected[at]);
                let rows = rows.map(|rows| (rows.values.as_slice(), rows.width));
                let columns = head.score([drugs, targets], (&index.drug, &index.target), rows);
                said.extend_columns(&columns, *shape);
            }
            None => {
                let [drugs, targets] = [0, 1].map(|side| encoded.embeddings(at, side).clone());
                said.extend(self.model_of(subset).score(drugs, targets, index.clone(), rows));
            }
        }
        said
    }

    /// Notes which sides of `pairs` have side values, in what is said of them from everything: what a structure model says of a pair counts for
    /// more where some are missing.
    pub fn note_sides(&self, everything: &mut RawOutputs, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) {
        everything.sides = pairs.iter().map(|pair| self.sides(stores, *pair)).collect();
    }

    /// Which sides of a pair have side values that are read. A pair without its graph or its sequence counts as one with both: a structure
    /// model has nothing to say of it.
    pub(crate) fn sides(&self, (drugs, targets): (&DrugStore, &TargetStore), pair: (u32, u32)) -> Sides {
        let without = self.missing.of_pair(pair);
        let has = |present: ModalitySet, without: ModalitySet| {
            let without = without.union(encoded::structure());
            present.iter().any(|m| !without.contains(m))
        };
        let has_side = [
            has(drugs.side.present(pair.0), without.drug),
            has(targets.side.present(pair.1), without.target),
        ];
        match has_side {
            _ if lacks_structure(&without) => Sides::Both,
            [true, true] => Sides::Both,
            [false, false] => Sides::Neither,
            _ => Sides::One,
        }
    }

    /// What new compounds gain for their similarity to actives; arguments as of [`Self::neighbour_rows`].
    fn similarity(&self, table: &NeighbourTable, first: usize, start: usize, pairs: &[(u32, u32)]) -> Vec<f32> {
        let weight = self.model.similarity();
        let of = |(at, pair): (usize, &(u32, u32))| {
            let mask = self.missing.of_pair(*pair);
            weight * table.excess((start + at - first) as u32, &mask)
        };
        pairs.iter().enumerate().map(of).collect()
    }

    /// Neighbour features of `pairs`, which stand at `start` among all pairs; row 0 of `table` is pair `first`.
    fn neighbour_rows(
        &self,
        table: &NeighbourTable,
        first: usize,
        start: usize,
        pairs: &[(u32, u32)],
        subset: InputSubset,
    ) -> Rows {
        let row = |(at, pair): (usize, &(u32, u32))| {
            let mask = self.missing.of_pair(*pair);
            let mask = Mask {
                modality_weights: self.weights_of(subset),
                drug: subset.without(mask.drug),
                target: subset.without(mask.target),
                ..mask
            };
            ((start + at - first) as u32, mask)
        };
        table.rows(&pairs.iter().enumerate().map(row).collect::<Vec<_>>())
    }
}
