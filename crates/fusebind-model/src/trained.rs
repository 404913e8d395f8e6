//! A trained model as one file: weights, configuration, feature schema and output scaling.
//!
//! Comes in: the file that training wrote. Goes out: a [`TrainedModel`] that featurises and predicts exactly as in training.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use burn::tensor::Device;
use fusebind_features::{
    entity::{
        embedded::embed,
        molecule::{Molecule, Standardise},
        pretrained::{EmbedInputs, EncoderReference},
        protein::Protein,
        side::SideData,
    },
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::{Mask, ReferenceEntities},
    novelty::Novelty,
    quality::{MismatchRates, TableQuality},
    reference::Reference,
    schema::{DrugStore, InputScales, SideSchema, TargetStore},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    config::ModelConfig,
    ensemble::{Member, MemberRecord, StructureRecord},
    model::Model,
    provenance::TrainingRecord,
    scoring::{
        Encoded, EnsembleWeights, GATHERED, InputSubset, MissingModalities, NeighbourSource, PairShares, Scorer,
        Scores, distinct,
    },
    trust::{PairEvidence, Trust},
};

/// Version of the featurisation; a checkpoint of another version is refused.
pub const FEATURE_SCHEMA: u32 = 4;
/// Share of wrong values in a side table from which on it is worth a note.
const MISMATCHES_WORTH_A_NOTE: f32 = 0.2;

/// How one affinity column is brought back to its scale: `value = standardised * deviation + mean`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputScale {
    /// Name of the scale, for instance `pKd`.
    pub name: String,
    /// Mean of the training labels.
    pub mean: f64,
    /// Standard deviation of the training labels.
    pub std: f64,
}

/// What belongs to the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Version of fusebind that wrote the file.
    pub version: String,
    /// Version of the featurisation.
    pub feature_schema: u32,
    /// Configuration of the model.
    pub model: ModelConfig,
    /// Scales of the inputs, fitted on training entities.
    pub inputs: InputScales,
    /// Affinity columns in their order.
    pub scales: Vec<OutputScale>,
    /// Share of the encoders, with neighbour features, in the prediction; the rest is the neighbour head.
    pub encoder_share: f32,
    /// Share of the output from graph and sequence alone in the prediction.
    pub structure_only_share: f32,
    /// Shares of pairs of some novelty, in place of the two above and of those of further members; chosen on hold-outs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares_by_novelty: BTreeMap<Novelty, EnsembleWeights>,
    /// The structure model of the first member, where it has one: a second model, which says what follows from graph and sequence alone. Every
    /// member has one, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure_model: Option<StructureRecord>,
    /// Weights of the modalities of drugs and of targets at the end of training.
    pub modality_weights: [ModalityWeights; 2],
    /// Share of binding pairs in training: the answer for a pair of which nothing is known.
    pub prior: Option<f64>,
    /// Probability from which on a pair is predicted to bind, chosen on validation data.
    pub threshold: Option<f64>,
    /// How far predictions can be trusted; none before pairs were held out, and where the recipe holds out none.
    #[serde(default)]
    pub trust: Option<Trust>,
    /// Name of the recipe.
    pub recipe: String,
    /// Further members of an ensemble, whose weights are in the file; the fields above are those of the first member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberRecord>,
    /// What was made of the molecules trained on, and has to be made of those that are predicted.
    #[serde(default, skip_serializing_if = "Standardise::is_parent")]
    pub standardise: Standardise,
    /// Fingerprint of the data trained on.
    pub data_fingerprint: String,
    /// Hash of the split trained on.
    pub split_hash: String,
    /// Seed of the run.
    pub seed: u64,
    /// Counts of the training part, and scores of the kept epoch.
    pub training: TrainingRecord,
}

/// A trained model with everything that prediction needs.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// What belongs to the weights.
    pub description: Description,
    /// The model on its device, without gradients.
    pub model: Model,
    /// The structure model of the first member, where it has one.
    pub structure: Option<Model>,
    /// Further members of an ensemble; a prediction is the mean of all.
    pub members: Vec<Member>,
    /// Training pairs and their entities, if the model reads neighbour features.
    pub neighbours: Option<Reference>,
    /// Mismatch rates of side tables: those of training, unless the user gave others.
    pub mismatch_rates: MismatchRates,
    /// Pretrained encoders that are at hand, of those that the model was trained with. What another one embeds is missing.
    pub encoders: Vec<Arc<dyn EmbedInputs>>,
    /// Where the model lives.
    pub device: Device,
}

impl Description {
    /// Featurises drugs as this model reads them, with a note on side data that it cannot use.
    fn drugs<'a>(&self, molecules: impl Iterator<Item = &'a Molecule>, side: &SideData) -> (DrugStore, Vec<String>) {
        let store = DrugStore::new(molecules, self.model.graph.substructures).scaled(&self.inputs.substructures);
        let (side, notes) = self.inputs.drug.store(side, store.keys.len());
        (store.with_side(side), notes)
    }

    /// Featurises targets as this model reads them, with a note on side data that it cannot use. A target that is one of `training` in
    /// another form is read as that one.
    fn targets<'a>(
        &self,
        proteins: impl Iterator<Item = &'a Protein>,
        side: &SideData,
        training: Option<&ReferenceEntities>,
    ) -> (TargetStore, Vec<String>) {
        let store = TargetStore::new(proteins, self.model.sequence.composition);
        let store = match training {
            Some(training) => store.recognise(training),
            None => store,
        };
        let store = store.scaled(&self.inputs.composition);
        let (side, notes) = self.inputs.target.store(side, store.keys.len());
        (store.with_side(side), notes)
    }
}

/// What featurising found out about side data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideFindings {
    /// What the model cannot use, and tables of which much is wrong, in words.
    pub notes: Vec<String>,
    /// How much of each table of drugs and of targets looks mismatched, where the model checks side values.
    pub table_quality: [Vec<TableQuality>; 2],
}

/// Notes on side tables that look far more mismatched than the rate that the model uses.
fn mismatch_notes([drugs, targets]: &[Vec<TableQuality>; 2]) -> impl Iterator<Item = String> {
    let of = |side: &'static str| {
        move |table: &TableQuality| {
            format!(
                "{side} {}: about {:.0} % of {} values look as if they belonged to another {side}; predictions assume {:.0} %. Fix: check \
                 the identifiers of that table, or estimate its rate with `fusebind quality estimate` and pass the file with --mismatch-rates",
                table.modality,
                100.0 * table.mismatch_rate,
                table.values,
                100.0 * table.used
            )
        }
    };
    let much =
        |table: &&TableQuality| table.mismatch_rate > MISMATCHES_WORTH_A_NOTE && table.mismatch_rate > 2.0 * table.used;
    let drugs = drugs.iter().filter(much).map(of("drug"));
    drugs.chain(targets.iter().filter(much).map(of("target")))
}

impl TrainedModel {
    /// Featurises drugs and targets as this model reads them, with the weights of their side modalities and findings about the side data.
    pub fn stores<'a>(
        &self,
        drugs: (impl Iterator<Item = &'a Molecule>, &SideData),
        targets: (impl Iterator<Item = &'a Protein>, &SideData),
    ) -> (DrugStore, TargetStore, SideFindings) {
        let molecules: Vec<&Molecule> = drugs.0.collect();
        let proteins: Vec<&Protein> = targets.0.collect();
        let smiles: Vec<&str> = molecules.iter().map(|m| m.smiles.as_str()).collect();
        let sequences: Vec<&str> = proteins.iter().map(|p| p.sequence.as_str()).collect();
        let inputs = &self.description.inputs;
        let drug_side = self.embedded(&inputs.drug, &smiles, drugs.1);
        let target_side = self.embedded(&inputs.target, &sequences, targets.1);
        let (mut drugs, mut notes) = self.description.drugs(molecules.into_iter(), &drug_side);
        let (mut targets, more) = {
            let training = self.neighbours.as_ref().map(|reference| &reference.set.targets);
            self.description.targets(proteins.into_iter(), &target_side, training)
        };
        notes.extend(more);
        let table_quality = match &self.neighbours {
            Some(neighbours) => neighbours.weigh(&mut drugs, &mut targets, &self.mismatch_rates),
            None => Default::default(),
        };
        notes.extend(mismatch_notes(&table_quality));
        (drugs, targets, SideFindings { notes, table_quality })
    }
}

impl TrainedModel {
    /// `side` with what the pretrained encoders at hand make of entities with these `structures`. What it holds already, as in training, is
    /// not computed again.
    fn embedded<'a>(&self, schema: &SideSchema, structures: &[&str], side: &'a SideData) -> Cow<'a, SideData> {
        let mut all = Cow::Borrowed(side);
        for wanted in schema.embeddings.iter().filter(|e| e.encoder.is_some()) {
            let is_wanted = |encoder: &&Arc<dyn EmbedInputs>| {
                let own = wanted.encoder.as_ref();
                own.is_some_and(|own| own.is_same(encoder.reference()))
            };
            if all.embeddings.iter().any(|known| wanted.reads(known)) {
                continue;
            }
            if let Some(encoder) = self.encoders.iter().find(is_wanted) {
                let embeddings = embed(encoder.as_ref(), structures, side);
                all.to_mut().embeddings.push(embeddings);
            }
        }
        all
    }
}

impl Description {
    /// The pretrained encoders that the model was trained with, each once.
    pub fn encoders(&self) -> Vec<&EncoderReference> {
        let mut all: Vec<&EncoderReference> = Vec::new();
        for reference in self.inputs.drug.encoders().chain(self.inputs.target.encoders()) {
            if !all.iter().any(|known| known.is_same(reference)) {
                all.push(reference);
            }
        }
        all
    }

    /// How the raw outputs of the model become its prediction.
    pub fn ensemble(&self) -> EnsembleWeights {
        EnsembleWeights {
            encoder_share: self.encoder_share,
            structure_only_share: self.structure_only_share,
            structure_encoder_share: self.structure_model.map(|of| of.encoder_share),
            one_sided_share: self.structure_model.map_or(0.0, |of| of.one_sided_share),
        }
    }

    /// Gives the rows at `silent` the prior of training: the mean affinity and the share of binding pairs.
    fn answer_prior(&self, scores: &mut Scores, silent: &[usize]) {
        let logit = self.prior.map_or(0.0, |p| (p / (1.0 - p)).ln() as f32);
        for &row in silent {
            scores
                .affinity
                .iter_mut()
                .skip(row * scores.scales)
                .take(scores.scales)
                .for_each(|v| *v = 0.0);
            scores.binding.iter_mut().skip(row).take(1).for_each(|v| *v = logit);
            let spread = &mut scores.spread;
            (spread.affinity.iter_mut().skip(row * scores.scales).take(scores.scales)).for_each(|v| *v = 0.0);
            spread.binding.iter_mut().skip(row).take(1).for_each(|v| *v = 0.0);
        }
    }
}

impl TrainedModel {
    /// Scores `pairs` of positions in the stores. `progress` is called with the number of pairs done.
    pub fn score(
        &self,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        mask: Mask,
        progress: impl FnMut(usize),
    ) -> Scores {
        self.score_encoded(stores, pairs, mask, progress).0
    }

    /// [`TrainedModel::score`], with the encoded entities of the pairs: each is encoded once.
    pub fn score_encoded(
        &self,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        mask: Mask,
        progress: impl FnMut(usize),
    ) -> (Scores, Encoded) {
        let ids = [distinct(pairs.iter().map(|p| p.0)), distinct(pairs.iter().map(|p| p.1))];
        let encoded = self.encode_members(stores, ids, mask);
        let mut scores = self.predict_members(&encoded, stores, pairs, mask, progress);
        let silent = self.silent_pairs(stores, pairs, mask);
        self.description.answer_prior(&mut scores, &silent);
        self.shift_prior(&mut scores, stores, pairs, mask);
        (scores, encoded)
    }

    /// Marks pairs of compounds that are presumed inert, except those that training holds and where the structure is masked.
    fn shift_prior(&self, scores: &mut Scores, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)], mask: Mask) {
        let shift = self.description.trust.as_ref().map_or(0.0, |trust| trust.inert_shift) as f32;
        let inert = &stores.0.presumed_inert;
        if scores.binding.is_empty() || shift == 0.0 || mask.drug.contains(Modality::Graph) || !inert.contains(&true) {
            return;
        }
        let is_known = |(drug, target): (u32, u32)| {
            let key = (&stores.0.keys[drug as usize], &stores.1.keys[target as usize]);
            let reference = self.neighbours.as_ref();
            reference.is_some_and(|reference| reference.set.outcome(key.0, key.1).is_some())
        };
        let of = |pair: &(u32, u32)| match inert[pair.0 as usize] && !is_known(*pair) {
            true => shift,
            false => 0.0,
        };
        scores.prior_shift = pairs.iter().map(of).collect();
    }

    /// What scores pairs of which `mask` is masked.
    fn scorer(&self, mask: Mask) -> Scorer<'_> {
        Scorer {
            model: &self.model,
            structure: self.structure.as_ref(),
            neighbours: self
                .neighbours
                .as_ref()
                .map_or(NeighbourSource::Nothing, NeighbourSource::ReferenceSet),
            missing: MissingModalities::Alike(mask),
            modality_weights: self.description.modality_weights,
            device: &self.device,
        }
    }

    /// Encodes all drugs and targets of the stores, of which either may be empty, for [`TrainedModel::score_joined`].
    pub fn encode_all(&self, stores: (&DrugStore, &TargetStore), mask: Mask) -> Encoded {
        let all = [stores.0.keys.len(), stores.1.keys.len()].map(|count| (0..count as u32).collect());
        self.encode_members(stores, all, mask)
    }

    /// [`TrainedModel::encode_all`] of entities of which none has side values: what a structure model answers for is read by it alone.
    pub fn encode_all_bare(&self, stores: (&DrugStore, &TargetStore), mask: Mask) -> Encoded {
        if !self.structure_answers(mask) {
            return self.encode_all(stores, mask);
        }
        let all = [stores.0.keys.len(), stores.1.keys.len()].map(|count| (0..count as u32).collect::<Vec<u32>>());
        let encode = |(scorer, _): (Scorer<'_>, EnsembleWeights)| {
            scorer.encode_entities(None, stores, all.clone(), &[InputSubset::Structure])
        };
        let mut scorers = self.scorers(mask);
        let first = scorers.next().map(encode).expect("a model has a first member");
        first.with_further(scorers.map(encode).collect())
    }

    /// Whether a structure model answers for pairs without side values of which `mask` is masked.
    fn structure_answers(&self, mask: Mask) -> bool {
        let whole = !mask.drug.contains(Modality::Graph) && !mask.target.contains(Modality::Sequence);
        whole && self.structure.is_some()
    }

    /// Every member with its scorer, the first member first.
    pub fn scorers(&self, mask: Mask) -> impl Iterator<Item = (Scorer<'_>, EnsembleWeights)> {
        let first = self.scorer(mask);
        let further = self.members.iter().map(move |member| {
            let scorer = Scorer {
                model: &member.model,
                structure: member.structure.as_ref(),
                modality_weights: member.record.modality_weights,
                ..first
            };
            (scorer, member.record.ensemble())
        });
        std::iter::once((first, self.description.ensemble())).chain(further)
    }

    /// [`TrainedModel::novelty`] where the shares of a pair depend on it, else empty.
    pub fn share_novelty(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)], mask: Mask) -> Vec<Novelty> {
        match self.description.shares_by_novelty.is_empty() {
            true => Vec::new(),
            false => self.novelty(stores, pairs, mask),
        }
    }

    /// The share of structure alone in the prediction of a pair of these weights: all of it where it has no side modality and a structure
    /// model answers.
    pub fn structure_share(
        &self,
        weights: EnsembleWeights,
        stores: (&DrugStore, &TargetStore),
        pair: (u32, u32),
        mask: Mask,
    ) -> f32 {
        match self.structure {
            Some(_) => weights.structure_share(self.scorer(mask).sides(stores, pair)),
            None => weights.structure_only_share,
        }
    }

    /// How new each of `pairs` is. An entity that training knows in another form is known, one of which the labels are masked is not.
    pub fn novelty(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)], mask: Mask) -> Vec<Novelty> {
        let Some(reference) = &self.neighbours else {
            return vec![Novelty::BothNew; pairs.len()];
        };
        let [drugs, targets] = reference.is_known(stores);
        let of = |&(drug, target): &(u32, u32)| {
            Novelty::of(
                drugs[drug as usize] && !mask.drug_labels,
                targets[target as usize] && !mask.target_labels,
            )
        };
        pairs.iter().map(of).collect()
    }

    /// Shares of pairs that are as new as [`TrainedModel::share_novelty`] says; `usual` are those of the member that predicts.
    pub fn shares<'s>(&'s self, usual: EnsembleWeights, novelty: &'s [Novelty]) -> PairShares<'s> {
        PairShares::by_novelty(usual, &self.description.shares_by_novelty, novelty)
    }

    /// Encodes these entities by every member.
    fn encode_members(&self, stores: (&DrugStore, &TargetStore), ids: [Vec<u32>; 2], mask: Mask) -> Encoded {
        let encode = |(scorer, ensemble): (Scorer<'_>, EnsembleWeights)| {
            let subsets = scorer.subsets(&self.shares(ensemble, &[]));
            scorer.encode_entities(None, stores, ids.clone(), subsets)
        };
        let mut scorers = self.scorers(mask);
        let first = scorers.next().map(encode).expect("a model has a first member");
        first.with_further(scorers.map(encode).collect())
    }

    /// The mean of all members, whose neighbour features are computed once.
    fn predict_members(
        &self,
        encoded: &Encoded,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        mask: Mask,
        mut progress: impl FnMut(usize),
    ) -> Scores {
        let novelty = self.share_novelty(stores, pairs, mask);
        if self.members.is_empty() {
            let shares = self.shares(self.description.ensemble(), &novelty);
            return (self.scorer(mask)).predict_encoded(encoded, stores, pairs, &shares, progress);
        }
        let (mut scores, mut done) = (Scores::default(), 0);
        for pairs in pairs.chunks(GATHERED) {
            let table = (self.neighbours.as_ref()).map(|reference| reference.table(stores, pairs));
            let neighbours = (table.as_ref()).map_or(NeighbourSource::Nothing, NeighbourSource::Table);
            let of_member = |((scorer, ensemble), encoded): ((Scorer<'_>, EnsembleWeights), &Encoded)| {
                let scorer = Scorer { neighbours, ..scorer };
                let shares = self.shares(ensemble, novelty.get(done..done + pairs.len()).unwrap_or_default());
                scorer.predict_encoded(encoded, stores, pairs, &shares, |_| {})
            };
            scores.append(Scores::mean(
                self.scorers(mask).zip(encoded.members()).map(of_member).collect(),
            ));
            done += pairs.len();
            progress(done);
        }
        scores
    }

    /// [`TrainedModel::score`] of pairs whose entities were encoded before, from the same stores and with the same mask.
    pub fn score_joined(
        &self,
        encoded: &Encoded,
        stores: (&DrugStore, &TargetStore),
        pairs: &[(u32, u32)],
        mask: Mask,
    ) -> Scores {
        let mut scores = self.predict_members(encoded, stores, pairs, mask, |_| {});
        let silent = self.silent_pairs(stores, pairs, mask);
        self.description.answer_prior(&mut scores, &silent);
        self.shift_prior(&mut scores, stores, pairs, mask);
        scores
    }

    /// What the reference knows of the entities of `pairs`, in their order; nothing where the model has no reference.
    pub fn evidence(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> Vec<PairEvidence> {
        let Some(reference) = &self.neighbours else {
            return vec![PairEvidence::default(); pairs.len()];
        };
        let drugs = distinct(pairs.iter().map(|pair| pair.0));
        let targets = distinct(pairs.iter().map(|pair| pair.1));
        let [of_drugs, of_targets] = reference.evidence(stores, [&drugs, &targets]);
        let place = |ids: &[u32], id: u32| ids.partition_point(|other| *other < id);
        let of = |&(drug, target): &(u32, u32)| PairEvidence {
            drug: of_drugs[place(&drugs, drug)],
            target: of_targets[place(&targets, target)],
        };
        pairs.iter().map(of).collect()
    }

    /// Rows of the pairs of which nothing is known: no modality of either side, and no label of either in training.
    fn silent_pairs(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)], without: Mask) -> Vec<usize> {
        if !without.drug.contains(Modality::Graph) || !without.target.contains(Modality::Sequence) {
            return Vec::new();
        }
        let known = self.neighbours.as_ref().map(|neighbours| neighbours.is_known(stores));
        let is_silent = |(drug, target): (u32, u32)| {
            let has = |side: ModalitySet, without: ModalitySet| side.iter().any(|m| !without.contains(m));
            let seen = known
                .as_ref()
                .is_some_and(|[d, t]| d[drug as usize] || t[target as usize]);
            !seen
                && !has(stores.0.side.present(drug), without.drug)
                && !has(stores.1.side.present(target), without.target)
        };
        (0..pairs.len()).filter(|row| is_silent(pairs[*row])).collect()
    }

    /// Refuses to do without the only modality of a side.
    pub fn check_without(&self, without: ModalitySet) -> Result<(), Error> {
        let model = &self.description.model;
        for (side, read) in [("drug", model.drug_modalities()), ("target", model.target_modalities())] {
            if read.len() == 1 && without.contains(read[0]) {
                let name = read[0];
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("`{name}` is the only {side} modality of this model, which cannot do without it"),
                ));
            }
        }
        Ok(())
    }

    /// Weight of each modality in the prediction of an entity with attention weights `attention`, `[M]`, the structure first: the share
    /// `structure_only` of a prediction rests on the structure alone, unless graph or sequence is masked.
    pub fn modality_shares(&self, attention: &[f32], masked: ModalitySet, structure_only: f32) -> Vec<f32> {
        let whole = !masked.contains(Modality::Graph) && !masked.contains(Modality::Sequence);
        let share = if whole { structure_only } else { 0.0 };
        let mut shares: Vec<f32> = attention.iter().map(|weight| weight * (1.0 - share)).collect();
        if let Some(structure) = shares.first_mut() {
            *structure += share;
        }
        shares
    }
}
