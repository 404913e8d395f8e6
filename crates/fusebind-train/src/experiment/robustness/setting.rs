//! One part of a split, featurised once and scored many times.
//!
//! Comes in: a model and a part, perhaps with one modality perturbed. Goes out: scores with any modalities missing.

use std::cell::OnceCell;

use fusebind_data::table::Interaction;
use fusebind_eval::{calibration, classification, regression};
use fusebind_features::{
    entity::{protein::Protein, side::SideData},
    modality::ModalitySet,
    neighbours::{Mask, NeighbourTable},
    schema::{DrugStore, TargetStore},
};
use fusebind_model::{
    scoring::{EnsembleWeights, EntityEmbeddings, MissingModalities, NeighbourSource, Scorer, Scores},
    trained::TrainedModel,
};

use crate::{
    Error, ErrorKind,
    drug_rows::DatasetDrugRows,
    evaluate::{EvaluationSet, TableFinding},
    experiment::noise::Noise,
    objective::scale_name,
    scored_labels::ScoredLabels,
    seeds,
};

/// Bins of the expected calibration error.
const BINS: usize = 15;

/// How well a part is predicted.
pub(super) struct PartScore {
    /// Area under the ROC curve, or concordance index.
    pub score: f64,
    /// Expected calibration error, or mean squared error.
    pub error: f64,
    /// Pairs with a label.
    pub labelled: usize,
}

fn narrow(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

/// One part of a split, featurised.
pub(super) struct Setting<'a> {
    pub(super) trained: &'a TrainedModel,
    pub(super) interactions: Vec<&'a Interaction>,
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) drugs: DrugStore,
    pub(super) targets: TargetStore,
    pub(super) table: Option<NeighbourTable>,
    pub(super) tables: Vec<TableFinding>,
    embeddings: OnceCell<Vec<EntityEmbeddings>>,
}

impl<'a> Setting<'a> {
    pub(super) fn new(trained: &'a TrainedModel, set: &EvaluationSet<'a>, noise: Option<(Noise, u64)>) -> Self {
        let dataset = set.dataset;
        let perturb = |values: &SideData, side: usize| match noise {
            Some((noise, seed)) => noise.perturb(values, seeds::noise(seed, side)),
            None => values.clone(),
        };
        let proteins: Vec<Protein> = dataset
            .targets
            .iter()
            .map(|t| noise.map_or_else(|| t.protein.clone(), |(noise, _)| noise.truncate(&t.protein)))
            .collect();
        let interactions = set.interactions();
        let perturbed = perturb(set.drug_side, 0);
        let drug_rows = DatasetDrugRows::new(dataset, &perturbed, interactions.iter().map(|i| (i.drug, i.target)));
        let drugs = (drug_rows.molecules(dataset), &drug_rows.rows.side);
        let (drugs, mut targets, findings) = trained.stores(drugs, (proteins.iter(), &perturb(set.target_side, 1)));
        // A truncated protein is still the same target, with the labels that are known of it.
        targets.keys = dataset.targets.iter().map(|t| t.protein.sequence.clone()).collect();
        let pairs = drug_rows.rows.pairs;
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
        let neighbours = (self.table.as_ref()).map_or(NeighbourSource::Nothing, NeighbourSource::Table);
        let stores = (&self.drugs, &self.targets);
        let all = || self.trained.scorers(Mask::default());
        let read = || all().map(|(scorer, _)| scorer.read(stores, &self.pairs)).collect();
        let embeddings: &Vec<EntityEmbeddings> = self.embeddings.get_or_init(read);
        let novelty = self.trained.share_novelty(stores, &self.pairs, Mask::default());
        let of_member = |((scorer, ensemble), read): ((Scorer<'_>, EnsembleWeights), &EntityEmbeddings)| {
            let scorer = Scorer {
                neighbours,
                missing,
                ..scorer
            };
            let shares = self.trained.shares(ensemble, &novelty);
            scorer.predict(Some(read), stores, &self.pairs, &shares, |_| {})
        };
        Scores::mean(all().zip(embeddings).map(of_member).collect())
    }

    /// Drug and target, in the data set, of the pairs that [`Setting::truth`] gives the labels of.
    pub(super) fn labelled_pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let scale = self.trained.description.scales.first();
        let is_labelled = move |interaction: &Interaction| match scale {
            Some(scale) => interaction.affinity.is_some_and(|a| scale_name(a.scale) == scale.name),
            None => interaction.binds.is_some(),
        };
        let labelled = self.interactions.iter().filter(move |i| is_labelled(i));
        labelled.map(|i| (i.drug, i.target))
    }

    /// Label of each pair that has one: affinities on the first scale, or binding as 1 and 0.
    pub(super) fn truth(&self, scores: &Scores) -> Vec<f32> {
        match self.trained.description.scales.first() {
            Some(scale) => narrow(ScoredLabels::affinities(&self.interactions, scores, scale, 0).truth),
            None => {
                let labels = ScoredLabels::binding(&self.interactions, scores);
                labels
                    .truth
                    .into_iter()
                    .map(|label| f32::from(u8::from(label)))
                    .collect()
            }
        }
    }

    /// Prediction of each pair that has a label, on its scale.
    pub(super) fn predictions(&self, scores: &Scores) -> Vec<f32> {
        narrow(match self.trained.description.scales.first() {
            Some(scale) => ScoredLabels::affinities(&self.interactions, scores, scale, 0).predicted,
            None => ScoredLabels::binding(&self.interactions, scores).predicted,
        })
    }

    /// Scores the pairs that have a label.
    pub(super) fn score(&self, scores: &Scores) -> Result<PartScore, Error> {
        let undefined =
            |e: fusebind_eval::Undefined| Error::new(ErrorKind::Data, format!("this part has no score: {e}"));
        if let Some(scale) = self.trained.description.scales.first() {
            let ScoredLabels { truth, predicted } = ScoredLabels::affinities(&self.interactions, scores, scale, 0);
            return Ok(PartScore {
                score: regression::concordance_index(&truth, &predicted).map_err(undefined)?,
                error: regression::mse(&truth, &predicted).map_err(undefined)?,
                labelled: truth.len(),
            });
        }
        let ScoredLabels { truth, predicted } = ScoredLabels::binding(&self.interactions, scores);
        Ok(PartScore {
            score: classification::auroc(&truth, &predicted).map_err(undefined)?,
            error: calibration::expected_calibration_error(&truth, &predicted, BINS).map_err(undefined)?,
            labelled: truth.len(),
        })
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
