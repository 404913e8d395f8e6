//! What the measurements of a sweep say together.
//!
//! Comes in: measurements. Goes out: the area ratio, the spread over subsets, and modalities that lower the score.

use fusebind_features::modality::{Modality, ModalitySet};
use fusebind_model::trained::TrainedModel;

use super::{
    config::RobustnessConfig,
    result::{Measurement, Spread, Violation},
};
use crate::missing::Pattern;

/// Losses below this are rounding, not violations.
const TOLERANCE: f64 = 1e-3;

/// Every subset of the modalities that leaves something of each side.
pub(super) fn subsets(trained: &TrainedModel) -> Vec<ModalitySet> {
    let read: Vec<Modality> = Modality::ALL
        .into_iter()
        .filter(|m| {
            let model = &trained.description.model;
            model.drug_modalities().contains(m) || model.target_modalities().contains(m)
        })
        .collect();
    (1u32..1 << read.len())
        .map(|bits| {
            (0..read.len())
                .filter(|at| bits >> at & 1 == 1)
                .map(|at| read[at])
                .collect::<ModalitySet>()
        })
        .filter(|subset| trained.check_without(subset.complement()).is_ok())
        .collect()
}

/// The modalities of a set by name.
pub(super) fn names(set: ModalitySet) -> String {
    set.iter().map(Modality::name).collect::<Vec<_>>().join("+")
}

/// Mean over patterns of the area under the curve from rate 0 on, by trapezoids, over that of the full score.
pub(super) fn area_ratio(measurements: &[Measurement], config: &RobustnessConfig, full: f64) -> f64 {
    let mean_at = |pattern: Pattern, rate: f64| {
        let of = measurements
            .iter()
            .filter(|c| c.variant == "missing" && c.name == pattern.name() && c.rate == rate);
        let (sum, count) = of.fold((0.0, 0.0), |(s, n), measurement| (s + measurement.score, n + 1.0));
        sum / count
    };
    let ratios = Pattern::ALL.map(|pattern| {
        let curve: Vec<(f64, f64)> = [(0.0, full)]
            .into_iter()
            .chain(config.rates.iter().map(|rate| (*rate, mean_at(pattern, *rate))))
            .collect();
        let area: f64 = curve
            .windows(2)
            .map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0)
            .sum();
        area / (full * curve.last().map_or(1.0, |end| end.0))
    });
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

pub(super) fn spread(scores: impl Iterator<Item = f64>) -> Spread {
    let scores: Vec<f64> = scores.collect();
    let count = scores.len().max(1) as f64;
    let mean = scores.iter().sum::<f64>() / count;
    Spread {
        mean,
        sd: (scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / count).sqrt(),
        worst: scores.iter().copied().fold(f64::INFINITY, f64::min),
    }
}

pub(super) fn violations(subsets: &[ModalitySet], scored: impl Fn(ModalitySet) -> Option<f64>) -> Vec<Violation> {
    let mut found = Vec::new();
    for &subset in subsets {
        for added in subset.complement().iter() {
            let more: ModalitySet = subset.iter().chain([added]).collect();
            if let Some((before, after)) = scored(subset).zip(scored(more)).filter(|(b, a)| b - a > TOLERANCE) {
                found.push(Violation {
                    subset: names(subset),
                    added: added.name().into(),
                    loss: before - after,
                });
            }
        }
    }
    found.sort_by(|a, b| b.loss.total_cmp(&a.loss));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_of_an_even_curve_is_one_and_a_fall_costs() {
        let config = RobustnessConfig::quick();
        let measurements = |score: &dyn Fn(f64) -> f64| -> Vec<Measurement> {
            let measurement = |pattern: Pattern, rate: f64| Measurement {
                variant: "missing".into(),
                name: pattern.name().into(),
                rate,
                draw: 0,
                score: score(rate),
                error: 0.0,
            };
            Pattern::ALL
                .into_iter()
                .flat_map(|p| config.rates.iter().map(move |r| measurement(p, *r)))
                .collect()
        };
        assert!((area_ratio(&measurements(&|_| 0.8), &config, 0.8) - 1.0).abs() < 1e-12);
        // Linear from 0.8 to 0.8 (1 - 0.9) at 0.9: the mean height is 0.55 of the full score.
        assert!((area_ratio(&measurements(&|rate| 0.8 * (1.0 - rate)), &config, 0.8) - 0.55).abs() < 1e-12);
    }

    #[test]
    fn a_modality_that_hurts_is_named() {
        let set = |m: &[Modality]| m.iter().copied().collect::<ModalitySet>();
        let (one, both) = (set(&[Modality::Graph]), set(&[Modality::Graph, Modality::Text]));
        let found = violations(&[one, both], |s| Some(if s == both { 0.7 } else { 0.8 }));
        assert_eq!(
            (found.len(), found[0].added.as_str(), found[0].subset.as_str()),
            (1, "text", "graph")
        );
        assert!(violations(&[one, both], |_| Some(0.8)).is_empty());
        let scores = spread([0.5, 0.7].into_iter());
        assert!((scores.mean - 0.6).abs() < 1e-12 && (scores.sd - 0.1).abs() < 1e-12 && scores.worst == 0.5);
    }
}
