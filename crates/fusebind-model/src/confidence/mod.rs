//! How likely it is that what a modality says of an entity is about this entity.
//!
//! A text may belong to another drug. For each side modality and each reference (the structure, and the other side
//! modalities) a logistic model on agreement features (`fusebind_features::evidence::agreement`) learns to tell the values of
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
//! doubted at all, and one whose rows were shifted is hardly believed, and reported. Doubt 0 trusts all, and so is a value that no
//! reference can judge.
//!
//! Training entities may have wrong values as well. Own values of which the share `q` is wrong are nowhere less than `q` times as
//! frequent as wrong ones (learning from contaminated examples, Elkan & Noto 2008, doi 10.1145/1401890.1401920). Where that bound leaves
//! room for many, what is more likely wrong than right is set aside, as an example and as a neighbour, and the judges learn again,
//! `ROUNDS` times in all.
//! Comes in: a [`Bank`]. Goes out: [`Confidence`], which turns descriptors into [`Trust`].

mod judge;
mod ladder;

use std::collections::{BTreeMap, BTreeSet};

use fusebind_features::{
    evidence::{Bank, BankSide, Queries, Similarities, Source},
    modality::{Modality, Trust},
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use judge::Judge;
use ladder::Ladder;

/// Largest log-likelihood ratio that anything is worth.
const BOUND: f32 = 5.0;
/// Fewer training entities than this teach nothing.
const LEAST: usize = 40;
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
/// Descriptors of entities and their similarities to a bank.
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
pub struct Suspicion {
    /// Modality.
    pub modality: Modality,
    /// Estimated share of wrong values.
    pub wrong: f32,
    /// The same of the table that the model was trained with.
    pub in_training: f32,
    /// Values that it rests on.
    pub values: usize,
}

/// Judges of the side modalities of drugs and of targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Prior share of wrong values `d`.
    doubt: f32,
    judges: [Vec<Judge>; 2],
    /// What sums stand for, by side, stage and source.
    ladders: [[BTreeMap<usize, Ladder>; 2]; 2],
    /// Share of wrong values among training entities, by side, stage and source.
    shares: [[BTreeMap<usize, f32>; 2]; 2],
    /// Entities of the banks whose values are set aside, by source.
    barred: [BTreeMap<usize, Vec<bool>>; 2],
}

fn is_side(source: Source) -> bool {
    !matches!(source.modality(), Modality::Graph | Modality::Sequence)
}

impl Confidence {
    /// Learns from the entities of `bank`; trusts everything where `doubt` is 0.
    pub fn fit(bank: &Bank, doubt: f32, seed: u64) -> Self {
        let mut confidence = Self {
            doubt,
            ..Self::default()
        };
        if doubt <= 0.0 {
            return confidence;
        }
        for (at, side) in [&bank.drugs, &bank.targets].into_iter().enumerate() {
            let own = Queries {
                own: (0..side.keys.len() as u32).map(Some).collect(),
                descriptors: side.sources.iter().map(|(_, d)| d).collect(),
            };
            let similar = similarities(side, &own);
            let own = (&own, &similar[..]);
            for round in 0..ROUNDS {
                confidence.judges[at] = judges(side, &similar, &confidence.barred[at], seed);
                let sums = confidence.calibrate(at, side, own, seed);
                if round + 1 < ROUNDS {
                    confidence.set_aside(at, &sums);
                }
            }
        }
        confidence
    }

    /// Whether nothing is ever doubted.
    pub fn is_empty(&self) -> bool {
        self.judges.iter().all(Vec::is_empty)
    }

    /// Trust in what each of the `asked` entities has, and how much of it is wrong, by modality. `bank` is that of drugs (`side` 0) or of
    /// targets (1).
    pub fn trust(
        &self,
        side: usize,
        bank: &BankSide,
        asked: &Queries<'_>,
        table: Table,
    ) -> (Vec<Trust>, Vec<Suspicion>) {
        let mut all = vec![Trust::default(); asked.own.len()];
        let mut suspicions = Vec::new();
        if self.judges[side].is_empty() {
            return (all, suspicions);
        }
        let similar = similarities(bank, asked);
        let told = self.told(side, bank, (asked, &similar), None);
        let by_structure = self.ratios(side, Stage::Structure, self.sums(side, bank, &told, None));
        let credits = self.believed(side, Stage::Structure, &by_structure, table);
        let ratios = self.ratios(side, Stage::All, self.sums(side, bank, &told, Some(&credits)));
        for (source, believed) in self.believed(side, Stage::All, &ratios, table) {
            let modality = bank.sources[source].0.modality();
            all.iter_mut()
                .zip(believed)
                .for_each(|(trust, b)| trust.set(modality, b));
            let told = || ratios[&source].iter().copied().flatten();
            suspicions.push(Suspicion {
                modality,
                wrong: self.wrong_share(told()),
                in_training: self.share_in_training(side, Stage::All, source),
                values: told().count(),
            });
        }
        (all, suspicions)
    }

    /// What each judge says of the `asked` entities; of the values of `donors`, by source, in place of their own where there are some.
    fn told(
        &self,
        side: usize,
        bank: &BankSide,
        asked: Asked<'_, '_>,
        donors: Option<&BTreeMap<usize, Vec<u32>>>,
    ) -> Vec<Vec<Option<f32>>> {
        let of = |judge: &Judge| {
            let donors = donors.and_then(|donors| donors.get(&judge.sources[0]));
            judge.ratios(bank, asked, &self.barred[side], donors.map(|d| &d[..]))
        };
        self.judges[side].iter().map(of).collect()
    }

    /// Sums of what judges say, by doubted source: by the structure alone, or by all witnesses as far as `credits` go.
    fn sums(
        &self,
        side: usize,
        bank: &BankSide,
        told: &[Vec<Option<f32>>],
        credits: Option<&BTreeMap<usize, Vec<f32>>>,
    ) -> Ratios {
        let mut sums = Ratios::new();
        for (judge, told) in self.judges[side].iter().zip(told) {
            let [doubted, reference] = judge.sources;
            let sum = sums.entry(doubted).or_insert_with(|| vec![None; told.len()]);
            if credits.is_none() && is_side(bank.sources[reference].0) {
                continue;
            }
            let credit = credits.and_then(|credits| credits.get(&reference));
            for (entity, (sum, told)) in sum.iter_mut().zip(told).enumerate() {
                if let Some(told) = told {
                    *sum = Some(sum.unwrap_or(0.0) + credit.map_or(1.0, |c| c[entity]) * told);
                }
            }
        }
        sums
    }

    /// The log-likelihood ratios that sums stand for.
    fn ratios(&self, side: usize, stage: Stage, mut sums: Ratios) -> Ratios {
        for (source, sums) in &mut sums {
            if let Some(ladder) = self.ladders[side][stage as usize].get(source) {
                sums.iter_mut().for_each(|sum| *sum = sum.map(|sum| ladder.ratio(sum)));
            }
        }
        sums
    }

    fn share_in_training(&self, side: usize, stage: Stage, source: usize) -> f32 {
        let share = self.shares[side][stage as usize].get(&source);
        share.copied().unwrap_or(self.doubt)
    }

    /// Probability that each value is right, by source; 1 where nothing can be told.
    fn believed(&self, side: usize, stage: Stage, ratios: &Ratios, table: Table) -> BTreeMap<usize, Vec<f32>> {
        let of = |(source, ratios): (&usize, &Vec<Option<f32>>)| {
            let (own, share) = match table {
                Table::Asked => (ratios.len(), self.wrong_share(ratios.iter().copied().flatten())),
                Table::Training { own } => (own, self.share_in_training(side, stage, *source)),
            };
            let belief = |(at, ratio): (usize, &Option<f32>)| {
                let share = if at < own { share } else { SWAPPED };
                ratio.map_or(1.0, |ratio| 1.0 - wrong(share, ratio))
            };
            (*source, ratios.iter().enumerate().map(belief).collect())
        };
        ratios.iter().map(of).collect()
    }

    /// Share of the values of a table that is wrong, see the file's header.
    fn wrong_share(&self, ratios: impl Iterator<Item = f32> + Clone) -> f32 {
        let mut share = self.doubt;
        for _ in 0..STEPS {
            let sum = |(sum, count): (f32, f32), ratio| (sum + wrong(share, ratio), count + 1.0);
            let (sum, count) = ratios.clone().fold((0.0, 0.0), sum);
            share = (sum + PRESUMED * self.doubt) / (count + PRESUMED);
        }
        share
    }

    /// Learns which ratios sums stand for, from the values of the bank and from the same values swapped, and how much of the bank is
    /// wrong. Goes out with the sums of all witnesses of the values of the bank.
    fn calibrate(&mut self, at: usize, side: &BankSide, own: Asked<'_, '_>, seed: u64) -> Ratios {
        (self.ladders[at], self.shares[at]) = Default::default();
        let donors = self.donors(at, side, seed);
        let (told, swapped) = (self.told(at, side, own, None), self.told(at, side, own, Some(&donors)));
        let (mut credits, mut sums) = (None, Ratios::new());
        for stage in [Stage::Structure, Stage::All] {
            sums = self.sums(at, side, &told, credits.as_ref());
            let wrong = self.sums(at, side, &swapped, credits.as_ref());
            for (source, right) in &sums {
                let barred = self.barred[at].get(source);
                let kept = |e: &usize| barred.is_none_or(|barred| !barred[*e]);
                let moved = |e: &usize| donors[source][*e] as usize != *e;
                let all = || 0..right.len();
                let right: Vec<f32> = all().filter(kept).filter_map(|e| right[e]).collect();
                let wrong: Vec<f32> = all().filter(moved).filter_map(|e| wrong[source][e]).collect();
                if right.len() >= LEAST && wrong.len() >= LEAST {
                    self.ladders[at][stage as usize].insert(*source, Ladder::fit(&right, &wrong));
                }
            }
            let ratios = self.ratios(at, stage, sums.clone());
            let share = |ratios: &Vec<Option<f32>>| self.wrong_share(ratios.iter().copied().flatten());
            self.shares[at][stage as usize] = ratios.iter().map(|(source, r)| (*source, share(r))).collect();
            credits = Some(self.believed(at, stage, &ratios, Table::Asked));
        }
        sums
    }

    /// For each doubted source an entity of the bank whose value each one is shown with.
    fn donors(&self, at: usize, side: &BankSide, seed: u64) -> BTreeMap<usize, Vec<u32>> {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 1);
        let doubted: BTreeSet<usize> = self.judges[at].iter().map(|judge| judge.sources[0]).collect();
        let mut swap = |source: usize| {
            let mut donors: Vec<u32> = (0..side.keys.len() as u32).collect();
            let has = |e: &u32| side.sources[source].1.is_present(*e as usize);
            let having: Vec<u32> = donors.iter().copied().filter(has).collect();
            let mut shuffled = having.clone();
            shuffled.shuffle(&mut random);
            having
                .iter()
                .zip(shuffled)
                .for_each(|(e, donor)| donors[*e as usize] = donor);
            (source, donors)
        };
        doubted.into_iter().map(&mut swap).collect()
    }

    /// Sets aside what is more likely wrong than right among the values of the bank, of each source that may hold many wrong ones; `sums`
    /// are those of all witnesses.
    fn set_aside(&mut self, at: usize, sums: &Ratios) {
        // The sum itself: what the ladder makes of it is bounded by the very share that is looked for.
        let is_odd = |sum: &Option<f32>| sum.is_some_and(|sum| self.doubt * (-sum).exp() > 0.5);
        let lowest = |source: &usize| self.ladders[at][Stage::All as usize].get(source).map(Ladder::lowest);
        let may_hold_many = |source: &usize| lowest(source).is_some_and(|ratio| ratio.exp() > 2.0 * self.doubt);
        let barred = (sums.iter().filter(|(source, _)| may_hold_many(source)))
            .map(|(source, sums)| (*source, sums.iter().map(is_odd).collect()))
            .collect();
        self.barred[at] = barred;
    }
}

/// Probability that a value is wrong where the share `share` of its table is.
fn wrong(share: f32, ratio: f32) -> f32 {
    let wrong = share * (-ratio).exp();
    wrong / (1.0 - share + wrong).max(f32::MIN_POSITIVE)
}

/// Similarities of the `asked` entities to those of the bank, by source.
fn similarities<'a>(bank: &'a BankSide, asked: &Queries<'a>) -> Vec<Similarities<'a>> {
    (bank.sources.iter().zip(&asked.descriptors))
        .map(|((_, bank), asked)| Similarities::of(bank, asked))
        .collect()
}

fn judges(side: &BankSide, similar: &[Similarities<'_>], barred: &BTreeMap<usize, Vec<bool>>, seed: u64) -> Vec<Judge> {
    let mut wanted = Vec::new();
    for (doubted, (source, _)) in side.sources.iter().enumerate() {
        // The first source is a structure; further ones of the same structure would only repeat it.
        let references = (0..side.sources.len()).filter(|at| *at == 0 || is_side(side.sources[*at].0));
        wanted.extend(
            references
                .filter(|at| is_side(*source) && *at != doubted)
                .map(|reference| [doubted, reference]),
        );
    }
    wanted
        .into_par_iter()
        .filter_map(|sources| Judge::fit(side, similar, sources, (barred, seed)))
        .collect()
}

#[cfg(test)]
mod tests {
    use fusebind_features::evidence::{Descriptors, Known};

    use super::*;

    /// Structure and text both show which of eight groups a drug is in, each with noise of its own.
    fn side(drugs: usize, seed: u64) -> BankSide {
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
        BankSide {
            keys: (0..drugs).map(|i| i.to_string()).collect(),
            sources: vec![
                (Source::Graph, Descriptors::dense(rows(1), 8)),
                (Source::Text, Descriptors::dense(rows(2), 8)),
            ],
        }
    }

    #[test]
    fn swapped_texts_are_told_from_own_ones() {
        let bank = Bank {
            drugs: side(300, 1),
            targets: BankSide::default(),
            known: Known::default(),
        };
        let confidence = Confidence::fit(&bank, 0.1, 5);
        // New drugs: the first half has its own texts, the others that of a drug of the next group.
        let new = side(160, 9);
        let order: Vec<u32> = (0..160).map(|i| if i < 80 { i } else { 80 + (i - 79) % 80 }).collect();
        let texts = new.sources[1].1.select(&order);
        let asked = Queries {
            own: vec![None; 160],
            descriptors: vec![&new.sources[0].1, &texts],
        };
        let (trust, suspicions) = confidence.trust(0, &bank.drugs, &asked, Table::Asked);
        let of = |range: std::ops::Range<usize>| trust[range].iter().map(|t| t.of(Modality::Text)).collect::<Vec<_>>();
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let (own, swapped) = (of(0..80), of(80..160));
        assert!(
            mean(&own) > 0.9 && mean(&swapped) < 0.4,
            "{} {}",
            mean(&own),
            mean(&swapped)
        );
        assert!(
            trust.iter().all(|t| t.of(Modality::Graph) == 1.0),
            "structures are not doubted"
        );
        let [suspicion] = suspicions[..] else {
            panic!("only texts are doubted: {suspicions:?}");
        };
        assert!(
            (suspicion.wrong - 0.5).abs() < 0.15 && suspicion.in_training < 0.05,
            "{suspicion:?}"
        );
        let trusting = Confidence::fit(&bank, 0.0, 5);
        assert!(trusting.is_empty());
        let (trust, suspicions) = trusting.trust(0, &bank.drugs, &asked, Table::Asked);
        assert_eq!((trust, suspicions.len()), (vec![Trust::default(); 160], 0));
    }

    #[test]
    fn a_table_tells_how_much_of_it_is_wrong() {
        let bank = Bank {
            drugs: side(300, 1),
            targets: BankSide::default(),
            known: Known::default(),
        };
        let confidence = Confidence::fit(&bank, 0.1, 5);
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
            let (trust, suspicions) = confidence.trust(0, &bank.drugs, &asked, table);
            let sum: f32 = trust.iter().map(|t| t.of(Modality::Text)).sum();
            (sum / 200.0, suspicions[0].wrong)
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
        let confidence = Confidence {
            doubt: 0.2,
            ..Confidence::default()
        };
        assert!((confidence.wrong_share([].into_iter()) - 0.2).abs() < 1e-6);
        let one = confidence.wrong_share([-BOUND].into_iter());
        assert!((0.2..0.3).contains(&one), "one value says little of a table: {one}");
        assert!((wrong(0.2, 0.0) - 0.2).abs() < 1e-6 && wrong(0.2, 4.0) < 0.01 && wrong(0.2, -4.0) > 0.9);
    }
}
