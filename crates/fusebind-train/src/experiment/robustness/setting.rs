//! One part of a split, featurised once and scored many times.
//!
//! Comes in: a model and a part, perhaps with one modality perturbed. Goes out: scores with any modalities missing.

use std::cell::OnceCell;

use fusebind_data::table::{Dataset, Interaction};
use fusebind_eval::{calibration, classification, regression};
use fusebind_features::{
    entity::{protein::Protein, side::SideData},
    modality::ModalitySet,
    neighbours::NeighbourTable,
    schema::{DrugStore, TargetStore},
};
use fusebind_model::{
    scoring::{EntityEmbeddings, MissingModalities, NeighbourSource, Scorer, Scores},
    trained::TrainedModel,
};

use super::Noise;
use crate::{
    Error, ErrorKind,
    evaluate::TableFinding,
    objective::scale_name,
    trainer::{DatasetDrugRows, affinity_column, binding_column},
};

/// One part of a split, featurised.
pub(super) struct Setting<'a> {
    pub(super) trained: &'a TrainedModel,
    pub(super) interactions: Vec<&'a Interaction>,
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) drugs: DrugStore,
    pub(super) targets: TargetStore,
    pub(super) table: Option<NeighbourTable>,
    pub(super) tables: Vec<TableFinding>,
    embeddings: OnceCell<EntityEmbeddings>,
}

impl<'a> Setting<'a> {
    pub(super) fn new(
        trained: &'a TrainedModel,
        data: (&'a Dataset, [&SideData; 2]),
        indices: &[u32],
        noise: Option<(Noise, u64)>,
    ) -> Self {
        let (dataset, side) = data;
        let perturb = |side: &SideData, salt: u64| match noise {
            Some((noise, seed)) => noise.perturb(side, seed ^ salt),
            None => side.clone(),
        };
        let proteins: Vec<Protein> = dataset
            .targets
            .iter()
            .map(|t| noise.map_or_else(|| t.protein.clone(), |(noise, _)| noise.truncate(&t.protein)))
            .collect();
        let interactions: Vec<&Interaction> = indices.iter().map(|i| &dataset.interactions[*i as usize]).collect();
        let perturbed = perturb(side[0], 0);
        let drug_rows = DatasetDrugRows::new(dataset, &perturbed, interactions.iter().map(|i| (i.drug, i.target)));
        let drugs = (drug_rows.molecules(dataset), &drug_rows.0.side);
        let (drugs, mut targets, findings) = trained.stores(drugs, (proteins.iter(), &perturb(side[1], 1)));
        // A truncated protein is still the same target, with the labels that are known of it.
        targets.keys = dataset.targets.iter().map(|t| t.protein.sequence.clone()).collect();
        let pairs = drug_rows.0.pairs;
        let table = trained.neighbours.as_ref().map(|e| e.table((&drugs, &targets), &pairs));
        Self {
            trained,
            interactions,
            pairs,
            drugs,
            targets,
            table,
            tables: TableFinding::all(&findings.table_quality).collect(),
            embeddings: OnceCell::new(),
        }
    }

    /// The same part, with the mismatch rates that its own side tables suggest in place of those of training; `None` for a model that
    /// checks no side values.
    pub(super) fn with_estimated_rates(mut self) -> Option<Self> {
        let reference = self.trained.neighbours.as_ref().filter(|r| !r.mismatch.is_empty())?;
        let rates = reference.estimate_rates(&self.drugs, &self.targets);
        reference.weigh(&mut self.drugs, &mut self.targets, &rates);
        self.table = Some(reference.table((&self.drugs, &self.targets), &self.pairs));
        Some(self)
    }

    pub(super) fn scores(&self, missing: MissingModalities<'_>) -> Scores {
        let scorer = Scorer {
            model: &self.trained.model,
            neighbours: self
                .table
                .as_ref()
                .map_or(NeighbourSource::Nothing, NeighbourSource::Table),
            missing,
            modality_weights: self.trained.description.modality_weights,
            device: &self.trained.device,
        };
        let stores = (&self.drugs, &self.targets);
        let embeddings = self.embeddings.get_or_init(|| scorer.read(stores, &self.pairs));
        scorer.predict(
            Some(embeddings),
            stores,
            &self.pairs,
            self.trained.description.ensemble(),
            |_| {},
        )
    }

    /// Drug and target, in the data set, of the pairs that [`Setting::labelled`] speaks of.
    pub(super) fn labelled_pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let scale = self.trained.description.scales.first();
        let is_labelled = move |interaction: &Interaction| match scale {
            Some(scale) => interaction.affinity.is_some_and(|a| scale_name(a.scale) == scale.name),
            None => interaction.binds.is_some(),
        };
        let labelled = self.interactions.iter().filter(move |i| is_labelled(i));
        labelled.map(|i| (i.drug, i.target))
    }

    /// Labels, and predictions on their scale.
    pub(super) fn labelled(&self, scores: &Scores) -> (Vec<f32>, Vec<f32>) {
        let narrow = |(truth, predicted): (Vec<f64>, Vec<f64>)| {
            let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
            (narrow(truth), narrow(predicted))
        };
        match self.trained.description.scales.first() {
            Some(scale) => narrow(affinity_column(&self.interactions, scores, scale, 0)),
            None => {
                let (labels, probabilities) = binding_column(&self.interactions, scores);
                narrow((
                    labels.into_iter().map(|l| f64::from(u8::from(l))).collect(),
                    probabilities,
                ))
            }
        }
    }

    /// Score and error of the pairs, and their number.
    pub(super) fn score(&self, scores: &Scores) -> Result<(f64, f64, usize), Error> {
        let undefined =
            |e: fusebind_eval::Undefined| Error::new(ErrorKind::Data, format!("this part has no score: {e}"));
        if let Some(scale) = self.trained.description.scales.first() {
            let (truth, predicted) = affinity_column(&self.interactions, scores, scale, 0);
            let ci = regression::concordance_index(&truth, &predicted).map_err(undefined)?;
            return Ok((ci, regression::mse(&truth, &predicted).map_err(undefined)?, truth.len()));
        }
        let (labels, probabilities) = binding_column(&self.interactions, scores);
        let auroc = classification::auroc(&labels, &probabilities).map_err(undefined)?;
        let error = calibration::expected_calibration_error(&labels, &probabilities, 15).map_err(undefined)?;
        Ok((auroc, error, labels.len()))
    }

    /// What each entity has of what the model reads.
    pub(super) fn present(&self) -> [Vec<ModalitySet>; 2] {
        let drugs = (0..self.drugs.keys.len() as u32)
            .map(|d| self.drugs.side.present(d))
            .collect();
        let targets = (0..self.targets.keys.len() as u32)
            .map(|t| self.targets.side.present(t))
            .collect();
        [drugs, targets]
    }
}
