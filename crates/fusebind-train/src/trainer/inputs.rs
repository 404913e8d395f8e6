//! What is fitted on training pairs before the first step: input scales, vocabularies, panels, and the bank of evidence.

use fusebind_data::sampler::distinct_batch;
use fusebind_features::{
    entity::side::{Profiles, SideData},
    modality::ModalitySet,
};
use fusebind_model::{
    evidence::{Evidence, EvidenceTable},
    input::{DrugStore, InputScale, InputScales, SideSchema, TargetStore, bank},
};
use sha2::{Digest, Sha256};

use super::Job;
use crate::{labels::LabelPlan, recipe::Recipe};

/// Input scales, fitted on the distinct entities of the training pairs.
pub(super) fn fit_inputs(job: &Job<'_>, recipe: &Recipe, drugs: &DrugStore, targets: &TargetStore) -> InputScales {
    let pairs: Vec<(u32, u32)> = job
        .split
        .train
        .indices()
        .iter()
        .map(|i| {
            let interaction = &job.dataset.interactions[*i as usize];
            (interaction.drug, interaction.target)
        })
        .collect();
    let (train_drugs, train_targets, _) = distinct_batch(&pairs);
    let read: ModalitySet = recipe.modalities.read.iter().copied().collect();
    let terms = recipe.model.text.terms;
    let schema = |side: &SideData, entities: &[u32], fields: &[String]| SideSchema {
        text_fields: fields.to_vec(),
        text_length: recipe.model.text.length(),
        ..SideSchema::fit(side, entities, read, terms)
    };
    InputScales {
        drug: schema(job.side[0], &train_drugs, &recipe.modalities.drug_text),
        target: schema(job.side[1], &train_targets, &recipe.modalities.target_text),
        substructures: InputScale::fit(&drugs.substructures, &train_drugs),
        composition: InputScale::fit(&targets.composition, &train_targets),
    }
}

/// The bank of training pairs, and the evidence of each of them; `rows` are the drug and target rows of each interaction.
pub(super) fn known_pairs(
    job: &Job<'_>,
    plan: &LabelPlan,
    rows: &[(u32, u32)],
    stores: (&DrugStore, &TargetStore),
) -> (Evidence, EvidenceTable) {
    let train = job.split.train.indices();
    let interactions = || train.iter().map(|i| &job.dataset.interactions[*i as usize]);
    let outcomes: Vec<(u32, u32, f32)> = interactions()
        .filter_map(|i| Some((i.drug, i.target, plan.outcome(i)?)))
        .collect();
    let pairs: Vec<(u32, u32)> = train.iter().map(|i| rows[*i as usize]).collect();
    Evidence::fit(bank(stores.0, stores.1, &outcomes), stores, &pairs)
}

/// What the label of each training pair is to its neighbours.
pub(super) fn outcomes(job: &Job<'_>, plan: &LabelPlan) -> Vec<Option<f32>> {
    let train = job.split.train.indices().iter();
    train
        .map(|i| plan.outcome(&job.dataset.interactions[*i as usize]))
        .collect()
}

/// SHA-256 (hex) of the side data of both sides.
pub(super) fn side_fingerprint(side: [&SideData; 2]) -> String {
    let mut hasher = Sha256::new();
    let mut profiles = |p: &Profiles| {
        hasher.update(format!("{:?}{:?}", p.columns, p.of_entity));
        p.values.iter().for_each(|v| hasher.update(v.to_bits().to_le_bytes()));
    };
    for data in side {
        profiles(&data.transcriptome);
        profiles(&data.bioassay);
        data.embeddings.iter().for_each(|e| profiles(&e.rows));
    }
    for data in side {
        hasher.update(format!("{:?}{:?}", data.texts, data.measured));
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
