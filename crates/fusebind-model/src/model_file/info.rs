//! What a model file says of itself.
//!
//! Comes in: a path. Goes out: [`ModelInfo`], whose keys are those of `fusebind model info --json`.

use std::{collections::BTreeMap, path::Path};

use fusebind_features::{
    entity::{molecule::Standardise, pretrained::EncoderReference},
    modality::Modality,
    novelty::Novelty,
};
use serde::Serialize;

use super::contents::ModelFile;
use crate::{
    Error,
    checkpoint::SectionInfo,
    ensemble::StructureRecord,
    provenance::TrainingRecord,
    scoring::EnsembleWeights,
    trained::{Description, OutputScale},
    trust::SourceScores,
};

/// What a model file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelInfo {
    /// `affinity`, `binding` or `joint`.
    pub task: &'static str,
    /// Affinity columns.
    pub scales: Vec<OutputScale>,
    /// Modalities of drugs that are read.
    pub drug_modalities: Vec<Modality>,
    /// Modalities of targets that are read.
    pub target_modalities: Vec<Modality>,
    /// Number of parameters, of all members together.
    pub parameters: u64,
    /// Members of the ensemble; 1 for a single model.
    pub members: u64,
    /// Version of fusebind that wrote the file.
    pub version: String,
    /// Version of the featurisation.
    pub feature_schema: u32,
    /// Name of the recipe.
    pub recipe: String,
    /// Seed of the run.
    pub seed: u64,
    /// What is made of molecules before they are featurised.
    pub standardise: Standardise,
    /// Fingerprint of the training data.
    pub data_fingerprint: String,
    /// Hash of the split.
    pub split_hash: String,
    /// Counts and scores.
    pub training: TrainingRecord,
    /// Share of binding pairs in training.
    pub prior: Option<f64>,
    /// Probability above which a pair is said to bind.
    pub threshold: Option<f64>,
    /// Held-out pairs by how new they were; empty without calibration.
    pub held_out_pairs: BTreeMap<Novelty, u64>,
    /// Scores to expect of new pairs, by how new they are: those of models that did not see the held-out pairs.
    pub expected: BTreeMap<Novelty, BTreeMap<String, f64>>,
    /// Scores on each source of a model that was trained without it: what to expect of pairs from elsewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub expected_of_sources: BTreeMap<String, SourceScores>,
    /// Shares of encoders and of structure alone that hold-outs chose for pairs of some novelty; others have those of validation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shares_by_novelty: BTreeMap<Novelty, EnsembleWeights>,
    /// The structure model of the first member, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structure_model: Option<StructureRecord>,
    /// Pretrained encoders that the model was trained with; their weights are not in the file.
    pub encoders: Vec<EncoderReference>,
    /// Labels of training pairs inside the file.
    pub reference_pairs: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Sections in the order of names.
    pub sections: Vec<SectionInfo>,
}

impl ModelInfo {
    /// Reads and checks the file at `path`; no model is made.
    ///
    /// # Errors
    /// As [`ModelFile::open`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (file, sections) = ModelFile::open(path)?;
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let reference = file.reference.as_ref();
        let of_members = file.members.iter().flat_map(|member| member.arrays.values());
        let weights = file.weights.arrays.values().chain(of_members);
        let members = 1 + file.members.len() as u64;
        let encoders = file.description.encoders().into_iter().cloned().collect();
        let Description {
            version,
            feature_schema,
            model,
            scales,
            prior,
            threshold,
            recipe,
            standardise,
            data_fingerprint,
            split_hash,
            seed,
            training,
            trust,
            shares_by_novelty,
            structure_model,
            ..
        } = file.description;
        let held_out = trust.map(|trust| (trust.pairs, trust.expected, trust.sources));
        let (held_out_pairs, expected, expected_of_sources) = held_out.unwrap_or_default();
        Ok(Self {
            held_out_pairs,
            expected,
            expected_of_sources,
            shares_by_novelty,
            structure_model,
            task: match (model.heads.affinities > 0, model.heads.binding) {
                (true, true) => "joint",
                (true, false) => "affinity",
                (false, _) => "binding",
            },
            scales,
            drug_modalities: model.drug_modalities(),
            target_modalities: model.target_modalities(),
            parameters: weights.map(|array| array.values.len() as u64).sum(),
            members,
            version,
            feature_schema,
            recipe,
            seed,
            standardise,
            data_fingerprint,
            split_hash,
            training,
            prior,
            threshold,
            encoders,
            reference_pairs: reference.map_or(0, |reference| reference.set.known.outcomes().len() as u64),
            bytes,
            sections,
        })
    }
}
