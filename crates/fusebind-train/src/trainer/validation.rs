//! Scores on the validation part, the only scores that a run may choose by.

use std::collections::BTreeMap;

use burn::tensor::Device;
use fusebind_data::table::Interaction;
use fusebind_eval::{classification, regression};
use fusebind_features::{
    modality::{ModalitySet, ModalityWeights},
    neighbours::NeighbourTable,
    reference::Reference,
    schema::{DrugStore, SideStore, TargetStore},
};
use fusebind_model::{
    ensemble::StructureRecord,
    model::Model,
    scoring::{EnsembleWeights, MissingModalities, NeighbourSource, PairShares, RawOutputs, Scorer, Scores},
    trained::{Description, OutputScale},
};

use super::job::Job;
use crate::{
    missing::Pattern,
    scored_labels::ScoredLabels,
    share_rule::{ScoredShare, largest_within},
};

/// Scores of an epoch, and the ensemble weights that gave them.
#[derive(Clone, Debug, Default)]
pub(super) struct Validated {
    /// Scores by name; empty without validation pairs.
    pub metrics: BTreeMap<String, f64>,
    /// Chosen share of the encoders, where the model reads neighbour features.
    pub encoder_share: Option<f32>,
    /// Chosen share of structure alone, where several were tried.
    pub structure_only_share: Option<f32>,
}

impl Validated {
    /// Scores and shares by name, for the log.
    pub fn logged(&self) -> BTreeMap<String, f64> {
        let shares = [
            ("encoder_share", self.encoder_share),
            ("structure_only_share", self.structure_only_share),
        ];
        let shares = shares
            .into_iter()
            .filter_map(|(name, share)| Some((name.to_string(), f64::from(share?))));
        self.metrics.clone().into_iter().chain(shares).collect()
    }
}

/// What a finished model says of the validation part.
#[derive(Clone, Debug, Default)]
pub(super) struct Whole {
    /// Probability above which a pair is said to bind: best F1.
    pub threshold: Option<f64>,
    /// Scores by name.
    pub metrics: BTreeMap<String, f64>,
}

/// What a structure model says of the validation part.
pub(super) struct StructureSaid {
    outputs: RawOutputs,
    /// What is kept of it.
    record: StructureRecord,
}

/// What a run reads of its entities.
#[derive(Clone, Copy)]
pub(super) enum Reads<'a> {
    /// All modalities; with what its structure model says of the validation part, where it has one.
    Everything(Option<&'a StructureSaid>),
    /// Graph and sequence alone: the run of a structure model.
    Structure,
}

/// The validation part, ready to be scored.
pub(super) struct Validation<'a> {
    interactions: Vec<&'a Interaction>,
    pairs: Vec<(u32, u32)>,
    scales: &'a [OutputScale],
    stores: (&'a DrugStore, &'a TargetStore),
    /// Shares of structure alone that are tried where there are side modalities.
    shares: &'a [f32],
    /// Shares of the encoders that are tried where the model reads neighbour features.
    encoder_shares: &'a [f32],
    /// Standard errors by which a larger share of the encoders may fall behind the best.
    tolerance: f64,
    neighbours: Option<NeighbourTable>,
    /// What each entity does without where modalities are missing: drugs, targets. `None` where there are no side modalities.
    missing: Option<[Vec<ModalitySet>; 2]>,
}

impl<'a> Validation<'a> {
    pub fn new(
        job: &Job<'a>,
        rows: &[(u32, u32)],
        scales: &'a [OutputScale],
        stores: (&'a DrugStore, &'a TargetStore),
        neighbours: Option<&Reference>,
    ) -> Self {
        let valid = job.split.valid.indices();
        let interactions = valid.iter().map(|&i| &job.dataset.interactions[i as usize]).collect();
        let pairs: Vec<(u32, u32)> = valid.iter().map(|&i| rows[i as usize]).collect();
        let present = |side: &SideStore, count: usize| (0..count as u32).map(|e| side.present(e)).collect::<Vec<_>>();
        let present = [
            present(&stores.0.side, stores.0.keys.len()),
            present(&stores.1.side, stores.1.keys.len()),
        ];
        let known = present.each_ref().map(|side| vec![true; side.len()]);
        let rate = job.recipe.modalities.dropout.last;
        let sample = || {
            Pattern::Random.sample(
                present.each_ref().map(|p| &p[..]),
                [&known[0], &known[1]],
                rate,
                job.seed,
            )
        };
        let any = |side: &[ModalitySet]| side.iter().any(|set| !set.is_empty());
        Self {
            missing: present.iter().any(|side| any(side)).then(sample),
            neighbours: neighbours.map(|neighbours| neighbours.table(stores, &pairs)),
            interactions,
            pairs,
            scales,
            stores,
            shares: &job.recipe.training.structure_only_shares,
            encoder_shares: &job.recipe.training.encoder_shares,
            tolerance: job.recipe.training.encoder_share_tolerance,
        }
    }

    fn scorer<'s>(
        &'s self,
        (model, structure): (&'s Model, Option<&'s Model>),
        device: &'s Device,
        modality_weights: [ModalityWeights; 2],
    ) -> Scorer<'s> {
        Scorer {
            model,
            structure,
            neighbours: self
                .neighbours
                .as_ref()
                .map_or(NeighbourSource::Nothing, NeighbourSource::Table),
            missing: MissingModalities::default(),
            modality_weights,
            device,
        }
    }

    /// What the structure model of `record` says of the validation part.
    pub fn said(&self, model: &Model, record: StructureRecord, device: &Device) -> StructureSaid {
        StructureSaid {
            outputs: self.structure(model, device),
            record,
        }
    }

    fn structure(&self, model: &Model, device: &Device) -> RawOutputs {
        let scorer = self.scorer((model, Some(model)), device, Default::default());
        scorer.score_structure(self.stores, &self.pairs)
    }

    /// Scores at the best ensemble weights; empty without validation pairs. Where there are side modalities, scores by the name of
    /// `missing_..` are of the same pairs with modalities missing at the rate that training ends with: a model that is to tolerate it
    /// must be chosen by it.
    ///
    /// A structure model is read as one: nothing but structure has a share.
    pub fn score(
        &self,
        model: &Model,
        reads: Reads<'_>,
        device: &Device,
        modality_weights: [ModalityWeights; 2],
    ) -> Validated {
        if self.pairs.is_empty() {
            return Validated::default();
        }
        let (shares, missing) = match reads {
            Reads::Everything(_) if self.missing.is_some() => (self.shares, self.missing.as_ref()),
            _ => (&[0.0][..], None),
        };
        let scorer = self.scorer((model, None), device, modality_weights);
        let embeddings = (!matches!(reads, Reads::Structure)).then(|| scorer.read(self.stores, &self.pairs));
        // What is said from structure alone is asked for only where a share of it is tried; a structure model has said it before.
        let raw_outputs = |scorer: &Scorer<'_>| {
            let everything = |read| scorer.score_read(read, self.stores, &self.pairs, |_| {});
            match (&embeddings, reads) {
                (Some(read), Reads::Everything(Some(structure))) => {
                    let mut everything = everything(read);
                    scorer.note_sides(&mut everything, self.stores, &self.pairs);
                    [everything, structure.outputs.clone()]
                }
                (Some(read), _) if shares.iter().any(|share| *share > 0.0) => {
                    scorer.score_both(read, self.stores, &self.pairs)
                }
                (Some(read), _) => [everything(read), RawOutputs::default()],
                (None, _) => [self.structure(model, device), RawOutputs::default()],
            }
        };
        let whole = (scorer, raw_outputs(&scorer));
        let missing = missing.map(|[drugs, targets]| {
            let missing = MissingModalities::Each([drugs, targets]);
            let scorer = Scorer { missing, ..scorer };
            (scorer, raw_outputs(&scorer))
        });
        let reads_neighbours = whole.1[0].neighbours.is_some();
        let encoder_shares = if reads_neighbours { self.encoder_shares } else { &[1.0] };
        let ensembles: Vec<EnsembleWeights> = tried(shares, encoder_shares, reads).collect();
        let scored = ensembles.iter().map(|&ensemble| {
            let of = |(scorer, raw_outputs): &(Scorer<'_>, [RawOutputs; 2])| {
                self.metrics(&scorer.combined(raw_outputs, &self.pairs, ensemble))
            };
            let mut metrics = of(&whole);
            if let Some(missing) = &missing {
                let of = of(missing).into_iter();
                metrics.extend(of.map(|(name, value)| (format!("missing_{name}"), value)));
            }
            Validated {
                metrics,
                encoder_share: reads_neighbours.then_some(ensemble.encoder_share),
                structure_only_share: (shares.len() > 1).then_some(ensemble.structure_only_share),
            }
        });
        let mut scored: Vec<Validated> = scored.collect();
        let shares: Vec<ScoredShare> = (scored.iter().zip(&ensembles))
            .map(|(of, ensemble)| {
                ScoredShare::new(*ensemble, selection_score(&of.metrics).unwrap_or(f64::NEG_INFINITY))
            })
            .collect();
        let taken = largest_within(&shares, self.tolerance, |at| {
            self.standard_error(&whole.0.combined(&whole.1, &self.pairs, ensembles[at]))
        });
        taken.map(|at| scored.swap_remove(at)).unwrap_or_default()
    }

    /// Standard error of what [`selection_score`] makes of `scores`; 0 where there are too few labels for one.
    fn standard_error(&self, scores: &Scores) -> f64 {
        let affinity = self.scales.first().and_then(|scale| {
            let ScoredLabels { truth, predicted } = ScoredLabels::affinities(&self.interactions, scores, scale, 0);
            regression::mse_standard_error(&truth, &predicted).ok()
        });
        let ScoredLabels { truth, predicted } = ScoredLabels::binding(&self.interactions, scores);
        let binding = classification::auroc_standard_error(&truth, &predicted).ok();
        affinity.unwrap_or_default().hypot(binding.unwrap_or_default())
    }

    fn metrics(&self, scores: &Scores) -> BTreeMap<String, f64> {
        let mut metrics = BTreeMap::new();
        for (column, scale) in self.scales.iter().enumerate() {
            let ScoredLabels { truth, predicted } = ScoredLabels::affinities(&self.interactions, scores, scale, column);
            let name = |metric: &str| {
                if column == 0 {
                    metric.to_string()
                } else {
                    format!("{metric}_{}", scale.name)
                }
            };
            if let Ok(mse) = regression::mse(&truth, &predicted) {
                metrics.insert(name("mse"), mse);
            }
            if let Ok(ci) = regression::concordance_index(&truth, &predicted) {
                metrics.insert(name("ci"), ci);
            }
        }
        let ScoredLabels { truth, predicted } = ScoredLabels::binding(&self.interactions, scores);
        if let Ok(auroc) = classification::auroc(&truth, &predicted) {
            metrics.insert("auroc".into(), auroc);
        }
        if let Ok(auprc) = classification::auprc(&truth, &predicted) {
            metrics.insert("auprc".into(), auprc);
        }
        metrics
    }

    /// What the finished model says of the validation part: `models` are its members, the first one first, with their structure models.
    pub fn whole(&self, models: &[(Model, Option<Model>)], device: &Device, description: &Description) -> Whole {
        if self.pairs.is_empty() || (models.len() == 1 && !description.model.heads.binding) {
            return Whole::default();
        }
        let first = (description.ensemble(), description.modality_weights);
        let further = description.members.iter();
        let further = further.map(|member| (member.ensemble(), member.modality_weights));
        type Member<'m> = (&'m (Model, Option<Model>), (EnsembleWeights, [ModalityWeights; 2]));
        let of_member = |((model, structure), (ensemble, weights)): Member<'_>| {
            let scorer = self.scorer((model, structure.as_ref()), device, weights);
            scorer.predict(None, self.stores, &self.pairs, &PairShares::alike(ensemble), |_| {})
        };
        let settings = std::iter::once(first).chain(further);
        let scores = Scores::mean(models.iter().zip(settings).map(of_member).collect());
        let ScoredLabels { truth, predicted } = ScoredLabels::binding(&self.interactions, &scores);
        Whole {
            threshold: classification::best_threshold(&truth, &predicted).ok(),
            metrics: self.metrics(&scores),
        }
    }
}

/// Every share of structure alone with every share of the encoders.
fn tried<'s>(
    structure_only_shares: &'s [f32],
    encoder_shares: &'s [f32],
    reads: Reads<'_>,
) -> impl Iterator<Item = EnsembleWeights> + use<'s> {
    let structure = match reads {
        Reads::Everything(structure) => structure.map(|said| said.record),
        Reads::Structure => None,
    };
    let of = move |&structure_only_share: &f32| {
        encoder_shares.iter().map(move |&encoder_share| EnsembleWeights {
            encoder_share,
            structure_only_share,
            structure_encoder_share: structure.map(|of| of.encoder_share),
            one_sided_share: structure.map_or(0.0, |of| of.one_sided_share),
        })
    };
    structure_only_shares.iter().flat_map(of)
}

/// What a run chooses by, larger is better: minus the mean squared error, or the area under the ROC curve; their mean with everything
/// and with modalities missing, where there are some.
pub(super) fn selection_score(metrics: &BTreeMap<String, f64>) -> Option<f64> {
    let of = |name: &str| {
        let (whole, missing) = (metrics.get(name)?, metrics.get(&format!("missing_{name}")));
        Some(missing.map_or(*whole, |missing| (whole + missing) / 2.0))
    };
    let affinity = of("mse").map(|mse| -mse);
    let binding = of("auroc");
    match (affinity, binding) {
        (Some(a), Some(b)) => Some(a + b),
        (one, other) => one.or(other),
    }
}
