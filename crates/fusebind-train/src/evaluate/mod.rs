//! Honest evaluation: a model's scores beside baselines and the leakage audit.
//!
//! Comes in: a trained model, a data set, a split and the part to score. Goes out: an [`Evaluation`], ready to be printed.

mod sampling;

use std::collections::BTreeMap;

use fusebind_data::{
    split::{OverlapAudit, Part, Split},
    table::{Dataset, Interaction},
};
use fusebind_eval::{
    classification::{self, ClassificationMetrics},
    regression::{self, RegressionMetrics},
    resample::{Interval, bootstrap},
};
use fusebind_features::{entity::side::SideData, neighbours::Mask, quality::TableQuality};
use fusebind_model::trained::TrainedModel;
use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    baseline::{BaselineContext, baselines, by_key},
    objective::scale_name,
    trainer::{DatasetDrugRows, affinity_column, binding_column},
};

pub use sampling::Sampling;

/// Rounds of the bootstrap.
const ROUNDS: usize = 200;

/// Metrics by name.
pub type Metrics = BTreeMap<String, f64>;

/// Scores of a model on one part of a split.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Part that was scored.
    pub part: Part,
    /// Labelled pairs scored.
    pub n: usize,
    /// Scores of the model.
    pub metrics: Metrics,
    /// 95 % bootstrap interval of the main scores.
    pub intervals: BTreeMap<String, Interval>,
    /// What the bootstrap draws: `pairs`, or the new `drugs`, `targets` or `drugs and targets` with all their pairs.
    pub resampled: &'static str,
    /// Scores of each floor.
    pub baselines: BTreeMap<String, Metrics>,
    /// Shares of the pairs whose entities occur in training.
    pub leakage: OverlapAudit,
    /// Side data that the model could not use, and why there is no interval.
    pub notes: Vec<String>,
    /// How much of each side table looks wrong.
    pub tables: Vec<TableFinding>,
}

/// How much of what a side table says of its entities looks wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableFinding {
    /// `drug` or `target`.
    pub entity: String,
    /// What was found.
    #[serde(flatten)]
    pub quality: TableQuality,
}

impl TableFinding {
    /// Findings on the tables of drugs, then on those of targets.
    pub fn all([drugs, targets]: &[Vec<TableQuality>; 2]) -> impl Iterator<Item = Self> {
        let of = |entity: &'static str| {
            move |quality: &TableQuality| Self {
                entity: entity.into(),
                quality: *quality,
            }
        };
        drugs.iter().map(of("drug")).chain(targets.iter().map(of("target")))
    }
}

/// Truth and prediction of one pair.
#[derive(Clone, Debug)]
pub struct PairPrediction {
    /// Index into the data set's interactions.
    pub interaction: u32,
    /// Predicted affinity on each scale of the model.
    pub affinity: Vec<f64>,
    /// Probability of binding, with a binding head.
    pub probability: Option<f64>,
}

/// Presence of modalities of a drug and a target, as the caller counts them.
pub type Presence<'a> = &'a dyn Fn(u32, u32) -> u64;

/// Scores `trained` on `part`. `presence` adds the baseline that knows only which modalities exist.
pub fn evaluate(
    trained: &TrainedModel,
    (dataset, side): (&Dataset, [&SideData; 2]),
    (split, part): (&Split, Part),
    mask: Mask,
    (with_baselines, presence): (bool, Option<Presence<'_>>),
) -> Result<(Evaluation, Vec<PairPrediction>), Error> {
    let description = &trained.description;
    let indices = split.part(part);
    let interactions: Vec<&Interaction> = indices.iter().map(|i| &dataset.interactions[*i as usize]).collect();
    let drug_rows = DatasetDrugRows::new(dataset, side[0], interactions.iter().map(|i| (i.drug, i.target)));
    let pairs = &drug_rows.0.pairs;
    if pairs.is_empty() {
        return Err(Error::new(
            ErrorKind::Data,
            format!("the {} part of this split is empty", part.name()),
        ));
    }
    let targets = (dataset.targets.iter().map(|t| &t.protein), side[1]);
    let (drugs, targets, findings) = trained.stores((drug_rows.molecules(dataset), &drug_rows.0.side), targets);
    let scores = trained.score((&drugs, &targets), pairs, mask, |_| {});

    let leakage = OverlapAudit::of(&dataset.interactions, &split.train, indices);
    let sampling = |is_labelled: &dyn Fn(&Interaction) -> bool| {
        let labelled = interactions.iter().filter(|interaction| is_labelled(interaction));
        Sampling::new(&leakage, labelled.map(|i| (i.drug, i.target)))
    };
    let mut evaluation = Evaluation {
        part,
        n: 0,
        metrics: Metrics::new(),
        intervals: BTreeMap::new(),
        baselines: BTreeMap::new(),
        resampled: sampling(&|_| true).name(),
        leakage,
        notes: findings.notes,
        tables: TableFinding::all(&findings.table_quality).collect(),
    };
    for (column, scale) in description.scales.iter().enumerate() {
        let (truth, predicted) = affinity_column(&interactions, &scores, scale, column);
        let suffix = if column == 0 {
            String::new()
        } else {
            format!("_{}", scale.name)
        };
        evaluation.n = evaluation.n.max(truth.len());
        evaluation
            .metrics
            .extend(named(&RegressionMetrics::compute(&truth, &predicted), &suffix));
        if column > 0 {
            continue;
        }
        let drawn = sampling(&|i| i.affinity.is_some_and(|a| scale_name(a.scale) == scale.name));
        let resampled =
            |rows: &[usize]| -> (Vec<f64>, Vec<f64>) { rows.iter().map(|r| (truth[*r], predicted[*r])).unzip() };
        for (name, score) in [
            ("mse", regression::mse as fn(&[f64], &[f64]) -> _),
            ("ci", regression::concordance_index),
        ] {
            let interval = bootstrap(drawn.units(truth.len()), ROUNDS, 0.95, 1, |rows| {
                let (t, p) = resampled(rows);
                score(&t, &p)
            });
            evaluation
                .intervals
                .extend(interval.ok().map(|i| (name.to_string(), i)));
        }
        if with_baselines {
            let value = |i: u32| {
                let affinity = dataset.interactions[i as usize]
                    .affinity
                    .filter(|a| scale_name(a.scale) == scale.name);
                affinity.map(|a| a.value)
            };
            let labelled: Vec<u32> = indices.iter().copied().filter(|i| value(*i).is_some()).collect();
            let context = BaselineContext::new(dataset, &split.train, &labelled, value);
            let presence = presence.map(|p| by_key(&context, "which modalities exist", p));
            for baseline in baselines(&context).into_iter().chain(presence) {
                let metrics = named(&RegressionMetrics::compute(&truth, &baseline.predictions), "");
                evaluation.baselines.insert(baseline.name.to_string(), metrics);
            }
        }
    }
    let (labels, probabilities) = binding_column(&interactions, &scores);
    if !labels.is_empty() {
        evaluation.n = evaluation.n.max(labels.len());
        let metrics = ClassificationMetrics::compute(&labels, &probabilities, description.threshold);
        evaluation.metrics.extend(named(&metrics, ""));
        let drawn = sampling(&|i| i.binds.is_some());
        for (name, score) in [
            ("auroc", classification::auroc as fn(&[bool], &[f64]) -> _),
            ("auprc", classification::auprc),
        ] {
            let interval = bootstrap(drawn.units(labels.len()), ROUNDS, 0.95, 1, |rows| {
                let (t, p): (Vec<bool>, Vec<f64>) = rows.iter().map(|r| (labels[*r], probabilities[*r])).unzip();
                score(&t, &p)
            });
            evaluation
                .intervals
                .extend(interval.ok().map(|i| (name.to_string(), i)));
        }
        if with_baselines && description.scales.is_empty() {
            let value = |i: u32| dataset.interactions[i as usize].binds.map(|b| f64::from(u8::from(b)));
            let labelled: Vec<u32> = indices.iter().copied().filter(|i| value(*i).is_some()).collect();
            let context = BaselineContext::new(dataset, &split.train, &labelled, value);
            let presence = presence.map(|p| by_key(&context, "which modalities exist", p));
            for baseline in baselines(&context).into_iter().chain(presence) {
                let mut metrics = Metrics::new();
                let pairs = [
                    ("auroc", classification::auroc(&labels, &baseline.predictions)),
                    ("auprc", classification::auprc(&labels, &baseline.predictions)),
                ];
                metrics.extend(
                    pairs
                        .into_iter()
                        .filter_map(|(name, v)| Some((name.to_string(), v.ok()?))),
                );
                evaluation.baselines.insert(baseline.name.to_string(), metrics);
            }
        }
    }
    if evaluation.n == 0 {
        return Err(Error::new(
            ErrorKind::Data,
            "no pair of this part has a label that the model predicts",
        )
        .hint("check the label and affinity columns with `fusebind data check`"));
    }
    if evaluation.intervals.is_empty() && evaluation.resampled != "pairs" {
        let few = format!(
            "no interval: this part has too few new {} to draw from",
            evaluation.resampled
        );
        evaluation.notes.push(few);
    }
    let predictions = indices
        .iter()
        .enumerate()
        .map(|(row, index)| PairPrediction {
            interaction: *index,
            affinity: (description.scales.iter().enumerate())
                .map(|(c, s)| f64::from(scores.affinity[row * scores.scales + c]) * s.std + s.mean)
                .collect(),
            probability: scores
                .binding
                .get(row)
                .map(|logit| 1.0 / (1.0 + f64::from(-logit).exp())),
        })
        .collect();
    Ok((evaluation, predictions))
}

/// The defined metrics of a metrics struct by name.
fn named<T: Serialize>(metrics: &T, suffix: &str) -> Metrics {
    let value = serde_json::to_value(metrics).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, v)| Some((format!("{name}{suffix}"), v.as_f64()?)))
        .collect()
}
