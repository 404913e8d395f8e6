//! [`Trust`]: expected errors, intervals, calibrated probabilities and sets of a model, and what they say of one pair.
//!
//! Comes in: what is known of a pair and what the model says of it. Goes out: for an affinity
//! `prediction ± q_g sigma(x)` with the expected error `sigma` and the quantile `q_g` of the group `g` of the pair; for binding the
//! calibrated probability `p'` and the classes whose score (`1 - p'` for binding, `p'` for not) is no larger than their quantile.

use std::collections::BTreeMap;

use fusebind_eval::{calibrated_logit::CalibratedLogit, conformal::ClassSet, error_scale::ErrorScale};
use fusebind_features::novelty::Novelty;
use serde::{Deserialize, Serialize};

use super::{
    channels::{AFFINITY_CHANNELS, BINDING_CHANNELS, Output, PairEvidence},
    domain::{DomainFinding, DomainLimits, ErrorLimits, LimitedError},
    familiar::Familiar,
    groups::{PARENTS, group},
};
use crate::prior_shift::shifted;

/// Half widths of intervals of one level, over the expected error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalLevel {
    /// Promised share of true values inside, for instance 0.9.
    pub level: f64,
    /// By group; none where too few pairs were held out to promise it.
    pub quantiles: Vec<Option<f64>>,
}

/// What is known of the errors on one affinity scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffinityTrust {
    /// Added to predictions: 0, or what labelled pairs of another laboratory ask for.
    #[serde(default)]
    pub offset: f64,
    /// Mean absolute error to expect, in units of the scale.
    pub error: ErrorScale,
    /// From where on an expected error is large.
    #[serde(default)]
    pub error_limits: Option<ErrorLimits>,
    /// Intervals, from narrow to wide.
    pub levels: Vec<IntervalLevel>,
}

/// Largest scores of the classes in sets of one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLevel {
    /// Promised share of true classes inside.
    pub level: f64,
    /// Of one minus the probability, by group.
    pub binds: Vec<Option<f64>>,
    /// Of the probability, by group.
    pub not: Vec<Option<f64>>,
}

/// What is known of the probabilities of binding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingTrust {
    /// From logits to calibrated probabilities.
    pub map: CalibratedLogit,
    /// From where on an expected error is large.
    #[serde(default)]
    pub error_limits: Option<ErrorLimits>,
    /// Sets of classes.
    pub levels: Vec<SetLevel>,
}

/// What was found on pairs that were held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// By affinity scale of the model; none for a scale without held-out pairs.
    pub affinity: Vec<Option<AffinityTrust>>,
    /// Of the binding head.
    pub binding: Option<BindingTrust>,
    /// Similarities (drug, target) below which a new entity is far.
    pub near: [f32; 2],
    /// Limits of the domain.
    pub domain: DomainLimits,
    /// What is usual among training drugs and among training targets.
    #[serde(default)]
    pub familiar: [Option<Familiar>; 2],
    /// Added to the calibrated logit of a compound that is presumed inert.
    #[serde(default)]
    pub inert_shift: f64,
    /// Number of held-out pairs by how new they were.
    pub pairs: BTreeMap<Novelty, u64>,
    /// Scores of the models that did not see these pairs, by how new they were: what to expect of new pairs.
    pub expected: BTreeMap<Novelty, BTreeMap<String, f64>>,
    /// What models that were trained without a source say of it, by its name: what to expect of pairs from elsewhere.
    #[serde(default)]
    pub sources: BTreeMap<String, SourceScores>,
}

/// Scores of a model on a source that it was trained without.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceScores {
    /// Pairs of the source.
    pub pairs: u64,
    /// Scores by name.
    pub scores: BTreeMap<String, f64>,
}

/// An affinity with its certainty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AffinityEstimate {
    /// Added to the prediction; the interval lies around the sum.
    pub offset: f64,
    /// Mean absolute error to expect.
    pub expected_error: f64,
    /// Half width of the interval of each level, in the order of the levels.
    pub half_widths: Vec<Option<f64>>,
}

/// A probability of binding with its certainty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BindingEstimate {
    /// Calibrated probability.
    pub probability: f64,
    /// Classes that cannot be ruled out, by level; none where too few pairs were held out.
    pub sets: Vec<Option<ClassSet>>,
}

impl BindingEstimate {
    /// Mean absolute difference between the class and the probability, if the probability is right.
    pub fn expected_error(&self) -> f64 {
        2.0 * self.probability * (1.0 - self.probability)
    }
}

impl Trust {
    /// What is known of the error on the scale in `column`.
    pub fn affinity(&self, column: usize, evidence: &PairEvidence, output: Output) -> Option<AffinityEstimate> {
        let trust = self.affinity.get(column)?.as_ref()?;
        let group = group(evidence, self.near);
        let expected_error = trust.error.at(&evidence.affinity_channels(output));
        let half_width = |level: &IntervalLevel| level.quantiles[group].map(|quantile| quantile * expected_error);
        Some(AffinityEstimate {
            offset: trust.offset,
            expected_error,
            half_widths: trust.levels.iter().map(half_width).collect(),
        })
    }

    /// What is known of the probability of binding.
    pub fn binding(&self, evidence: &PairEvidence, output: Output) -> Option<BindingEstimate> {
        let trust = self.binding.as_ref()?;
        let group = group(evidence, self.near);
        let calibrated = trust.map.apply(&evidence.binding_channels(output), output.value);
        let probability = shifted(calibrated, output.prior_shift);
        let set = |level: &SetLevel| {
            Some(ClassSet {
                binds: 1.0 - probability <= level.binds[group]?,
                not: probability <= level.not[group]?,
            })
        };
        Some(BindingEstimate {
            probability,
            sets: trust.levels.iter().map(set).collect(),
        })
    }

    /// Where a pair lies of which this is known: the error to expect is that of the first affinity, or of binding for a model without any.
    pub fn domain(
        &self,
        evidence: &PairEvidence,
        affinity: Option<&AffinityEstimate>,
        binding: Option<&BindingEstimate>,
    ) -> DomainFinding {
        let of_affinity = || {
            let limits = self.affinity.first()?.as_ref()?.error_limits?;
            Some((affinity?.expected_error, limits))
        };
        let of_binding = || Some((binding?.expected_error(), self.binding.as_ref()?.error_limits?));
        let error = match self.affinity.is_empty() {
            true => of_binding(),
            false => of_affinity(),
        };
        let error = error.map(|(expected, limits)| LimitedError { expected, limits });
        self.domain.find(evidence, error)
    }

    /// What does not go together, in words; `scales` is the number of affinity heads, `width` that of the channels of an embedding.
    ///
    /// # Errors
    /// The first thing that training would not write.
    pub fn check(&self, scales: usize, width: usize) -> Result<(), &'static str> {
        let quantiles =
            |all: &[Option<f64>]| all.len() == PARENTS.len() && all.iter().flatten().all(|q| (0.0..1e6).contains(q));
        let level = |level: f64| level > 0.0 && level < 1.0;
        let affinity = |trust: &AffinityTrust| {
            let levels = trust.levels.iter();
            trust.error.is_sound(AFFINITY_CHANNELS)
                && trust.error_limits.is_none_or(|limits| limits.is_sound())
                && trust.offset.abs() < 1e6
                && levels.into_iter().all(|l| level(l.level) && quantiles(&l.quantiles))
        };
        let binding = |trust: &BindingTrust| {
            let mut levels = trust.levels.iter();
            trust.map.is_sound(BINDING_CHANNELS)
                && trust.error_limits.is_none_or(|limits| limits.is_sound())
                && levels.all(|l| level(l.level) && quantiles(&l.binds) && quantiles(&l.not))
        };
        match () {
            () if self.affinity.len() != scales => Err("errors of other scales than the model has"),
            () if !self.affinity.iter().flatten().all(affinity) => Err("an expected error or a quantile out of bounds"),
            () if !self.binding.iter().all(binding) => Err("a calibration map or a quantile out of bounds"),
            () if self.familiar.iter().flatten().any(|familiar| !familiar.is_sound(width)) => {
                Err("a description of training embeddings of another width")
            }
            () if !(-50.0..=0.0).contains(&self.inert_shift) => Err("a shift of inert compounds out of bounds"),
            () if !self.domain.is_sound() || self.near.iter().any(|s| !(0.0..=1.0).contains(s)) => {
                Err("a limit of similarity outside [0, 1]")
            }
            () => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Trust of one scale and a binding head in which every group is alike but the last.
    pub(crate) fn trust() -> Trust {
        let mut quantiles = vec![Some(2.0); PARENTS.len()];
        quantiles[10] = None;
        let mut weights = vec![0.0; AFFINITY_CHANNELS];
        weights[0] = 0.5f64.ln();
        Trust {
            affinity: vec![Some(AffinityTrust {
                offset: 0.0,
                error: ErrorScale {
                    weights,
                    range: [-3.0, 3.0],
                },
                error_limits: None,
                levels: vec![IntervalLevel { level: 0.9, quantiles }],
            })],
            binding: Some(BindingTrust {
                map: CalibratedLogit {
                    slope: vec![0.0; BINDING_CHANNELS],
                    offset: vec![0.0; BINDING_CHANNELS],
                    bend: Vec::new(),
                },
                error_limits: None,
                levels: vec![SetLevel {
                    level: 0.9,
                    binds: vec![Some(0.4); PARENTS.len()],
                    not: vec![Some(0.7); PARENTS.len()],
                }],
            }),
            familiar: [None, None],
            inert_shift: 0.0,
            near: [0.5; 2],
            domain: DomainLimits {
                inside: [0.5; 2],
                edge: [0.2; 2],
            },
            pairs: BTreeMap::new(),
            expected: BTreeMap::new(),
            sources: BTreeMap::new(),
        }
    }

    #[test]
    fn an_interval_is_the_quantile_times_the_expected_error() {
        let trust = trust();
        let mut evidence = PairEvidence::default();
        evidence.drug.is_known = true;
        let estimate = trust.affinity(0, &evidence, Output::default()).expect("a scale");
        assert!((estimate.expected_error - 0.5).abs() < 1e-12);
        assert_eq!(estimate.half_widths.len(), 1);
        assert!(estimate.half_widths[0].is_some_and(|width| (width - 1.0).abs() < 1e-12));
        // Both new and far: nothing can be promised, and nothing is made up.
        let far = trust.affinity(0, &PairEvidence::default(), Output::default());
        assert_eq!(far.map(|f| f.half_widths), Some(vec![None]));
        assert_eq!(trust.affinity(1, &evidence, Output::default()), None);
    }

    #[test]
    fn a_set_holds_what_cannot_be_ruled_out() {
        let trust = trust();
        let of = |p: f64| {
            let value = (p / (1.0 - p)).ln();
            let estimate = trust.binding(
                &PairEvidence::default(),
                Output {
                    prior_shift: 0.0,
                    value,
                    disagreement: 0.0,
                },
            );
            estimate.and_then(|e| e.sets[0]).map(|set| (set.binds, set.not))
        };
        assert_eq!(
            [of(0.95), of(0.65), of(0.2)],
            [Some((true, false)), Some((true, true)), Some((false, true))]
        );
    }

    #[test]
    fn what_training_would_not_write_is_refused() {
        assert_eq!(trust().check(1, 8), Ok(()));
        assert!(trust().check(2, 8).is_err());
        let spoil: [fn(&mut Trust); 4] = [
            |t| t.near[0] = f32::NAN,
            |t| t.domain.edge[1] = 0.9,
            |t| t.binding.as_mut().expect("one").levels[0].not.truncate(2),
            |t| t.affinity[0].as_mut().expect("one").error.weights[3] = f64::NAN,
        ];
        for spoil in spoil {
            let mut trust = trust();
            spoil(&mut trust);
            assert!(trust.check(1, 8).is_err());
        }
    }
}
