//! How a trained model stands missing and wrong modalities.
//!
//! Three sweeps over one part of a split: missing rates in five [`Pattern`]s, every non-empty subset of the modalities, and
//! the [`Noise`] arms. Nothing is fitted here. The score is the area under the ROC curve, or the concordance index where a
//! model predicts affinities. `area_ratio` is the mean over patterns of the area under score over missing rate, divided by
//! the area that the score without anything missing would have. `tables` tells how much of each side table the model itself takes
//! for wrong, with nothing wrong and under each kind of noise. Comes in: a model and a split. Goes out: [`Robustness`].

mod result;
mod setting;

pub use result::{Found, Measurement, Robustness, Spread, Violation};

use fusebind_data::{
    split::{OverlapAudit, Part, Split},
    table::Dataset,
};
use fusebind_features::{
    entity::side::SideData,
    modality::{Modality, ModalitySet},
    neighbours::Mask,
};
use fusebind_model::{scoring::MissingModalities, trained::TrainedModel};

use super::noise::Noise;
use crate::{
    Error,
    evaluate::{Sampling, TableFinding},
    experiment::ablation::{CONDITIONS, Condition, ScoredRun},
    missing::Pattern,
};
use setting::Setting;

/// How much is swept.
#[derive(Clone, Debug, PartialEq)]
pub struct RobustnessConfig {
    /// Missing rates above 0, ascending.
    pub rates: Vec<f64>,
    /// Draws per pattern and rate.
    pub draws: u64,
    /// Seed of the first draw.
    pub seed: u64,
}

impl Default for RobustnessConfig {
    fn default() -> Self {
        Self {
            rates: (1..=9).map(|tenth| f64::from(tenth) / 10.0).collect(),
            draws: 3,
            seed: 1,
        }
    }
}

impl RobustnessConfig {
    /// Two rates, one draw.
    pub fn quick() -> Self {
        Self {
            rates: vec![0.5, 0.9],
            draws: 1,
            ..Self::default()
        }
    }
}

/// Losses below this are rounding, not violations.
const TOLERANCE: f64 = 1e-3;

fn alike(without: ModalitySet) -> MissingModalities<'static> {
    MissingModalities::Alike(Mask {
        drug: without,
        target: without,
        ..Mask::default()
    })
}

/// Sweeps `trained` over `part`. Wrong side data are scored under the mismatch rates of training (`noise`)
/// and, where the model checks side values, under those estimated from the wrong tables (`noise-estimated`). `progress` is called with
/// the measurements done and all of them.
pub fn robustness(
    trained: &TrainedModel,
    data: (&Dataset, [&SideData; 2]),
    (split, part): (&Split, Part),
    config: &RobustnessConfig,
    mut progress: impl FnMut(usize, usize),
) -> Result<Robustness, Error> {
    let indices = split.part(part);
    let setting = Setting::new(trained, data, indices, None);
    let scores = setting.scores(MissingModalities::default());
    let (full, error, n) = setting.score(&scores)?;
    let (truth, predictions) = setting.labelled(&scores);
    let mut scored = ScoredRun {
        binding: trained.description.scales.is_empty(),
        truth,
        sampling: Sampling::new(
            &OverlapAudit::of(&data.0.interactions, &split.train, indices),
            setting.labelled_pairs(),
        ),
        conditions: Vec::new(),
        area_ratio: 0.0,
    };
    let mut keep = |name: &str, predictions: Vec<f32>| {
        if CONDITIONS.contains(&name) {
            let name = name.to_string();
            scored.conditions.push(Condition { name, predictions });
        }
    };
    keep("everything", predictions);
    let known = match &trained.neighbours {
        Some(neighbours) => neighbours.is_known((&setting.drugs, &setting.targets)),
        None => [
            vec![true; setting.drugs.keys.len()],
            vec![true; setting.targets.keys.len()],
        ],
    };
    let subsets = subsets(trained);
    let structure: ModalitySet = [Modality::Graph, Modality::Sequence].into_iter().collect();
    let reference = trained.neighbours.as_ref();
    let estimates_rates = reference.is_some_and(|reference| !reference.mismatch.is_empty());
    let total = Pattern::ALL.len() * config.rates.len() * config.draws as usize
        + subsets.len()
        + Noise::ALL.len() * if estimates_rates { 2 } else { 1 };
    let mut measurements = Vec::with_capacity(total);
    let mut push = |measurements: &mut Vec<Measurement>, measurement: Measurement| {
        measurements.push(measurement);
        progress(measurements.len(), total);
    };
    let present = setting.present();
    for pattern in Pattern::ALL {
        for &rate in &config.rates {
            for draw in 0..config.draws {
                let seed = config.seed.wrapping_add(draw) ^ (rate * 1000.0) as u64 ^ (pattern as u64) << 32;
                let present = [&present[0][..], &present[1][..]];
                let lost = pattern.draw(present, [&known[0], &known[1]], rate, seed);
                let scores = setting.scores(MissingModalities::Each([&lost[0], &lost[1]]));
                let (score, error, _) = setting.score(&scores)?;
                if pattern == Pattern::Random && draw == 0 {
                    keep(&format!("missing-{:.0}", 100.0 * rate), setting.labelled(&scores).1);
                }
                let name = pattern.name().to_string();
                push(
                    &mut measurements,
                    Measurement {
                        variant: "missing".into(),
                        name,
                        rate,
                        draw,
                        score,
                        error,
                    },
                );
            }
        }
    }
    for subset in &subsets {
        let scores = setting.scores(alike(subset.complement()));
        let (score, error, _) = setting.score(&scores)?;
        if *subset == structure {
            keep("structure", setting.labelled(&scores).1);
        }
        let name = names(*subset);
        push(
            &mut measurements,
            Measurement {
                variant: "subset".into(),
                name,
                rate: 0.0,
                draw: 0,
                score,
                error,
            },
        );
    }
    let found = |noise: &str, finding: &TableFinding| Found {
        noise: noise.into(),
        finding: finding.clone(),
    };
    let mut tables: Vec<Found> = setting.tables.iter().map(|table| found("nothing", table)).collect();
    for noise in Noise::ALL {
        let perturbed = Setting::new(trained, data, indices, Some((noise, config.seed)));
        let is_perturbed = |table: &&TableFinding| table.quality.modality == noise.modality();
        let touched = perturbed.tables.iter().filter(is_perturbed);
        tables.extend(touched.map(|table| found(noise.name(), table)));
        let scores = perturbed.scores(MissingModalities::default());
        let (score, error, _) = perturbed.score(&scores)?;
        keep(noise.name(), perturbed.labelled(&scores).1);
        let mut measure = |variant: &str, score: f64, error: f64| {
            let measurement = Measurement {
                variant: variant.into(),
                name: noise.name().to_string(),
                rate: 0.0,
                draw: 0,
                score,
                error,
            };
            push(&mut measurements, measurement);
        };
        measure("noise", score, error);
        if let Some(estimated) = perturbed.with_estimated_rates() {
            let (score, error, _) = estimated.score(&estimated.scores(MissingModalities::default()))?;
            measure("noise-estimated", score, error);
        }
    }
    let score_of = |set: ModalitySet| {
        let name = names(set);
        measurements
            .iter()
            .find(|measurement| measurement.variant == "subset" && measurement.name == name)
            .map(|measurement| measurement.score)
    };
    let mut robustness = Robustness {
        part,
        n,
        metric: if trained.description.scales.is_empty() {
            "auroc".into()
        } else {
            "ci".into()
        },
        full,
        structure_only: score_of(structure).unwrap_or(full),
        area_ratio: area_ratio(&measurements, config, full),
        subsets: spread(
            measurements
                .iter()
                .filter(|measurement| measurement.variant == "subset")
                .map(|measurement| measurement.score),
        ),
        violations: violations(&subsets, score_of),
        tables,
        measurements: Vec::new(),
        scored,
    };
    robustness.scored.area_ratio = robustness.area_ratio;
    let whole = Measurement {
        variant: "full".into(),
        name: "everything".into(),
        rate: 0.0,
        draw: 0,
        score: full,
        error,
    };
    robustness.measurements = [whole].into_iter().chain(measurements).collect();
    Ok(robustness)
}

/// Every subset of the modalities that leaves something of each side.
fn subsets(trained: &TrainedModel) -> Vec<ModalitySet> {
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

fn names(set: ModalitySet) -> String {
    set.iter().map(Modality::name).collect::<Vec<_>>().join("+")
}

/// Mean over patterns of the area under the curve from rate 0 on, by trapezoids, over that of the full score.
fn area_ratio(measurements: &[Measurement], config: &RobustnessConfig, full: f64) -> f64 {
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

fn spread(scores: impl Iterator<Item = f64>) -> Spread {
    let scores: Vec<f64> = scores.collect();
    let count = scores.len().max(1) as f64;
    let mean = scores.iter().sum::<f64>() / count;
    Spread {
        mean,
        sd: (scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / count).sqrt(),
        worst: scores.iter().copied().fold(f64::INFINITY, f64::min),
    }
}

fn violations(subsets: &[ModalitySet], scored: impl Fn(ModalitySet) -> Option<f64>) -> Vec<Violation> {
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
