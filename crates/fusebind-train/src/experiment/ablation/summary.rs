//! What the measurements of an ablation add up to.
//!
//! For a variant and a condition: mean and standard deviation of the score over seeds, and the difference of the mean score to that of
//! the first variant with a paired bootstrap interval (all seeds resampled alike) over test pairs, or over what is new in them, see
//! [`Sampling`]. Comes in: [`ScoredRun`]s. Goes out: an [`Ablation`].

use std::collections::BTreeMap;

use fusebind_eval::{
    classification, regression,
    resample::{Interval, bootstrap},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, evaluate::Sampling};

/// Under what a trained variant is scored: names of conditions of a robustness sweep.
pub const CONDITIONS: [&str; 6] = [
    "everything",
    "missing-90",
    "structure",
    "shuffled-text",
    "fifth-shuffled-text",
    "shuffled-transcriptome",
];

/// Predictions under one condition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Name.
    pub name: String,
    /// Prediction of each pair.
    pub predictions: Vec<f32>,
}

/// One trained and scored variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoredRun {
    /// Whether the labels are binding (1 or 0), else affinities.
    pub binding: bool,
    /// Label of each pair.
    pub truth: Vec<f32>,
    /// By what the pairs were sampled.
    pub sampling: Sampling,
    /// Predictions by condition.
    pub conditions: Vec<Condition>,
    /// Area under the missing-rate curves over the full score.
    pub area_ratio: f64,
}

/// A variant, summed up.
#[derive(Clone, Debug, Serialize)]
pub struct VariantSummary {
    /// Variant.
    pub variant: String,
    /// Condition.
    pub condition: String,
    /// Seeds.
    pub seeds: usize,
    /// Mean score over seeds: area under the ROC curve, or concordance index.
    pub mean: f64,
    /// Standard deviation over seeds, with `n - 1`.
    pub sd: f64,
    /// Mean score less that of the first variant, with its 95 % interval; `None` for the first variant.
    pub difference: Option<Interval>,
}

/// All variants under all conditions.
#[derive(Clone, Debug, Serialize)]
pub struct Ablation {
    /// `auroc` or `ci`.
    pub metric: &'static str,
    /// What the bootstrap samples: see [`Sampling::name`].
    pub resampled: &'static str,
    /// One entry for each variant and condition.
    pub variants: Vec<VariantSummary>,
    /// Mean `area_ratio` over seeds, by variant.
    pub area_ratio: BTreeMap<String, f64>,
}

/// Sums up variants in their order; the first is what the others are compared with. `rounds` of the bootstrap.
pub fn summary(variants: &[(String, Vec<ScoredRun>)], rounds: usize) -> Result<Ablation, Error> {
    let none = || Error::new(ErrorKind::Data, "no variant has been scored");
    let (_, reference) = variants.first().ok_or_else(none)?;
    let first = reference.first().ok_or_else(none)?;
    let odd =
        |run: &&ScoredRun| run.truth != first.truth || run.binding != first.binding || run.sampling != first.sampling;
    if variants.iter().flat_map(|(_, runs)| runs).any(|run| odd(&run)) {
        return Err(
            Error::new(ErrorKind::Data, "the variants were scored on different pairs")
                .hint("remove the output folder and start again"),
        );
    }
    let measurements: Vec<(&str, &str, &[ScoredRun])> = variants
        .iter()
        .filter(|(_, runs)| !runs.is_empty())
        .flat_map(|(name, runs)| CONDITIONS.map(|condition| (name.as_str(), condition, &runs[..])))
        .collect();
    let summed = measurements
        .par_iter()
        .filter_map(|(variant, condition, runs)| {
            let own = predictions(runs, condition);
            let scores: Vec<f64> = own.iter().filter_map(|p| score(first, p, None)).collect();
            if scores.is_empty() {
                return None;
            }
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            let spread: f64 = scores.iter().map(|s| (s - mean) * (s - mean)).sum();
            let other = predictions(reference, condition);
            Some(VariantSummary {
                variant: variant.to_string(),
                condition: condition.to_string(),
                seeds: scores.len(),
                mean,
                sd: (spread / (scores.len() as f64 - 1.0).max(1.0)).sqrt(),
                difference: (*variant != variants[0].0)
                    .then(|| difference(first, &own, &other, rounds))
                    .flatten(),
            })
        })
        .collect();
    Ok(Ablation {
        resampled: first.sampling.name(),
        metric: if first.binding { "auroc" } else { "ci" },
        variants: summed,
        area_ratio: (variants.iter())
            .filter(|(_, runs)| !runs.is_empty())
            .map(|(name, runs)| {
                let sum: f64 = runs.iter().map(|r| r.area_ratio).sum();
                (name.clone(), sum / runs.len() as f64)
            })
            .collect(),
    })
}

fn predictions<'a>(runs: &'a [ScoredRun], condition: &str) -> Vec<&'a [f32]> {
    let of = |run: &'a ScoredRun| run.conditions.iter().find(|c| c.name == condition);
    runs.iter().filter_map(of).map(|c| &c.predictions[..]).collect()
}

fn score(run: &ScoredRun, predictions: &[f32], rows: Option<&[usize]>) -> Option<f64> {
    let pick = |values: &[f32]| -> Vec<f64> {
        match rows {
            Some(rows) => rows.iter().map(|r| f64::from(values[*r])).collect(),
            None => values.iter().map(|v| f64::from(*v)).collect(),
        }
    };
    let (truth, predicted) = (pick(&run.truth), pick(predictions));
    if run.binding {
        let labels: Vec<bool> = truth.iter().map(|t| *t > 0.5).collect();
        classification::auroc(&labels, &predicted).ok()
    } else {
        regression::concordance_index(&truth, &predicted).ok()
    }
}

fn difference(first: &ScoredRun, own: &[&[f32]], other: &[&[f32]], rounds: usize) -> Option<Interval> {
    let mean = |all: &[&[f32]], rows: &[usize]| -> Result<f64, fusebind_eval::Undefined> {
        let scores: Option<Vec<f64>> = all.iter().map(|p| score(first, p, Some(rows))).collect();
        let scores = scores
            .filter(|s| !s.is_empty())
            .ok_or(fusebind_eval::Undefined::Empty)?;
        Ok(scores.iter().sum::<f64>() / scores.len() as f64)
    };
    bootstrap(first.sampling.units(first.truth.len()), rounds, 0.95, 1, |rows| {
        Ok(mean(own, rows)? - mean(other, rows)?)
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(noise: f32, seed: u64) -> ScoredRun {
        let truth: Vec<f32> = (0..300).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        let wave = |i: usize| ((i as u64 * 7919 + seed * 31) % 101) as f32 / 101.0;
        let predictions = (0..300).map(|i| truth[i] + noise * wave(i)).collect();
        ScoredRun {
            binding: true,
            truth,
            sampling: Sampling::default(),
            conditions: vec![Condition {
                name: "everything".into(),
                predictions,
            }],
            area_ratio: 0.9,
        }
    }

    #[test]
    fn a_worse_arm_is_worse_beyond_chance_and_an_equal_one_is_not() {
        let variants = vec![
            ("full".to_string(), vec![run(1.5, 1), run(1.5, 2)]),
            ("worse".to_string(), vec![run(4.0, 1), run(4.0, 2)]),
            ("same".to_string(), vec![run(1.5, 2), run(1.5, 1)]),
        ];
        let ablation = summary(&variants, 200).expect("is scored");
        let of = |variant: &str| {
            ablation
                .variants
                .iter()
                .find(|a| a.variant == variant)
                .expect("is there")
        };
        assert_eq!((of("full").difference, of("full").seeds), (None, 2));
        assert!(of("worse").difference.is_some_and(|d| d.high < 0.0));
        assert!(
            of("same")
                .difference
                .is_some_and(|d| d.value.abs() < 1e-12 && d.low <= 0.0 && d.high >= 0.0)
        );
        assert_eq!(ablation.resampled, "pairs");
        let mut other = run(1.0, 1);
        other.truth[0] = 0.0;
        assert!(summary(&[("a".into(), vec![run(1.0, 1)]), ("b".into(), vec![other])], 10).is_err());
        assert!(summary(&[], 10).is_err());
    }

    #[test]
    fn pairs_of_new_drugs_are_drawn_by_drug() {
        let by_drug = |noise, seed| ScoredRun {
            sampling: Sampling {
                drugs: Some((0..300).map(|pair| pair / 30).collect()),
                targets: None,
            },
            ..run(noise, seed)
        };
        let difference = |full: ScoredRun, worse: ScoredRun| {
            let variants = [("full".to_string(), vec![full]), ("worse".to_string(), vec![worse])];
            let ablation = summary(&variants, 200).expect("is scored");
            (
                ablation.resampled,
                ablation.variants[1].difference.expect("is compared"),
            )
        };
        let (resampled, of_drugs) = difference(by_drug(1.5, 1), by_drug(2.0, 3));
        let (_, of_pairs) = difference(run(1.5, 1), run(2.0, 3));
        assert_eq!((resampled, of_drugs.value), ("drugs", of_pairs.value));
        assert_ne!((of_drugs.low, of_drugs.high), (of_pairs.low, of_pairs.high));
        let mixed = [
            ("full".to_string(), vec![by_drug(1.5, 1)]),
            ("other".to_string(), vec![run(1.5, 1)]),
        ];
        assert!(summary(&mixed, 10).is_err());
    }
}
