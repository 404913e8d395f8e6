//! How likely it is that what a modality says of an entity is about this entity.
//!
//! A text may belong to another drug. For each side modality and each reference (the structure, and the other side
//! modalities) a logistic model on agreement features (`crate::neighbours::agreement`) learns to tell the values of
//! training entities from wrong ones: swapped among them, or chimeras of several; no label takes part. With equal weights of both
//! classes its logit is a log-likelihood ratio; of the two kinds of wrong values the likelier one counts. What the references say is added
//! up, a side modality as far as the structure vouches for it. They are not independent, so the sum is too sure of itself: a
//! ladder learns from own and from swapped values which ratio `r = ln p(own) / p(wrong)` a sum really stands for.
//!
//! **The share of wrong values is a property of a table, and the table tells it.** Where the share `q` is wrong, values are spread as `(1 - q)
//! p(own) + q p(wrong)`, so that `q` maximises
//!
//! ```text
//! sum over entities ln(1 - q + q e^-r)  +  c (d ln q + (1 - d) ln(1 - q))      d: the doubt, c: `PRESUMED` entities
//! trust = 1 - q e^-r / (1 - q + q e^-r)
//! ```
//!
//! by expectation and maximisation (as class shares are found for a classifier, Saerens et al. 2002, doi
//! 10.1162/089976602753284446). A single compound is judged under the doubt that training set out with; a table of hundreds that is clean is hardly
//! doubted at all, and one whose rows were shifted is hardly believed, and reported. MismatchQuery 0 trusts all, and so is a value that no
//! reference can judge.
//!
//! Training entities may have wrong values as well. Own values of which the share `q` is wrong are nowhere less than `q` times as
//! frequent as wrong ones (learning from contaminated examples, Elkan & Noto 2008, doi 10.1145/1401890.1401920). Where that bound leaves
//! room for many, what is more likely wrong than right is set aside, as an example and as a neighbour, and the judges learn again,
//! `ROUNDS` times in all.
//! Comes in: a [`ReferenceSet`]. Goes out: [`MismatchModel`], which turns descriptors into [`ModalityWeights`].

use std::collections::{BTreeMap, BTreeSet};

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{LEAST, calibration_map::CalibrationMap, classifier::MismatchClassifier};
use crate::{
    modality::{Modality, ModalityWeights},
    neighbours::{Queries, ReferenceEntities, ReferenceSet, Similarities, SimilarityKind},
};

/// Entities that the doubt counts as where the share of wrong values is estimated.
const PRESUMED: f32 = 20.0;
/// Steps of expectation and maximisation.
const STEPS: usize = 200;
/// Times that the judges learn.
const ROUNDS: usize = 3;
/// Share of wrong values among those that training swaps on purpose: neither is believed nor disbelieved beforehand.
const SWAPPED: f32 = 0.5;

/// Log-likelihood ratios, or sums on the way to them, of entities by doubted source; `None` where nothing can be told.
type Ratios = BTreeMap<usize, Vec<Option<f32>>>;
/// Descriptors of entities and their similarities to a reference.
type Asked<'a, 'b> = (&'a Queries<'b>, &'a [Similarities<'b>]);

/// From the structure alone, or from all witnesses.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Structure,
    All,
}

/// Which table the values of entities are from.
#[derive(Clone, Copy, Debug)]
pub enum Table {
    /// One at hand: it tells itself how much of it is wrong.
    Asked,
    /// That of training, which told it then, from training entities alone; what follows the first `own` entities was swapped on purpose.
    Training {
        /// Entities that have their own values.
        own: usize,
    },
}

/// How much of what a modality says of the entities of a table is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableQuality {
    /// Modality.
    pub modality: Modality,
    /// Estimated share of wrong values.
    pub wrong: f32,
    /// The same of the table that the model was trained with.
    pub in_training: f32,
    /// Values that it rests on.
    pub values: usize,
}

/// Classifiers of the side modalities of drugs and of targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MismatchModel {
    /// Prior share of wrong values `d`.
    mismatch_prior: f32,
    classifiers: [Vec<MismatchClassifier>; 2],
    /// What sums stand for, by side, stage and source.
    calibration_maps: [[BTreeMap<usize, CalibrationMap>; 2]; 2],
    /// Share of wrong values among training entities, by side, stage and source.
    shares: [[BTreeMap<usize, f32>; 2]; 2],
    /// Entities of the banks whose values are set aside, by source.
    excluded: [BTreeMap<usize, Vec<bool>>; 2],
}

fn is_side(source: SimilarityKind) -> bool {
    !matches!(source.modality(), Modality::Graph | Modality::Sequence)
}

impl MismatchModel {
    /// Learns from the entities of `reference`; trusts everything where `mismatch_prior` is 0.
    pub fn fit(reference: &ReferenceSet, mismatch_prior: f32, seed: u64) -> Self {
        let mut mismatch = Self {
            mismatch_prior,
            ..Self::default()
        };
        if mismatch_prior <= 0.0 {
            return mismatch;
        }
        for (at, side) in [&reference.drugs, &reference.targets].into_iter().enumerate() {
            let own = Queries {
                own: (0..side.keys.len() as u32).map(Some).collect(),
                descriptors: side.sources.iter().map(|(_, d)| d).collect(),
            };
            let similar = similarities(side, &own);
            let own = (&own, &similar[..]);
            for round in 0..ROUNDS {
                mismatch.classifiers[at] = classifiers(side, &similar, &mismatch.excluded[at], seed);
                let sums = mismatch.calibrate(at, side, own, seed);
                if round + 1 < ROUNDS {
                    mismatch.set_aside(at, &sums);
                }
            }
        }
        mismatch
    }

    /// Whether nothing is ever doubted.
    pub fn is_empty(&self) -> bool {
        self.classifiers.iter().all(Vec::is_empty)
    }

    /// ModalityWeights in what each of the `asked` entities has, and how much of it is wrong, by modality. `reference` is that of drugs (`side` 0) or of
    /// targets (1).
    pub fn modality_weights(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        asked: &Queries<'_>,
        table: Table,
    ) -> (Vec<ModalityWeights>, Vec<TableQuality>) {
        let mut all = vec![ModalityWeights::default(); asked.own.len()];
        let mut table_quality = Vec::new();
        if self.classifiers[side].is_empty() {
            return (all, table_quality);
        }
        let similar = similarities(reference, asked);
        let log_ratios = self.log_ratios(side, reference, (asked, &similar), None);
        let by_structure = self.ratios(side, Stage::Structure, self.sums(side, reference, &log_ratios, None));
        let source_weights = self.match_probabilities(side, Stage::Structure, &by_structure, table);
        let ratios = self.ratios(
            side,
            Stage::All,
            self.sums(side, reference, &log_ratios, Some(&source_weights)),
        );
        for (source, match_probabilities) in self.match_probabilities(side, Stage::All, &ratios, table) {
            let modality = reference.sources[source].0.modality();
            all.iter_mut()
                .zip(match_probabilities)
                .for_each(|(modality_weights, b)| modality_weights.set(modality, b));
            let log_ratios = || ratios[&source].iter().copied().flatten();
            table_quality.push(TableQuality {
                modality,
                wrong: self.wrong_share(log_ratios()),
                in_training: self.share_in_training(side, Stage::All, source),
                values: log_ratios().count(),
            });
        }
        (all, table_quality)
    }

    /// What each judge says of the `asked` entities; of the values of `permuted_from`, by source, in place of their own where there are some.
    fn log_ratios(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        asked: Asked<'_, '_>,
        permuted_from: Option<&BTreeMap<usize, Vec<u32>>>,
    ) -> Vec<Vec<Option<f32>>> {
        let of = |judge: &MismatchClassifier| {
            let permuted_from = permuted_from.and_then(|permuted_from| permuted_from.get(&judge.sources[0]));
            judge.ratios(reference, asked, &self.excluded[side], permuted_from.map(|d| &d[..]))
        };
        self.classifiers[side].iter().map(of).collect()
    }

    /// Sums of what judges say, by doubted source: by the structure alone, or by all witnesses as far as `source_weights` go.
    fn sums(
        &self,
        side: usize,
        reference: &ReferenceEntities,
        log_ratios: &[Vec<Option<f32>>],
        source_weights: Option<&BTreeMap<usize, Vec<f32>>>,
    ) -> Ratios {
        let mut sums = Ratios::new();
        for (judge, log_ratios) in self.classifiers[side].iter().zip(log_ratios) {
            let [checked, witness] = judge.sources;
            let sum = sums.entry(checked).or_insert_with(|| vec![None; log_ratios.len()]);
            if source_weights.is_none() && is_side(reference.sources[witness].0) {
                continue;
            }
            let source_weight = source_weights.and_then(|source_weights| source_weights.get(&witness));
            for (entity, (sum, log_ratios)) in sum.iter_mut().zip(log_ratios).enumerate() {
                if let Some(log_ratios) = log_ratios {
                    *sum = Some(sum.unwrap_or(0.0) + source_weight.map_or(1.0, |c| c[entity]) * log_ratios);
                }
            }
        }
        sums
    }

    /// The log-likelihood ratios that sums stand for.
    fn ratios(&self, side: usize, stage: Stage, mut sums: Ratios) -> Ratios {
        for (source, sums) in &mut sums {
            if let Some(calibration_map) = self.calibration_maps[side][stage as usize].get(source) {
                sums.iter_mut()
                    .for_each(|sum| *sum = sum.map(|sum| calibration_map.ratio(sum)));
            }
        }
        sums
    }

    fn share_in_training(&self, side: usize, stage: Stage, source: usize) -> f32 {
        let share = self.shares[side][stage as usize].get(&source);
        share.copied().unwrap_or(self.mismatch_prior)
    }

    /// Probability that each value is right, by source; 1 where nothing can be told.
    fn match_probabilities(
        &self,
        side: usize,
        stage: Stage,
        ratios: &Ratios,
        table: Table,
    ) -> BTreeMap<usize, Vec<f32>> {
        let of = |(source, ratios): (&usize, &Vec<Option<f32>>)| {
            let (own, share) = match table {
                Table::Asked => (ratios.len(), self.wrong_share(ratios.iter().copied().flatten())),
                Table::Training { own } => (own, self.share_in_training(side, stage, *source)),
            };
            let match_probability = |(at, ratio): (usize, &Option<f32>)| {
                let share = if at < own { share } else { SWAPPED };
                ratio.map_or(1.0, |ratio| 1.0 - wrong(share, ratio))
            };
            (*source, ratios.iter().enumerate().map(match_probability).collect())
        };
        ratios.iter().map(of).collect()
    }

    /// Share of the values of a table that is wrong, see the file's header.
    fn wrong_share(&self, ratios: impl Iterator<Item = f32> + Clone) -> f32 {
        let mut share = self.mismatch_prior;
        for _ in 0..STEPS {
            let sum = |(sum, count): (f32, f32), ratio| (sum + wrong(share, ratio), count + 1.0);
            let (sum, count) = ratios.clone().fold((0.0, 0.0), sum);
            share = (sum + PRESUMED * self.mismatch_prior) / (count + PRESUMED);
        }
        share
    }

    /// Learns which ratios sums stand for, from the values of the reference and from the same values swapped, and how much of the reference is
    /// wrong. Goes out with the sums of all witnesses of the values of the reference.
    fn calibrate(&mut self, at: usize, side: &ReferenceEntities, own: Asked<'_, '_>, seed: u64) -> Ratios {
        (self.calibration_maps[at], self.shares[at]) = Default::default();
        let permuted_from = self.permuted_from(at, side, seed);
        let (log_ratios, swapped) = (
            self.log_ratios(at, side, own, None),
            self.log_ratios(at, side, own, Some(&permuted_from)),
        );
        let (mut source_weights, mut sums) = (None, Ratios::new());
        for stage in [Stage::Structure, Stage::All] {
            sums = self.sums(at, side, &log_ratios, source_weights.as_ref());
            let wrong = self.sums(at, side, &swapped, source_weights.as_ref());
            for (source, right) in &sums {
                let excluded = self.excluded[at].get(source);
                let kept = |e: &usize| excluded.is_none_or(|excluded| !excluded[*e]);
                let moved = |e: &usize| permuted_from[source][*e] as usize != *e;
                let all = || 0..right.len();
                let right: Vec<f32> = all().filter(kept).filter_map(|e| right[e]).collect();
                let wrong: Vec<f32> = all().filter(moved).filter_map(|e| wrong[source][e]).collect();
                if right.len() >= LEAST && wrong.len() >= LEAST {
                    self.calibration_maps[at][stage as usize].insert(*source, CalibrationMap::fit(&right, &wrong));
                }
            }
            let ratios = self.ratios(at, stage, sums.clone());
            let share = |ratios: &Vec<Option<f32>>| self.wrong_share(ratios.iter().copied().flatten());
            self.shares[at][stage as usize] = ratios.iter().map(|(source, r)| (*source, share(r))).collect();
            source_weights = Some(self.match_probabilities(at, stage, &ratios, Table::Asked));
        }
        sums
    }

    /// For each doubted source an entity of the reference whose value each one is shown with.
    fn permuted_from(&self, at: usize, side: &ReferenceEntities, seed: u64) -> BTreeMap<usize, Vec<u32>> {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 1);
        let checked: BTreeSet<usize> = self.classifiers[at].iter().map(|judge| judge.sources[0]).collect();
        let mut swap = |source: usize| {
            let mut permuted_from: Vec<u32> = (0..side.keys.len() as u32).collect();
            let has = |e: &u32| side.sources[source].1.is_present(*e as usize);
            let having: Vec<u32> = permuted_from.iter().copied().filter(has).collect();
            let mut shuffled = having.clone();
            shuffled.shuffle(&mut random);
            having
                .iter()
                .zip(shuffled)
                .for_each(|(e, permuted_from_one)| permuted_from[*e as usize] = permuted_from_one);
            (source, permuted_from)
        };
        checked.into_iter().map(&mut swap).collect()
    }

    /// Sets aside what is more likely wrong than right among the values of the reference, of each source that may hold many wrong ones; `sums`
    /// are those of all witnesses.
    fn set_aside(&mut self, at: usize, sums: &Ratios) {
        // The sum itself: what the ladder makes of it is bounded by the very share that is looked for.
        let is_odd = |sum: &Option<f32>| sum.is_some_and(|sum| self.mismatch_prior * (-sum).exp() > 0.5);
        let lowest = |source: &usize| {
            self.calibration_maps[at][Stage::All as usize]
                .get(source)
                .map(CalibrationMap::lowest)
        };
        let may_hold_many =
            |source: &usize| lowest(source).is_some_and(|ratio| ratio.exp() > 2.0 * self.mismatch_prior);
        let excluded = (sums.iter().filter(|(source, _)| may_hold_many(source)))
            .map(|(source, sums)| (*source, sums.iter().map(is_odd).collect()))
            .collect();
        self.excluded[at] = excluded;
    }
}

/// Probability that a value is wrong where the share `share` of its table is.
fn wrong(share: f32, ratio: f32) -> f32 {
    let wrong = share * (-ratio).exp();
    wrong / (1.0 - share + wrong).max(f32::MIN_POSITIVE)
}

/// Similarities of the `asked` entities to those of the reference, by source.
fn similarities<'a>(reference: &'a ReferenceEntities, asked: &Queries<'a>) -> Vec<Similarities<'a>> {
    (reference.sources.iter().zip(&asked.descriptors))
        .map(|((_, reference), asked)| Similarities::of(reference, asked))
        .collect()
}

fn classifiers(
    side: &ReferenceEntities,
    similar: &[Similarities<'_>],
    excluded: &BTreeMap<usize, Vec<bool>>,
    seed: u64,
) -> Vec<MismatchClassifier> {
    let mut wanted = Vec::new();
    for (checked, (source, _)) in side.sources.iter().enumerate() {
        // The first source is a structure; further ones of the same structure would only repeat it.
        let references = (0..side.sources.len()).filter(|at| *at == 0 || is_side(side.sources[*at].0));
        wanted.extend(
            references
                .filter(|at| is_side(*source) && *at != checked)
                .map(|reference| [checked, reference]),
        );
    }
    wanted
        .into_par_iter()
        .filter_map(|sources| MismatchClassifier::fit(side, similar, sources, (excluded, seed)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::neighbours::{Descriptors, InteractionMatrix};

    use super::*;
    use crate::quality::BOUND;

    /// Structure and text both show which of eight groups a drug is in, each with noise of its own.
    fn side(drugs: usize, seed: u64) -> ReferenceEntities {
        let noise = |salt: usize| {
            let mut order: Vec<f32> = (0..drugs * 8).map(|i| (i % 97) as f32 / 97.0).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed + salt as u64));
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
        }
    }

    #[test]
    fn swapped_texts_are_told_from_own_ones() {
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
        let asked = Queries {
            own: vec![None; 160],
            descriptors: vec![&new.sources[0].1, &texts],
        };
        let (modality_weights, table_quality) = mismatch.modality_weights(0, &reference.drugs, &asked, Table::Asked);
        let of = |range: std::ops::Range<usize>| {
            modality_weights[range]
                .iter()
                .map(|t| t.of(Modality::Text))
                .collect::<Vec<_>>()
        };
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let (own, swapped) = (of(0..80), of(80..160));
        assert!(
            mean(&own) > 0.9 && mean(&swapped) < 0.4,
            "{} {}",
            mean(&own),
            mean(&swapped)
        );
        assert!(
            modality_weights.iter().all(|t| t.of(Modality::Graph) == 1.0),
            "structures are not checked"
        );
        let [quality] = table_quality[..] else {
            panic!("only texts are checked: {table_quality:?}");
        };
        assert!(
            (quality.wrong - 0.5).abs() < 0.15 && quality.in_training < 0.05,
            "{quality:?}"
        );
        let trusting = MismatchModel::fit(&reference, 0.0, 5);
        assert!(trusting.is_empty());
        let (modality_weights, table_quality) = trusting.modality_weights(0, &reference.drugs, &asked, Table::Asked);
        assert_eq!(
            (modality_weights, table_quality.len()),
            (vec![ModalityWeights::default(); 160], 0)
        );
    }

    #[test]
    fn a_table_tells_how_much_of_it_is_wrong() {
        let reference = ReferenceSet {
            drugs: side(300, 1),
            targets: ReferenceEntities::default(),
            known: InteractionMatrix::default(),
        };
        let mismatch = MismatchModel::fit(&reference, 0.1, 5);
        let new = side(200, 9);
        let judged = |shifted: usize, table: Table| {
            let order: Vec<u32> = (0..200)
                .map(|i| if i < shifted { (i + 1) % 200 } else { i } as u32)
                .collect();
            let texts = new.sources[1].1.select(&order);
            let asked = Queries {
                own: vec![None; 200],
                descriptors: vec![&new.sources[0].1, &texts],
            };
            let (modality_weights, table_quality) = mismatch.modality_weights(0, &reference.drugs, &asked, table);
            let sum: f32 = modality_weights.iter().map(|t| t.of(Modality::Text)).sum();
            (sum / 200.0, table_quality[0].wrong)
        };
        let (clean, shifted) = (judged(0, Table::Asked), judged(200, Table::Asked));
        assert!(clean.0 > 0.95 && clean.1 < 0.05, "{clean:?}");
        assert!(shifted.0 < 0.1 && shifted.1 > 0.9, "{shifted:?}");
        // Training keeps to what it knew, and believes less of what it swapped itself.
        let (own, swapped) = (
            judged(200, Table::Training { own: 200 }).0,
            judged(200, Table::Training { own: 0 }).0,
        );
        assert!(shifted.0 < swapped && swapped < own, "{shifted:?} {swapped} {own}");
    }

    #[test]
    fn the_doubt_stands_where_there_is_no_table() {
        let mismatch = MismatchModel {
            mismatch_prior: 0.2,
            ..MismatchModel::default()
        };
        assert!((mismatch.wrong_share([].into_iter()) - 0.2).abs() < 1e-6);
        let one = mismatch.wrong_share([-BOUND].into_iter());
        assert!((0.2..0.3).contains(&one), "one value says little of a table: {one}");
        assert!((wrong(0.2, 0.0) - 0.2).abs() < 1e-6 && wrong(0.2, 4.0) < 0.01 && wrong(0.2, -4.0) > 0.9);
    }
}
