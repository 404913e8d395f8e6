//! Mismatch model: the probability that a side value belongs to its entity.
//!
//! A text may belong to another drug. For each side modality and each reference modality (the structure, and the other side
//! modalities) a logistic model on agreement features (`super::agreement`) separates the values of training entities from wrong
//! ones: values permuted among the entities, or chimeras of several; it uses no label. Both classes have equal weight, so its
//! logit is a log-likelihood ratio; of the two kinds of wrong values the more likely one counts. The ratios of all reference
//! modalities are summed, that of a side modality in proportion to its own match probability by structure. The reference
//! modalities are not independent, so the sum is overconfident: a calibration map learns from own and from permuted values the
//! ratio `r = ln p(own) / p(wrong)` of each sum.
//!
//! **The mismatch rate is a property of a table, and is estimated from it.** Where the share `q` of the values is wrong, values
//! have the density `(1 - q) p(own) + q p(wrong)`, so that `q` maximises
//!
//! ```text
//! sum over entities ln(1 - q + q e^-r)  +  c (d ln q + (1 - d) ln(1 - q))      d: the mismatch prior, c: `PRESUMED` entities
//! match probability = 1 - q e^-r / (1 - q + q e^-r)
//! ```
//!
//! by expectation and maximisation (as class shares are found for a classifier, Saerens et al. 2002, doi
//! 10.1162/089976602753284446). Rates are estimated at training and kept in the model ([`MismatchModel::training_rates`]): a
//! prediction uses these, whatever other rows a call has. Estimating the rates of another table is a step of its own
//! ([`MismatchModel::estimate`]). A prior of 0 gives every value full weight, and so does a value that no classifier can check.
//!
//! Training entities may have wrong values as well. Own values of which the share `q` is wrong are nowhere less than `q` times as
//! frequent as wrong ones (learning from contaminated examples, Elkan & Noto 2008, doi 10.1145/1401890.1401920). Where that bound
//! permits many wrong values, each value that is more likely wrong than right is excluded, as an example and as a neighbour, and
//! the classifiers are fitted again (`super::fit`).
//! Comes in: a [`ReferenceSet`]. Goes out: [`MismatchModel`], which turns descriptors into [`ModalityWeights`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    calibration_map::CalibrationMap,
    classifier::{MismatchClassifier, Queried},
    rates::{MismatchRate, MismatchRates},
};
use crate::{
    modality::{Modality, ModalityWeights},
    neighbours::{Queries, ReferenceEntities, ReferenceSet, Similarities, SimilarityKind},
};

/// Entities that the mismatch prior counts as where a mismatch rate is estimated.
const PRESUMED: f32 = 20.0;
/// Steps of expectation and maximisation.
const STEPS: usize = 200;
/// Mismatch rate of values that training permutes on purpose.
const PERMUTED: f32 = 0.5;

/// Log-likelihood ratios, or sums on the way to them, of entities by checked source; `None` where a value cannot be checked.
pub(super) type Ratios = BTreeMap<usize, Vec<Option<f32>>>;

/// Checked by the structure alone, or by all reference modalities.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Structure,
    All,
}

/// How many values of one side table look as if they belonged to another entity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableQuality {
    /// Modality.
    pub modality: Modality,
    /// Mismatch rate estimated from this table.
    pub mismatch_rate: f32,
    /// Mismatch rate that the model uses: that of its training table, or one that the user gave.
    pub used: f32,
    /// Values that the estimate rests on.
    pub values: usize,
}

/// Log-likelihood ratios of the values of some entities, before any rate is assumed.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Number of entities.
    entities: usize,
    /// Log-likelihood ratio of every entity, by classifier.
    log_ratios: Vec<Vec<Option<f32>>>,
}

/// Classifiers of the side modalities of drugs and of targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MismatchModel {
    /// Prior share of wrong values `d`.
    pub(super) mismatch_prior: f32,
    pub(super) classifiers: [Vec<MismatchClassifier>; 2],
    /// From sums to log-likelihood ratios, by side, stage and source.
    pub(super) calibration_maps: [[BTreeMap<usize, CalibrationMap>; 2]; 2],
    /// Share of wrong values among training entities, by side, stage and source.
    pub(super) shares: [[BTreeMap<usize, f32>; 2]; 2],
    /// Reference entities whose values are excluded, by source.
    pub(super) excluded: [BTreeMap<usize, Vec<bool>>; 2],
}

/// Whether a source is a side value of its own. An embedding is not: it is computed of a value that is there already, with which it would always
/// agree.
pub(super) fn is_side(source: SimilarityKind) -> bool {
    !matches!(source.modality(), Modality::Graph | Modality::Sequence) && !source.is_of_embedding()
}

impl MismatchModel {
    /// Whether no value is ever checked.
    pub fn is_empty(&self) -> bool {
        self.classifiers.iter().all(Vec::is_empty)
    }

    /// Compares the side values of the `queried` entities with those of the reference entities: drugs (`side` 0) or
    /// targets (1).
    pub fn compare(&self, side: usize, reference: &ReferenceEntities, queried: &Queries<'_>) -> Comparison {
        let log_ratios = match self.classifiers[side].is_empty() {
            true => Vec::new(),
            false => self.log_ratios(
                side,
                reference,
                Queried {
                    entities: queried,
                    similar: &similarities(reference, queried),
                },
                None,
            ),
        };
        Comparison {
            entities: queried.own.len(),
            log_ratios,
        }
    }

    /// Weight of each modality of each compared entity: the probability that its value belongs to it, given the mismatch `rates`; 1 for
    /// a value that cannot be checked. Entities from position `own` on are permuted copies, half of which are taken to be mismatches.
    pub fn modality_weights(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        comparison: &Comparison,
        rates: &BTreeMap<Modality, MismatchRate>,
        own: usize,
    ) -> Vec<ModalityWeights> {
        let mut all = vec![ModalityWeights::default(); comparison.entities];
        if comparison.log_ratios.is_empty() {
            return all;
        }
        let rate_of = |source: usize| rates.get(&reference.sources[source].0.modality());
        let prior = self.mismatch_prior;
        let sums = self.sums(side, reference, &comparison.log_ratios, None);
        let by_structure = self.ratios(side, Stage::Structure, sums);
        let source_weights = match_probabilities(&by_structure, own, |source, _| {
            rate_of(source).map_or(prior, |rate| rate.by_structure)
        });
        let sums = self.sums(side, reference, &comparison.log_ratios, Some(&source_weights));
        let ratios = self.ratios(side, Stage::All, sums);
        let probabilities = match_probabilities(&ratios, own, |source, _| {
            rate_of(source).map_or(prior, |rate| rate.rate)
        });
        for (source, probabilities) in probabilities {
            let modality = reference.sources[source].0.modality();
            let entities = all.iter_mut().zip(probabilities);
            entities.for_each(|(weights, probability)| weights.set(modality, probability));
        }
        all
    }

    /// Estimates the mismatch rates of the table that the compared entities come from.
    pub fn estimate(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        comparison: &Comparison,
    ) -> BTreeMap<Modality, MismatchRate> {
        if comparison.log_ratios.is_empty() {
            return BTreeMap::new();
        }
        let estimated = |ratios: &[Option<f32>]| self.mismatch_rate(ratios.iter().copied().flatten());
        let sums = self.sums(side, reference, &comparison.log_ratios, None);
        let by_structure = self.ratios(side, Stage::Structure, sums);
        let source_weights = match_probabilities(&by_structure, comparison.entities, |_, ratios| estimated(ratios));
        let sums = self.sums(side, reference, &comparison.log_ratios, Some(&source_weights));
        let ratios = self.ratios(side, Stage::All, sums);
        let rate = |(source, ratios): (&usize, &Vec<Option<f32>>)| {
            let rate = MismatchRate {
                by_structure: estimated(&by_structure[source]),
                rate: estimated(ratios),
                values: ratios.iter().flatten().count(),
            };
            (reference.sources[*source].0.modality(), rate)
        };
        ratios.iter().map(rate).collect()
    }

    /// Mismatch rates of the tables that the model was trained with, of training entities alone.
    pub fn training_rates(&self, reference: &ReferenceSet) -> MismatchRates {
        let of = |side: usize, entities: &ReferenceEntities| {
            let [by_structure, all] = &self.shares[side];
            let rate = |(source, rate): (&usize, &f32)| {
                let (kind, descriptors) = &entities.sources[*source];
                let present = |entity: &usize| descriptors.is_present(*entity);
                let rate = MismatchRate {
                    by_structure: by_structure.get(source).copied().unwrap_or(self.mismatch_prior),
                    rate: *rate,
                    values: (0..entities.keys.len()).filter(present).count(),
                };
                (kind.modality(), rate)
            };
            all.iter().map(rate).collect()
        };
        MismatchRates {
            drug: of(0, &reference.drugs),
            target: of(1, &reference.targets),
        }
    }

    /// Ratios of each classifier for the `queried` entities; for the values of the entities in `permuted_from`, by source, in place of
    /// their own, where these are given.
    pub(super) fn log_ratios(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        queried: Queried<'_, '_>,
        permuted_from: Option<&BTreeMap<usize, Vec<u32>>>,
    ) -> Vec<Vec<Option<f32>>> {
        let of = |classifier: &MismatchClassifier| {
            let permuted_from = permuted_from.and_then(|permuted_from| permuted_from.get(&classifier.sources[0]));
            classifier.ratios(reference, queried, &self.excluded[side], permuted_from.map(|d| &d[..]))
        };
        self.classifiers[side].iter().map(of).collect()
    }

    /// Sums of the ratios by checked source: of the structure alone, or of all reference modalities, weighted by `source_weights`.
    pub(super) fn sums(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        log_ratios: &[Vec<Option<f32>>],
        source_weights: Option<&BTreeMap<usize, Vec<f32>>>,
    ) -> Ratios {
        let mut sums = Ratios::new();
        for (classifier, log_ratios) in self.classifiers[side].iter().zip(log_ratios) {
            let [checked, compared] = classifier.sources;
            let sum = sums.entry(checked).or_insert_with(|| vec![None; log_ratios.len()]);
            if source_weights.is_none() && is_side(reference.sources[compared].0) {
                continue;
            }
            let source_weight = source_weights.and_then(|source_weights| source_weights.get(&compared));
            for (entity, (sum, log_ratio)) in sum.iter_mut().zip(log_ratios).enumerate() {
                if let Some(log_ratio) = log_ratio {
                    *sum = Some(sum.unwrap_or(0.0) + source_weight.map_or(1.0, |c| c[entity]) * log_ratio);
                }
            }
        }
        sums
    }

    /// Log-likelihood ratios from sums, by the calibration maps.
    pub(super) fn ratios(&self, side: usize, stage: Stage, mut sums: Ratios) -> Ratios {
        for (source, sums) in &mut sums {
            if let Some(calibration_map) = self.calibration_maps[side][stage as usize].get(source) {
                sums.iter_mut()
                    .for_each(|sum| *sum = sum.map(|sum| calibration_map.ratio(sum)));
            }
        }
        sums
    }

    /// Share of the values of a table that belong to another entity, see the file's header.
    pub(super) fn mismatch_rate(&self, ratios: impl Iterator<Item = f32> + Clone) -> f32 {
        let mut share = self.mismatch_prior;
        for _ in 0..STEPS {
            let sum = |(sum, count): (f32, f32), ratio| (sum + wrong(share, ratio), count + 1.0);
            let (sum, count) = ratios.clone().fold((0.0, 0.0), sum);
            share = (sum + PRESUMED * self.mismatch_prior) / (count + PRESUMED);
        }
        share
    }
}

/// Probability that each value belongs to its entity, by source, where `rate` gives the mismatch rate of a source; 1 where nothing is
/// known. Entities from position `own` on have the rate [`PERMUTED`].
pub(super) fn match_probabilities(
    ratios: &Ratios,
    own: usize,
    rate: impl Fn(usize, &[Option<f32>]) -> f32,
) -> BTreeMap<usize, Vec<f32>> {
    let of = |(source, ratios): (&usize, &Vec<Option<f32>>)| {
        let rate = rate(*source, ratios);
        let probability = |(at, ratio): (usize, &Option<f32>)| {
            let rate = if at < own { rate } else { PERMUTED };
            ratio.map_or(1.0, |ratio| 1.0 - wrong(rate, ratio))
        };
        (*source, ratios.iter().enumerate().map(probability).collect())
    };
    ratios.iter().map(of).collect()
}

/// Probability that a value is wrong where the share `share` of its table is.
fn wrong(share: f32, ratio: f32) -> f32 {
    let wrong = share * (-ratio).exp();
    wrong / (1.0 - share + wrong).max(f32::MIN_POSITIVE)
}

/// Similarities of the `queried` entities to those of the reference, by source.
pub(super) fn similarities<'a>(reference: &'a ReferenceEntities, queried: &Queries<'a>) -> Vec<Similarities<'a>> {
    (reference.sources.iter().zip(&queried.descriptors))
        .map(|((_, reference), queried)| Similarities::of(reference, queried))
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::seq::SliceRandom;

    use super::*;
    use crate::{
        neighbours::{Descriptors, InteractionMatrix},
        quality::BOUND,
        random::Stream,
    };

    /// Structure and text both show which of eight groups a drug is in, each with noise of its own.
    fn side(drugs: usize, seed: u64) -> ReferenceEntities {
        let noise = |salt: usize| {
            let mut order: Vec<f32> = (0..drugs * 8).map(|i| (i % 97) as f32 / 97.0).collect();
            order.shuffle(&mut Stream::new(seed + salt as u64).generator());
            order
        };
        let rows = |salt: usize| -> Vec<f32> {
            let noise = noise(salt);
            (0..drugs * 8)
                .map(|i| if i % 8 == (i / 8) % 8 { 1.0 } else { 0.0 } + 0.5 * noise[i])
                .collect()
        };
        ReferenceEntities {
            keys: (0..drugs).map(|i| i.to_string()).collect(),
            sources: vec![
                (SimilarityKind::Graph, Descriptors::dense(rows(1), 8)),
                (SimilarityKind::Text, Descriptors::dense(rows(2), 8)),
            ],
            ..ReferenceEntities::default()
        }
    }

    #[test]
    fn permuted_texts_are_separated_from_own_ones() {
        let reference = ReferenceSet {
            drugs: side(300, 1),
            targets: ReferenceEntities::default(),
            known: InteractionMatrix::default(),
        };
        let mismatch = MismatchModel::fit(&reference, 0.1, 5);
        // New drugs: the first half has its own texts, the others that of a drug of the next group.
        let new = side(160, 9);
        let order: Vec<u32> = (0..160).map(|i| if i < 80 { i } else { 80 + (i - 79) % 80 }).collect();
        let texts = new.sources[1].1.select(&order);
        let queried = Queries {
            own: vec![None; 160],
            counterparts: &[],
            descriptors: vec![&new.sources[0].1, &texts],
        };
        let comparison = mismatch.compare(0, &reference.drugs, &queried);
        let rates = mismatch.estimate(0, &reference.drugs, &comparison);
        let modality_weights = mismatch.modality_weights(0, &reference.drugs, &comparison, &rates, 160);
        let of = |range: std::ops::Range<usize>| {
            modality_weights[range]
                .iter()
                .map(|t| t.of(Modality::Text))
                .collect::<Vec<_>>()
        };
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let (own, permuted) = (of(0..80), of(80..160));
        assert!(
            mean(&own) > 0.9 && mean(&permuted) < 0.4,
            "{} {}",
            mean(&own),
            mean(&permuted)
        );
        assert!(
            modality_weights.iter().all(|t| t.of(Modality::Graph) == 1.0),
            "structures are not checked"
        );
        assert_eq!(rates.keys().copied().collect::<Vec<_>>(), [Modality::Text]);
        let in_training = mismatch.training_rates(&reference).drug[&Modality::Text].rate;
        assert!(
            (rates[&Modality::Text].rate - 0.5).abs() < 0.15 && in_training < 0.05,
            "{rates:?}"
        );
        let without_prior = MismatchModel::fit(&reference, 0.0, 5);
        assert!(without_prior.is_empty());
        let comparison = without_prior.compare(0, &reference.drugs, &queried);
        let weights = without_prior.modality_weights(0, &reference.drugs, &comparison, &rates, 160);
        assert_eq!(weights, vec![ModalityWeights::default(); 160]);
        assert!(without_prior.estimate(0, &reference.drugs, &comparison).is_empty());
    }

    /// Mean weight of 200 texts of which the first `shifted` belong to another drug, their estimated rate, and the weights themselves.
    fn weigh_shifted(shifted: usize, with_training_rates: bool, own: usize) -> (f32, f32) {
        let reference = ReferenceSet {
            drugs: side(300, 1),
            targets: ReferenceEntities::default(),
            known: InteractionMatrix::default(),
        };
        let mismatch = MismatchModel::fit(&reference, 0.1, 5);
        let new = side(200, 9);
        let order: Vec<u32> = (0..200)
            .map(|i| if i < shifted { (i + 1) % 200 } else { i } as u32)
            .collect();
        let texts = new.sources[1].1.select(&order);
        let queried = Queries {
            own: vec![None; 200],
            counterparts: &[],
            descriptors: vec![&new.sources[0].1, &texts],
        };
        let comparison = mismatch.compare(0, &reference.drugs, &queried);
        let estimated = mismatch.estimate(0, &reference.drugs, &comparison);
        let rates = match with_training_rates {
            true => mismatch.training_rates(&reference).drug,
            false => estimated.clone(),
        };
        let weights = mismatch.modality_weights(0, &reference.drugs, &comparison, &rates, own);
        let sum: f32 = weights.iter().map(|t| t.of(Modality::Text)).sum();
        (sum / 200.0, estimated[&Modality::Text].rate)
    }

    #[test]
    fn the_rate_of_a_table_is_estimated_from_it() {
        let (clean, shifted) = (weigh_shifted(0, false, 200), weigh_shifted(200, false, 200));
        assert!(clean.0 > 0.95 && clean.1 < 0.05, "{clean:?}");
        assert!(shifted.0 < 0.1 && shifted.1 > 0.9, "{shifted:?}");
        // Rates of a clean training table weigh shifted values higher, and permuted copies lie between.
        let (own, permuted) = (weigh_shifted(200, true, 200).0, weigh_shifted(200, true, 0).0);
        assert!(shifted.0 < permuted && permuted < own, "{shifted:?} {permuted} {own}");
    }

    #[test]
    fn the_weights_of_an_entity_do_not_depend_on_the_others() {
        let reference = ReferenceSet {
            drugs: side(300, 1),
            targets: ReferenceEntities::default(),
            known: InteractionMatrix::default(),
        };
        let mismatch = MismatchModel::fit(&reference, 0.1, 5);
        let rates = mismatch.training_rates(&reference).drug;
        let new = side(50, 9);
        let weigh = |order: &[u32]| {
            let descriptors: Vec<Descriptors> = new.sources.iter().map(|s| s.1.select(order)).collect();
            let queried = Queries {
                own: vec![None; order.len()],
                counterparts: &[],
                descriptors: descriptors.iter().collect(),
            };
            let comparison = mismatch.compare(0, &reference.drugs, &queried);
            mismatch.modality_weights(0, &reference.drugs, &comparison, &rates, order.len())
        };
        let together = weigh(&(0..50).collect::<Vec<u32>>());
        let reversed = weigh(&(0..50).rev().collect::<Vec<u32>>());
        for entity in 0..50 {
            assert_eq!(weigh(&[entity as u32])[0], together[entity]);
            assert_eq!(reversed[49 - entity], together[entity]);
        }
    }

    #[test]
    fn the_prior_is_the_rate_where_there_is_no_table() {
        let mismatch = MismatchModel {
            mismatch_prior: 0.2,
            ..MismatchModel::default()
        };
        assert!((mismatch.mismatch_rate([].into_iter()) - 0.2).abs() < 1e-6);
        let one = mismatch.mismatch_rate([-BOUND].into_iter());
        assert!(
            (0.2..0.3).contains(&one),
            "one value changes the estimate of a table little: {one}"
        );
        assert!((wrong(0.2, 0.0) - 0.2).abs() < 1e-6 && wrong(0.2, 4.0) < 0.01 && wrong(0.2, -4.0) > 0.9);
    }
}
