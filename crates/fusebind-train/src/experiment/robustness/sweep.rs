//! The three sweeps: missing rates, subsets of the modalities, and noise.
//!
//! Comes in: a model and the part that it is scored on. Goes out: [`Robustness`], measurement by measurement.

use fusebind_data::split::OverlapAudit;
use fusebind_features::{
    modality::{Modality, ModalitySet},
    neighbours::Mask,
};
use fusebind_model::{scoring::MissingModalities, trained::TrainedModel};

use super::{
    config::RobustnessConfig,
    result::{Found, Measurement, Robustness},
    setting::{PartScore, Setting},
    summary::{area_ratio, names, spread, violations},
};
use crate::{
    Error,
    evaluate::{EvaluationSet, Sampling, TableFinding},
    experiment::{
        ablation::{CONDITIONS, Condition, ScoredRun},
        noise::Noise,
    },
    missing::Pattern,
    seeds,
};

/// A sweep on its way.
pub(super) struct Sweep<'a, 'p> {
    trained: &'a TrainedModel,
    set: &'a EvaluationSet<'a>,
    config: &'a RobustnessConfig,
    subsets: &'a [ModalitySet],
    /// The part as it is.
    setting: Setting<'a>,
    full: PartScore,
    measurements: Vec<Measurement>,
    scored: ScoredRun,
    tables: Vec<Found>,
    /// Measurements in all, without that of the part as it is.
    total: usize,
    /// Called with the measurements done and all of them.
    progress: &'p mut dyn FnMut(usize, usize),
}

/// What a measurement is of.
struct Place<'a> {
    variant: &'a str,
    name: &'a str,
    rate: f64,
    draw: u64,
}

impl<'a> Place<'a> {
    fn of(variant: &'a str, name: &'a str) -> Self {
        Self {
            variant,
            name,
            rate: 0.0,
            draw: 0,
        }
    }

    fn measured(&self, score: &PartScore) -> Measurement {
        Measurement {
            variant: self.variant.into(),
            name: self.name.into(),
            rate: self.rate,
            draw: self.draw,
            score: score.score,
            error: score.error,
        }
    }
}

fn graph_and_sequence() -> ModalitySet {
    [Modality::Graph, Modality::Sequence].into_iter().collect()
}

fn alike(without: ModalitySet) -> MissingModalities<'static> {
    MissingModalities::Alike(Mask {
        drug: without,
        target: without,
        ..Mask::default()
    })
}

/// Keeps predictions that ablations compare.
fn keep(scored: &mut ScoredRun, name: &str, predictions: impl FnOnce() -> Vec<f32>) {
    if CONDITIONS.contains(&name) {
        scored.conditions.push(Condition {
            name: name.to_string(),
            predictions: predictions(),
        });
    }
}

impl<'a, 'p> Sweep<'a, 'p> {
    /// Scores the part as it is.
    pub fn begin(
        trained: &'a TrainedModel,
        set: &'a EvaluationSet<'a>,
        config: &'a RobustnessConfig,
        subsets: &'a [ModalitySet],
        progress: &'p mut dyn FnMut(usize, usize),
    ) -> Result<Self, Error> {
        let setting = Setting::new(trained, set, None);
        let scores = setting.scores(MissingModalities::default());
        let full = setting.score(&scores)?;
        let leakage = OverlapAudit::of(&set.dataset.interactions, &set.split.train, set.indices());
        let mut scored = ScoredRun {
            binding: trained.description.scales.is_empty(),
            truth: setting.truth(&scores),
            sampling: Sampling::new(&leakage, setting.labelled_pairs()),
            conditions: Vec::new(),
            area_ratio: 0.0,
        };
        keep(&mut scored, "everything", || setting.predictions(&scores));
        let reference = trained.neighbours.as_ref();
        let estimates_rates = reference.is_some_and(|reference| !reference.mismatch.is_empty());
        let total = Pattern::ALL.len() * config.rates.len() * config.draws as usize
            + subsets.len()
            + Noise::ALL.len() * if estimates_rates { 2 } else { 1 };
        let found = |finding: &TableFinding| Found {
            noise: "nothing".into(),
            finding: finding.clone(),
        };
        Ok(Self {
            trained,
            set,
            config,
            subsets,
            full,
            measurements: Vec::with_capacity(total),
            scored,
            tables: setting.tables.iter().map(found).collect(),
            setting,
            total,
            progress,
        })
    }

    fn push(&mut self, place: &Place<'_>, score: &PartScore) {
        self.measurements.push(place.measured(score));
        (self.progress)(self.measurements.len(), self.total);
    }

    /// Every pattern at every missing rate.
    pub fn missing_rates(&mut self) -> Result<(), Error> {
        let present = self.setting.present();
        let known = match &self.trained.neighbours {
            Some(neighbours) => neighbours.is_known((&self.setting.drugs, &self.setting.targets)),
            None => present.each_ref().map(|side| vec![true; side.len()]),
        };
        for pattern in Pattern::ALL {
            for &rate in &self.config.rates {
                for draw in 0..self.config.draws {
                    let seed = seeds::missing(self.config.seed, pattern, rate, draw).seed();
                    let lost = pattern.sample([&present[0], &present[1]], [&known[0], &known[1]], rate, seed);
                    let scores = (self.setting).scores(MissingModalities::Each([&lost[0], &lost[1]]));
                    let score = self.setting.score(&scores)?;
                    if pattern == Pattern::Random && draw == 0 {
                        let name = format!("missing-{:.0}", 100.0 * rate);
                        keep(&mut self.scored, &name, || self.setting.predictions(&scores));
                    }
                    let place = Place {
                        variant: "missing",
                        name: pattern.name(),
                        rate,
                        draw,
                    };
                    self.push(&place, &score);
                }
            }
        }
        Ok(())
    }

    /// Every subset of the modalities.
    pub fn subsets(&mut self) -> Result<(), Error> {
        for &subset in self.subsets {
            let scores = self.setting.scores(alike(subset.complement()));
            let score = self.setting.score(&scores)?;
            if subset == graph_and_sequence() {
                keep(&mut self.scored, "structure", || self.setting.predictions(&scores));
            }
            self.push(&Place::of("subset", &names(subset)), &score);
        }
        Ok(())
    }

    /// Every kind of noise, under the mismatch rates of training and, where the model checks side values, under those estimated.
    pub fn noise(&mut self) -> Result<(), Error> {
        for noise in Noise::ALL {
            let perturbed = Setting::new(self.trained, self.set, Some((noise, self.config.seed)));
            let is_perturbed = |table: &&TableFinding| table.quality.modality == noise.modality();
            let touched = perturbed.tables.iter().filter(is_perturbed);
            self.tables.extend(touched.map(|finding| Found {
                noise: noise.name().into(),
                finding: finding.clone(),
            }));
            let scores = perturbed.scores(MissingModalities::default());
            let score = perturbed.score(&scores)?;
            keep(&mut self.scored, noise.name(), || perturbed.predictions(&scores));
            self.push(&Place::of("noise", noise.name()), &score);
            if let Some(estimated) = perturbed.with_estimated_rates() {
                let score = estimated.score(&estimated.scores(MissingModalities::default()))?;
                self.push(&Place::of("noise-estimated", noise.name()), &score);
            }
        }
        Ok(())
    }

    /// What the measurements say together.
    pub fn end(mut self) -> Robustness {
        let measurements = &self.measurements;
        let of_subsets = || {
            measurements
                .iter()
                .filter(|measurement| measurement.variant == "subset")
        };
        let score_of = |set: ModalitySet| {
            let name = names(set);
            let found = of_subsets().find(|measurement| measurement.name == name);
            found.map(|measurement| measurement.score)
        };
        let full = self.full.score;
        let area_ratio = area_ratio(measurements, self.config, full);
        self.scored.area_ratio = area_ratio;
        let metric = if self.scored.binding { "auroc" } else { "ci" };
        let whole = Place::of("full", "everything").measured(&self.full);
        Robustness {
            part: self.set.part,
            n: self.full.labelled,
            metric: metric.into(),
            full,
            structure_only: score_of(graph_and_sequence()).unwrap_or(full),
            area_ratio,
            subsets: spread(of_subsets().map(|measurement| measurement.score)),
            violations: violations(self.subsets, score_of),
            tables: self.tables,
            measurements: [whole].into_iter().chain(self.measurements).collect(),
            scored: self.scored,
        }
    }
}
