//! Predictions for pairs of molecules and proteins from a trained model.
//!
//! Comes in: a model file, molecules, proteins, their side data and index pairs. Goes out: one [`Prediction`] per pair, in
//! order. Each distinct entity is featurised and encoded once.

use std::path::Path;

use burn::tensor::Device;
use fusebind_features::{
    entity::{
        molecule::Molecule,
        protein::Protein,
        side::{DrugRows, SideData},
    },
    modality::{Modality, ModalitySet, ModalityWeights},
    neighbours::Mask,
    rows::Rows,
};
use fusebind_model::{
    Error,
    scoring::Scores,
    trained::{Description, TrainedModel},
};

/// What the model says of one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Affinity on each of the model's scales, in the order of [`Predictor::scales`].
    pub affinity: Vec<f64>,
    /// Probability of binding, with a binding head.
    pub probability: Option<f64>,
    /// Whether the probability reaches the threshold chosen on validation data.
    pub binds: Option<bool>,
    /// Modalities that were used.
    pub inputs: Inputs,
    /// Weight of each modality in the embeddings, in the order of [`Predictor::weight_names`]; none where it is absent.
    pub weights: Vec<Option<f64>>,
    /// How far what each modality says of this entity is believed, from 0 to 1, in the same order; none where it is absent.
    pub modality_weights: Vec<Option<f64>>,
}

/// Modalities used for a drug and a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Of the drug.
    pub drug: ModalitySet,
    /// Of the target.
    pub target: ModalitySet,
}

impl std::fmt::Display for Inputs {
    /// Names, those of side modalities with their side: `graph,drug text,sequence`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = (self.drug.iter().map(|m| name("drug", m)))
            .chain(self.target.iter().map(|m| name("target", m)))
            .collect();
        f.write_str(&names.join(","))
    }
}

fn name(side: &str, modality: Modality) -> String {
    match modality {
        Modality::Graph | Modality::Sequence => modality.name().to_string(),
        _ => format!("{side} {modality}"),
    }
}

/// What is known of the entities that pairs are made of.
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
pub struct Predictor {
    bundle: TrainedModel,
    without: ModalitySet,
}

impl Predictor {
    /// Loads a run folder or a model file onto `device`.
    pub fn open(path: &Path, device: &Device) -> Result<Self, Error> {
        let file = if path.is_dir() {
            path.join("model.safetensors")
        } else {
            path.to_path_buf()
        };
        Ok(Self {
            bundle: TrainedModel::open(&file, device)?,
            without: ModalitySet::default(),
        })
    }

    /// The same model with some modalities switched off; refused where nothing would be left of a side.
    pub fn without(mut self, modalities: ModalitySet) -> Result<Self, Error> {
        self.bundle.check_without(modalities)?;
        self.without = modalities;
        Ok(self)
    }

    /// What belongs to the weights.
    pub fn description(&self) -> &Description {
        &self.bundle.description
    }

    /// Names of the affinity scales, in the order of [`Prediction::affinity`].
    pub fn scales(&self) -> impl Iterator<Item = &str> {
        self.bundle.description.scales.iter().map(|s| s.name.as_str())
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

    /// Predicts `pairs` of indices into the entities, with a note on side data that the model cannot use. `progress` hears the
    /// number of pairs done.
    pub fn predict(
        &self,
        entities: Entities<'_>,
        pairs: &[(u32, u32)],
        progress: impl FnMut(usize),
    ) -> (Vec<Prediction>, Vec<String>) {
        let views = DrugRows::new(entities.side[0], entities.drugs.len(), pairs);
        let further = views.drugs.iter().map(|d| entities.drugs[*d as usize]);
        let molecules = entities.drugs.iter().copied().chain(further);
        let pairs = &views.pairs[..];
        let targets = (entities.targets.iter().copied(), entities.side[1]);
        let (drugs, targets, findings) = self.bundle.stores((molecules, &views.side), targets);
        let mask = Mask {
            drug: self.without,
            target: self.without,
            ..Mask::default()
        };
        let scores = self.bundle.score((&drugs, &targets), pairs, mask, progress);
        let weights = match self.weight_names().is_empty() {
            true => Default::default(),
            false => self.bundle.weights((&drugs, &targets), self.without),
        };
        let left = |mut own: ModalitySet, structure: Modality| -> ModalitySet {
            own.insert(structure);
            own.iter().filter(|m| !self.without.contains(*m)).collect()
        };
        let predictions = pairs
            .iter()
            .enumerate()
            .map(|(row, &(drug, target))| {
                let inputs = Inputs {
                    drug: left(drugs.side.present(drug), Modality::Graph),
                    target: left(targets.side.present(target), Modality::Sequence),
                };
                let modality_weights = [drugs.side.modality_weights(drug), targets.side.modality_weights(target)];
                Prediction {
                    modality_weights: self.modality_weights_of(modality_weights, inputs),
                    weights: self.weights_of(&weights, (drug, target), inputs),
                    ..self.prediction((&scores, row), inputs)
                }
            })
            .collect();
        (predictions, findings.notes)
    }

    fn weights_of(&self, weights: &[Rows; 2], (drug, target): (u32, u32), inputs: Inputs) -> Vec<Option<f64>> {
        let model = &self.description().model;
        let side = |rows: &Rows, entity: u32, modalities: Vec<Modality>, present: ModalitySet| {
            let row = rows.values.iter().skip(entity as usize * rows.width).take(rows.width);
            let shown = |(weight, m): (&f32, Modality)| present.contains(m).then_some(f64::from(*weight));
            row.zip(modalities).map(shown).collect::<Vec<_>>()
        };
        let mut all = side(&weights[0], drug, model.drug_modalities(), inputs.drug);
        all.extend(side(&weights[1], target, model.target_modalities(), inputs.target));
        all
    }

    fn modality_weights_of(&self, modality_weights: [ModalityWeights; 2], inputs: Inputs) -> Vec<Option<f64>> {
        let model = &self.description().model;
        let sides = [
            (model.drug_modalities(), inputs.drug, modality_weights[0]),
            (model.target_modalities(), inputs.target, modality_weights[1]),
        ];
        let shown = |m: Modality, present: ModalitySet, modality_weights: ModalityWeights| {
            present.contains(m).then(|| f64::from(modality_weights.of(m)))
        };
        let side =
            |(all, present, modality_weights): (Vec<Modality>, ModalitySet, ModalityWeights)| -> Vec<Option<f64>> {
                all.into_iter().map(|m| shown(m, present, modality_weights)).collect()
            };
        sides.into_iter().flat_map(side).collect()
    }

    fn prediction(&self, (scores, row): (&Scores, usize), inputs: Inputs) -> Prediction {
        let description = &self.bundle.description;
        let affinity = description
            .scales
            .iter()
            .enumerate()
            .map(|(column, scale)| f64::from(scores.affinity[row * scores.scales + column]) * scale.std + scale.mean)
            .collect();
        let probability = scores
            .binding
            .get(row)
            .map(|logit| 1.0 / (1.0 + f64::from(-logit).exp()));
        let binds = probability
            .zip(description.threshold)
            .map(|(p, threshold)| p >= threshold);
        Prediction {
            affinity,
            probability,
            binds,
            inputs,
            weights: Vec::new(),
            modality_weights: Vec::new(),
        }
    }
}
