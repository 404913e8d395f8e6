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
    modality::ModalitySet,
    neighbours::Mask,
    quality::MismatchRates,
    schema::{DrugStore, TargetStore},
};
use fusebind_model::{
    Error, ErrorKind,
    device::DeviceChoice,
    fusion::entity::Absent,
    scoring::Scores,
    trained::{Description, TrainedModel},
};
use fusebind_pretrained::EncoderFolders;

use crate::{
    encoders::{missing_encoders, open_trained},
    inputs::name,
    pair::{Compound, DistinctPairs, Pair},
    prediction::Prediction,
    scored::{Scored, probability, unscaled},
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
        let (molecules, proteins, side) = (distinct.molecules(), distinct.proteins(), distinct.side());
        let entities = Entities {
            drugs: &molecules,
            targets: &proteins,
            side: [&side[0], &side[1]],
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
        let stores = (&drugs, &targets);
        let (scores, encoded) = (self.trained).score_encoded(stores, &pairs, self.mask(), progress);
        let evidence = match self.trained.description.trust {
            Some(_) => self.trained.evidence(stores, &pairs),
            None => Vec::new(),
        };
        let scored = Scored {
            trained: &self.trained,
            mask: self.mask(),
            stores,
            encoded: &encoded,
            scores: &scores,
            evidence: &evidence,
        };
        (scored.predictions(&pairs), notes)
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

    /// What every pair does without.
    pub(crate) fn mask(&self) -> Mask {
        Mask {
            drug: self.without,
            target: self.without,
            ..Mask::default()
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
}
