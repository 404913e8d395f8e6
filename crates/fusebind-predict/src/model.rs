//! The door: a model file, and predictions from it.
//!
//! Comes in: a run folder or a model file, pairs of compounds and targets. Goes out: one [`Prediction`] per pair, in order. Each
//! distinct entity is featurised and encoded once.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::{
    entity::{
        molecule::Molecule,
        pretrained::EncoderReference,
        protein::Protein,
        side::{DrugRows, SideData},
    },
    modality::{Modality, ModalitySet},
    neighbours::Mask,
    quality::MismatchRates,
    schema::{DrugStore, SideStore, TargetStore},
};
use fusebind_model::{
    Error, ErrorKind,
    device::DeviceChoice,
    fusion::entity::Absent,
    scoring::{AttentionWeights, Scores},
    trained::{Description, OutputScale, TrainedModel},
};
use fusebind_pretrained::EncoderFolders;

use crate::{
    certainty::{certainty, familiarity},
    encoders::{missing_encoders, open_trained},
    inputs::{Inputs, name},
    pair::{Compound, DistinctPairs, Pair},
    prediction::Prediction,
};

/// Entities that pairs of indices point into.
#[derive(Clone, Copy, Debug)]
pub struct Entities<'a> {
    /// Molecules.
    pub drugs: &'a [&'a Molecule],
    /// Proteins.
    pub targets: &'a [&'a Protein],
    /// Side data of the molecules and of the proteins.
    pub side: [&'a SideData; 2],
}

/// A loaded model.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) trained: TrainedModel,
    without: ModalitySet,
}

impl Model {
    /// Loads a run folder or a model file onto the processor, and the pretrained encoders that it reads from where it says that they are.
    ///
    /// # Errors
    /// Where there is no model file, where it is damaged or of another version, where an encoder is not there or is another one, and where it is a control of an ablation that fills in
    /// missing modalities from the other rows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_on(path.as_ref(), &DeviceChoice::Cpu.resolve()?.device)
    }

    /// Loads a run folder or a model file onto `device`.
    ///
    /// # Errors
    /// As for [`Model::open`].
    pub fn open_on(path: &Path, device: &Device) -> Result<Self, Error> {
        Self::open_with(path, device, &EncoderFolders::default())
    }

    /// Loads a run folder or a model file onto `device`, and the pretrained encoders that it reads from `encoders`.
    ///
    /// # Errors
    /// As for [`Model::open`].
    pub fn open_with(path: &Path, device: &Device, encoders: &EncoderFolders) -> Result<Self, Error> {
        let file = if path.is_dir() {
            path.join("model.safetensors")
        } else {
            path.to_path_buf()
        };
        let trained = open_trained(&file, device, encoders)?;
        if matches!(trained.description.model.fusion.absent, Absent::Mean | Absent::Knn) {
            let control = "is a control of an ablation, whose predictions depend on the other rows of a call: train another recipe";
            return Err(Error::new(ErrorKind::Config, control).about(&file));
        }
        Ok(Self {
            trained,
            without: ModalitySet::default(),
        })
    }

    /// The same model with some modalities switched off; refused where nothing would be left of a side.
    pub fn without(mut self, modalities: ModalitySet) -> Result<Self, Error> {
        self.trained.check_without(modalities)?;
        self.without = modalities;
        Ok(self)
    }

    /// Reads a SMILES as the molecules that the model was trained on.
    ///
    /// # Errors
    /// Where it is no valid molecule.
    pub fn compound(&self, smiles: &str) -> Result<Compound, fusebind_features::Error> {
        Compound::parse_with(smiles, self.trained.description.standardise)
    }

    /// What belongs to the weights.
    pub fn description(&self) -> &Description {
        &self.trained.description
    }

    /// Names of the affinity scales, in the order of [`Prediction::affinity`].
    pub fn scales(&self) -> impl Iterator<Item = &str> {
        self.trained.description.scales.iter().map(|s| s.name.as_str())
    }

    /// What the training data call a drug (`side` 0) or a target (1) of the reference.
    pub fn training_name(&self, side: usize, id: u32) -> &str {
        self.trained
            .neighbours
            .as_ref()
            .map_or("", |reference| reference.name(side, id))
    }

    /// Whether the model was trained on a pair, by canonical SMILES and sequence letter for letter; none where it does not hold its training
    /// pairs.
    pub fn was_trained_on(&self, smiles: &str, sequence: &str) -> Option<bool> {
        let reference = self.trained.neighbours.as_ref()?;
        Some(reference.set.outcome(smiles, sequence).is_some())
    }

    /// Names of the modalities in the order of [`Prediction::weights`]; empty for a model of graph and sequence alone.
    pub fn weight_names(&self) -> Vec<String> {
        let model = &self.description().model;
        let (drug, target) = (model.drug_modalities(), model.target_modalities());
        if drug.len() + target.len() == 2 {
            return Vec::new();
        }
        let drug = drug.into_iter().map(|m| name("drug", m));
        drug.chain(target.into_iter().map(|m| name("target", m))).collect()
    }

    /// The pretrained encoders that the model was trained with and that are not at hand: what they embed is missing.
    pub fn missing_encoders(&self) -> Vec<&EncoderReference> {
        missing_encoders(&self.trained)
    }

    /// Uses `rates` as the mismatch rates of side tables, in place of those of training.
    pub fn with_mismatch_rates(mut self, rates: MismatchRates) -> Self {
        self.trained.mismatch_rates = rates;
        self
    }

    /// Estimates the mismatch rates of the side tables that the entities come from, for [`Model::with_mismatch_rates`].
    pub fn estimate_mismatch_rates(&self, entities: Entities<'_>) -> MismatchRates {
        let drugs = (entities.drugs.iter().copied(), entities.side[0]);
        let targets = (entities.targets.iter().copied(), entities.side[1]);
        let (drugs, targets, _) = self.trained.stores(drugs, targets);
        let reference = self.trained.neighbours.as_ref();
        reference
            .map(|reference| reference.estimate_rates(&drugs, &targets))
            .unwrap_or_default()
    }

    /// The model with its reference set, for those who encode and score in steps of their own.
    pub fn trained(&self) -> &TrainedModel {
        &self.trained
    }

    /// Predicts `pairs`, in order. Equal compounds and equal targets are encoded once. A prediction depends on the model and on its own
    /// pair alone.
    pub fn predict(&self, pairs: &[Pair]) -> Vec<Prediction> {
        let distinct = DistinctPairs::new(pairs);
        let side = [&distinct.side[0], &distinct.side[1]];
        let entities = Entities {
            drugs: &distinct.molecules,
            targets: &distinct.proteins,
            side,
        };
        self.predict_indexed(entities, &distinct.pairs, |_| {}).0
    }

    /// Predicts `pairs` of indices into the entities, with notes on side data that the model cannot use. `progress` is called with the
    /// number of pairs done.
    pub fn predict_indexed(
        &self,
        entities: Entities<'_>,
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> (Vec<Prediction>, Vec<String>) {
        let (drugs, targets, pairs, notes) = self.stores(entities, pairs);
        let (scores, encoded) = (self.trained).score_encoded((&drugs, &targets), &pairs, self.mask(), progress);
        let evidence = match self.trained.description.trust {
            Some(_) => self.trained.evidence((&drugs, &targets), &pairs),
            None => Vec::new(),
        };
        let shows_weights = !self.weight_names().is_empty();
        let novelty = self.trained.share_novelty((&drugs, &targets), &pairs, self.mask());
        let familiar = [
            familiarity(&self.trained, &encoded, 0, |id| self.read_of(drugs.side.present(id))),
            familiarity(&self.trained, &encoded, 1, |id| self.read_of(targets.side.present(id))),
        ];
        let familiarity = |drug: u32, target: u32| {
            [(0, drug), (1, target)].map(|(side, id)| {
                let place = encoded.ids(side).partition_point(|other| *other < id);
                familiar[side].get(place).copied().unwrap_or_default()
            })
        };
        let predict = |(row, &(drug, target)): (usize, &(u32, u32))| {
            let usual = self.trained.description.structure_only_share;
            let chosen = novelty
                .get(row)
                .and_then(|novelty| self.trained.description.shares_by_novelty.get(novelty));
            let share = chosen.map_or(usual, |weights| weights.structure_only_share);
            let sides = [
                self.side(Modality::Graph, &drugs.side, drug, encoded.attention(0), share),
                self.side(Modality::Sequence, &targets.side, target, encoded.attention(1), share),
            ];
            let all = |of: &dyn Fn(&EntitySide) -> Vec<Option<f64>>| match shows_weights {
                true => sides.iter().flat_map(of).collect(),
                false => Vec::new(),
            };
            Prediction {
                inputs: Inputs {
                    drug: sides[0].read,
                    target: sides[1].read,
                },
                weights: all(&|side| side.weights.clone()),
                mismatch_probabilities: all(&|side| side.mismatch_probabilities.clone()),
                certainty: certainty(&self.trained, &scores, &evidence, row, familiarity(drug, target)),
                ..self.prediction(&scores, row)
            }
        };
        (pairs.iter().enumerate().map(predict).collect(), notes)
    }

    /// Whether training holds a label of a pair of these entities.
    pub fn is_trained_on(&self, entities: Entities<'_>, pairs: &[(u32, u32)]) -> Vec<bool> {
        let (drugs, targets, pairs, _) = self.stores(entities, pairs);
        let reference = self.trained.neighbours.as_ref();
        let of = |(drug, target): &(u32, u32)| {
            let (drug, target) = (&drugs.keys[*drug as usize], &targets.keys[*target as usize]);
            reference.is_some_and(|reference| reference.set.outcome(drug, target).is_some())
        };
        pairs.iter().map(of).collect()
    }

    /// Stores of the entities, the positions of `pairs` in them, and notes on side data that the model cannot use: a drug has further rows where
    /// pairs see other side data of it.
    pub(crate) fn stores(
        &self,
        entities: Entities<'_>,
        pairs: &[(u32, u32)],
    ) -> (DrugStore, TargetStore, Vec<(u32, u32)>, Vec<String>) {
        let rows = DrugRows::new(entities.side[0], entities.drugs.len(), pairs);
        let further = rows.drugs.iter().map(|d| entities.drugs[*d as usize]);
        let molecules = entities.drugs.iter().copied().chain(further);
        let targets = (entities.targets.iter().copied(), entities.side[1]);
        let (drugs, targets, findings) = self.trained.stores((molecules, &rows.side), targets);
        (drugs, targets, rows.pairs, findings.notes)
    }

    /// Those of the side modalities `present` that are read.
    fn read_of(&self, present: ModalitySet) -> ModalitySet {
        present.iter().filter(|m| !self.without.contains(*m)).collect()
    }

    /// What every pair does without.
    pub(crate) fn mask(&self) -> Mask {
        Mask {
            drug: self.without,
            target: self.without,
            ..Mask::default()
        }
    }

    /// What a prediction of which this share rests on structure alone tells of one of its entities.
    fn side(
        &self,
        structure: Modality,
        store: &SideStore,
        entity: u32,
        attention: AttentionWeights<'_>,
        structure_only: f32,
    ) -> EntitySide {
        let model = &self.description().model;
        let modalities = match structure {
            Modality::Graph => model.drug_modalities(),
            _ => model.target_modalities(),
        };
        let mut present = store.present(entity);
        present.insert(structure);
        let read: ModalitySet = present.iter().filter(|m| !self.without.contains(*m)).collect();
        let shares = (self.trained).modality_shares(attention.of(entity), self.without, structure_only);
        let weights = store.modality_weights(entity);
        let if_read = |m: Modality, value: f32| read.contains(m).then_some(f64::from(value));
        EntitySide {
            read,
            weights: (modalities.iter().zip(shares))
                .map(|(m, share)| if_read(*m, share))
                .collect(),
            mismatch_probabilities: (modalities.iter()).map(|m| if_read(*m, 1.0 - weights.of(*m))).collect(),
        }
    }

    /// What pairs are ranked by: the first affinity, or the probability of binding.
    pub(crate) fn main_score(&self, scores: &Scores, row: usize) -> f64 {
        match self.description().scales.first() {
            Some(scale) => unscaled(scores.affinity[row * scores.scales], scale),
            None => scores.binding.get(row).map_or(f64::NEG_INFINITY, |logit| {
                probability(*logit + scores.prior_shift_at(row))
            }),
        }
    }

    /// The scores of a row on their scales.
    fn prediction(&self, scores: &Scores, row: usize) -> Prediction {
        let description = self.description();
        let affinity =
            |(column, scale): (usize, &OutputScale)| unscaled(scores.affinity[row * scores.scales + column], scale);
        let probability = scores.binding.get(row).map(|logit| probability(*logit));
        let spread = scores
            .spread
            .affinity
            .iter()
            .skip(row * scores.scales)
            .map(|value| f64::from(*value));
        Prediction {
            affinity_spread: spread
                .zip(&description.scales)
                .map(|(value, scale)| value * scale.std)
                .collect(),
            probability_spread: scores.spread.binding.get(row).map(|value| f64::from(*value)),
            affinity: description.scales.iter().enumerate().map(affinity).collect(),
            probability,
            binds: probability
                .zip(description.threshold)
                .map(|(p, threshold)| p >= threshold),
            ..Prediction::default()
        }
    }
}

/// A standardised affinity on its scale.
fn unscaled(value: f32, scale: &OutputScale) -> f64 {
    f64::from(value) * scale.std + scale.mean
}

fn probability(logit: f32) -> f64 {
    1.0 / (1.0 + f64::from(-logit).exp())
}

/// What a prediction tells of one of its entities.
struct EntitySide {
    read: ModalitySet,
    weights: Vec<Option<f64>>,
    mismatch_probabilities: Vec<Option<f64>>,
}
