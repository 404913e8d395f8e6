//! Honest evaluation: a model's scores beside baselines and the leakage audit.
//!
//! Comes in: a trained model and an [`EvaluationSet`]. Goes out: an [`Evaluation`], ready to be printed.

mod by_rank;
mod calibration;
mod evaluation;
mod group_calibration;
mod sampling;
mod scored_part;
mod set;
mod table;
mod within_entity;

pub use calibration::CalibrationScores;
pub use evaluation::{Evaluation, Metrics, PairPrediction, TableFinding};
pub use group_calibration::GroupCalibration;
pub use sampling::Sampling;
pub(crate) use set::ReadSet;
pub use set::{EvaluationConfig, EvaluationSet, Presence};
pub use table::{pair_columns, presence_by_pair};
pub use within_entity::WithinScores;

use fusebind_data::split::OverlapAudit;
use fusebind_model::trained::TrainedModel;

use crate::{Error, ErrorKind};
use scored_part::ScoredPart;

/// Scores `trained` on a part of a split; with the predictions for all its pairs. Where the part has labels of another kind than the model
/// predicts alone, only the order of the pairs is scored.
///
/// # Errors
/// Where the part is empty, or has no label.
pub fn evaluate(
    trained: &TrainedModel,
    set: &EvaluationSet<'_>,
    config: &EvaluationConfig<'_>,
) -> Result<(Evaluation, Vec<PairPrediction>), Error> {
    let interactions = set.interactions();
    if interactions.is_empty() {
        return Err(Error::new(
            ErrorKind::Data,
            format!("the {} part of this split is empty", set.part.name()),
        ));
    }
    let scored = set.score(trained, config.mask);
    let leakage = OverlapAudit::of(&set.dataset.interactions, &set.split.train, set.indices());
    let part = ScoredPart {
        description: &trained.description,
        set,
        config,
        interactions: &interactions,
        scores: &scored.scores,
        leakage: &leakage,
    };
    let mut evaluation = Evaluation {
        part: set.part,
        n: 0,
        by_rank: None,
        metrics: Metrics::new(),
        intervals: Default::default(),
        baselines: Default::default(),
        within_target: WithinScores::default(),
        within_drug: WithinScores::default(),
        better_baselines: Vec::new(),
        calibration: calibration::calibration(trained, set, &scored),
        resampled: part.sampling(|_| true).name(),
        leakage,
        notes: scored.findings.notes,
        tables: TableFinding::all(&scored.findings.table_quality).collect(),
    };
    for (column, scale) in trained.description.scales.iter().enumerate() {
        part.add_affinities(&mut evaluation, column, scale);
    }
    part.add_binding(&mut evaluation);
    if evaluation.n == 0 {
        part.add_by_rank(&mut evaluation);
    }
    if evaluation.n == 0 {
        return Err(Error::new(ErrorKind::Data, "no pair of this part has a label")
            .hint("check the label and affinity columns with `fusebind data check`"));
    }
    if evaluation.intervals.is_empty() && evaluation.resampled != "pairs" {
        let few = format!(
            "no interval: this part has too few new {} to sample from",
            evaluation.resampled
        );
        evaluation.notes.push(few);
    }
    Ok((evaluation, part.predictions()))
}
