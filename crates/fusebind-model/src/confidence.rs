//! How likely it is that what a modality says of an entity is about this entity.
//!
//! A text may belong to another drug. For each side modality and each reference (the structure, and the other side
//! modalities) a logistic model on agreement features (`fusebind_features::evidence::agreement`) learns to tell the values of
//! training entities from wrong ones: swapped among them, or chimeras of several; no label takes part. With equal weights of both
//! classes its logit is a log-likelihood ratio; of the two kinds of wrong values the likelier
//! one counts. Ratios of all references are added (as if independent, each at most `BOUND`; what a
//! side modality says counts as far as the structure vouches for it). If a share `q`, the doubt, of the own values is wrong, and wrong
//! ones are as these are, a value is wrong with the probability `q e^-ratio` (learning from contaminated examples, Elkan & Noto
//! 2008, doi 10.1145/1401890.1401920):
//!
//! ```text
//! trust = max(0, 1 - q e^-ratio)
//! ```
//!
//! A value that no reference can judge is trusted, and doubt 0 trusts all. Training entities may have wrong values as well: what is
//! more likely wrong than right is set aside, as an example and as a neighbour, and the judges learn again, `ROUNDS` times in all.
//! Comes in: a [`Bank`]. Goes out:
//! [`Confidence`], which turns descriptors into [`Trust`].

use std::collections::BTreeMap;

use fusebind_features::{
    evidence::{Bank, BankSide, Doubt, FEATURES, Queries, Similarities, Source, agreement},
    modality::{Modality, Trust},
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Largest log-likelihood ratio of one reference.
const BOUND: f32 = 5.0;
/// Fewer training entities than this teach nothing.
const LEAST: usize = 40;
/// Features, their squares and their products.
const TERMS: usize = FEATURES + FEATURES * (FEATURES + 1) / 2;
/// Penalty of the squared weights, per entity.
const RIDGE: f32 = 1e-3;
/// Times that the judges learn.
const ROUNDS: usize = 3;
/// Steps of accelerated gradient descent.
const STEPS: usize = 400;

/// Judges of the side modalities of drugs and of targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Prior share of wrong values `q`.
    doubt: f32,
    judges: [Vec<Judge>; 2],
    /// Entities of the banks whose values are set aside, by source.
    barred: [BTreeMap<usize, Vec<bool>>; 2],
}

/// Tells own values of one source from swapped ones, by one reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Judge {
    /// Positions of the doubted and the reference source.
    sources: [usize; 2],
    mean: Vec<f32>,
    factor: Vec<f32>,
    /// Intercept, then a weight per term, against each kind of wrong values.
    weights: Vec<Vec<f32>>,
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
            for round in 0..ROUNDS {
                confidence.judges[at] = judges(side, &similar, &confidence.barred[at], seed);
                if round + 1 < ROUNDS {
                    let ratios = confidence.ratios(at, side, (&own, &similar));
                    let is_wrong = |ratio: Option<f32>| ratio.is_some_and(|ratio| confidence.belief(ratio) < 0.5);
                    let wrong = |of: Vec<Option<f32>>| of.into_iter().map(is_wrong).collect();
                    confidence.barred[at] = ratios.into_iter().map(|(source, of)| (source, wrong(of))).collect();
                }
            }
        }
        confidence
    }

    /// Whether nothing is ever doubted.
    pub fn is_empty(&self) -> bool {
        self.judges.iter().all(Vec::is_empty)
    }

    /// Trust in what each of the `asked` entities has. `bank` is that of drugs (`side` 0) or of targets (1).
    pub fn trust(&self, side: usize, bank: &BankSide, asked: &Queries<'_>) -> Vec<Trust> {
        let mut all = vec![Trust::default(); asked.own.len()];
        if self.judges[side].is_empty() {
            return all;
        }
        let similar = similarities(bank, asked);
        for (source, ratios) in self.ratios(side, bank, (asked, &similar)) {
            let modality = bank.sources[source].0.modality();
            for (trust, ratio) in all.iter_mut().zip(ratios) {
                trust.set(modality, ratio.map_or(1.0, |ratio| self.belief(ratio)));
            }
        }
        all
    }

    /// Log-likelihood ratio of own against wrong for what each of the `asked` entities has, by doubted source; `None` where nothing
    /// can be told.
    fn ratios(
        &self,
        side: usize,
        bank: &BankSide,
        (asked, similar): (&Queries<'_>, &[Similarities<'_>]),
    ) -> BTreeMap<usize, Vec<Option<f32>>> {
        let (judges, barred) = (&self.judges[side], &self.barred[side]);
        let told: Vec<Vec<Option<f32>>> = (judges.iter())
            .map(|judge| judge.ratios(bank, (asked, similar), barred))
            .collect();
        let nothing = || vec![None; asked.own.len()];
        let mut found: BTreeMap<usize, Vec<Option<f32>>> =
            judges.iter().map(|judge| (judge.sources[0], nothing())).collect();
        // First by the structure alone: it says how much a side modality counts as a witness.
        for witnesses in [false, true] {
            let by_structure = found.clone();
            for (judge, told) in judges.iter().zip(&told) {
                let [doubted, reference] = judge.sources;
                if is_side(bank.sources[reference].0) != witnesses {
                    continue;
                }
                let sums = found.get_mut(&doubted).expect("every judge has its place");
                for (entity, (sum, told)) in sums.iter_mut().zip(told).enumerate() {
                    let credit = by_structure.get(&reference).and_then(|ratios| ratios[entity]);
                    let credit = credit.map_or(1.0, |ratio| self.belief(ratio));
                    if let Some(told) = told {
                        *sum = Some(sum.unwrap_or(0.0) + credit * told);
                    }
                }
            }
        }
        found
    }

    /// Probability that a value is right.
    fn belief(&self, ratio: f32) -> f32 {
        (1.0 - self.doubt * (-ratio).exp()).max(0.0)
    }
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

/// Entities of a bank of which either value is set aside.
fn barred_by(sources: [usize; 2], barred: &BTreeMap<usize, Vec<bool>>, count: usize) -> Vec<bool> {
    let of = |source: &usize, at: usize| barred.get(source).is_some_and(|b| b[at]);
    (0..count)
        .map(|at| sources.iter().any(|source| of(source, at)))
        .collect()
}

impl Judge {
    fn fit(
        side: &BankSide,
        similar: &[Similarities<'_>],
        sources: [usize; 2],
        (barred, seed): (&BTreeMap<usize, Vec<bool>>, u64),
    ) -> Option<Self> {
        let barred = barred_by(sources, barred, side.keys.len());
        let [doubted, reference] = sources.map(|at| &side.sources[at].1);
        let having: Vec<u32> = (0..side.keys.len())
            .filter(|at| doubted.is_present(*at) && reference.is_present(*at) && !barred[*at])
            .map(|at| at as u32)
            .collect();
        if having.len() < LEAST {
            return None;
        }
        let mut donors = having.clone();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        donors.shuffle(&mut random);
        let doubt = |(&entity, value): (&u32, u32)| Doubt {
            value,
            entity,
            left_out: [Some(entity), Some(value)],
        };
        let own = having.iter().map(|e| doubt((e, *e)));
        let swapped = having.iter().zip(&donors).filter(|(e, d)| e != d);
        let doubts: Vec<Doubt> = own.chain(swapped.map(|(e, d)| doubt((e, *d)))).collect();
        let known = sources.map(|at| &similar[at]);
        let told = agreement(side, sources, known, (&doubts, &barred));
        let (mut own, mut swapped, mut mixed) = (Vec::new(), Vec::new(), Vec::new());
        for (doubt, told) in doubts.iter().zip(told) {
            let examples = if doubt.value == doubt.entity {
                &mut own
            } else {
                &mut swapped
            };
            examples.extend(told.map(|told| terms(&told)));
        }
        if let Some(chimeras) = doubted.chimeras(&having, having.len(), &mut random) {
            let of = |(value, entity): (usize, &u32)| Doubt {
                value: value as u32,
                entity: *entity,
                left_out: [Some(*entity), None],
            };
            let doubts: Vec<Doubt> = having.iter().enumerate().map(of).collect();
            let chimeras = Similarities::of(doubted, &chimeras);
            let told = agreement(side, sources, [&chimeras, known[1]], (&doubts, &barred));
            mixed.extend(told.into_iter().flatten().map(|told| terms(&told)));
        }
        let rows: Vec<&[f32; TERMS]> = own.iter().chain(&swapped).collect();
        if own.len() < LEAST || swapped.len() < LEAST {
            return None;
        }
        let count = rows.len() as f32;
        let mean: Vec<f32> = (0..TERMS)
            .map(|t| rows.iter().map(|r| r[t]).sum::<f32>() / count)
            .collect();
        let factor: Vec<f32> = (0..TERMS)
            .map(|t| {
                let variance = rows.iter().map(|r| (r[t] - mean[t]) * (r[t] - mean[t])).sum::<f32>() / count;
                if variance > 1e-8 { 1.0 / variance.sqrt() } else { 0.0 }
            })
            .collect();
        let mut judge = Self {
            sources,
            mean,
            factor,
            weights: Vec::new(),
        };
        let against = |wrong: &Vec<[f32; TERMS]>| {
            let rows: Vec<[f32; TERMS]> = own.iter().chain(wrong).map(|row| judge.standard(*row)).collect();
            let truth: Vec<f32> = (0..rows.len()).map(|at| f32::from(u8::from(at < own.len()))).collect();
            logistic(&rows, &truth)
        };
        let kinds = [&swapped, &mixed].into_iter().filter(|wrong| wrong.len() >= LEAST);
        judge.weights = kinds.map(against).collect();
        Some(judge)
    }

    fn standard(&self, mut row: [f32; TERMS]) -> [f32; TERMS] {
        for ((value, mean), factor) in row.iter_mut().zip(&self.mean).zip(&self.factor) {
            *value = ((*value - mean) * factor).clamp(-4.0, 4.0);
        }
        row
    }

    /// Log-likelihood ratio of own against wrong for each entity; `None` where it has not both.
    fn ratios(
        &self,
        bank: &BankSide,
        (asked, similar): (&Queries<'_>, &[Similarities<'_>]),
        barred: &BTreeMap<usize, Vec<bool>>,
    ) -> Vec<Option<f32>> {
        let barred = barred_by(self.sources, barred, bank.keys.len());
        let doubts: Vec<Doubt> = (asked.own.iter().enumerate())
            .map(|(at, own)| Doubt {
                value: at as u32,
                entity: at as u32,
                left_out: [*own, None],
            })
            .collect();
        let told = agreement(
            bank,
            self.sources,
            self.sources.map(|at| &similar[at]),
            (&doubts, &barred),
        );
        told.into_iter()
            .map(|told| {
                let row = self.standard(terms(&told?));
                let against = self.weights.iter().map(|w| logit(w, &row));
                Some(against.fold(f32::INFINITY, f32::min).clamp(-BOUND, BOUND))
            })
            .collect()
    }
}

fn terms(features: &[f32; FEATURES]) -> [f32; TERMS] {
    let mut row = [0.0; TERMS];
    row[..FEATURES].copy_from_slice(features);
    let mut at = FEATURES;
    for a in 0..FEATURES {
        for b in a..FEATURES {
            row[at] = features[a] * features[b];
            at += 1;
        }
    }
    row
}

fn logit(weights: &[f32], row: &[f32; TERMS]) -> f32 {
    weights[0] + row.iter().zip(&weights[1..]).map(|(x, w)| x * w).sum::<f32>()
}

/// Ridge logistic regression, both classes of the same weight, by accelerated gradient descent (Nesterov 1983) at the step that the largest curvature allows.
fn logistic(rows: &[[f32; TERMS]], truth: &[f32]) -> Vec<f32> {
    let count = rows.len() as f32;
    let right = truth.iter().sum::<f32>() / count;
    let balance = |truth: f32| 0.5 / if truth > 0.5 { right } else { 1.0 - right }.max(1e-3);
    // The curvature of the mean loss is at most a quarter of the mean squared norm of a row.
    let norm = rows
        .iter()
        .map(|r| 1.0 + r.iter().map(|x| x * x).sum::<f32>())
        .sum::<f32>()
        / count;
    let step = 1.0 / (0.25 * balance(1.0).max(balance(0.0)) * norm + RIDGE);
    let (mut weights, mut ahead) = (vec![0.0f32; TERMS + 1], vec![0.0f32; TERMS + 1]);
    for turn in 0..STEPS {
        let mut gradient = vec![0.0f32; TERMS + 1];
        for (row, truth) in rows.iter().zip(truth) {
            let residual = balance(*truth) * (1.0 / (1.0 + (-logit(&ahead, row)).exp()) - truth);
            gradient[0] += residual;
            gradient[1..].iter_mut().zip(row).for_each(|(g, x)| *g += residual * x);
        }
        let momentum = turn as f32 / (turn as f32 + 3.0);
        for ((weight, ahead), gradient) in weights.iter_mut().zip(&mut ahead).zip(gradient) {
            let next = *ahead - step * (gradient / count + RIDGE * *ahead);
            *ahead = next + momentum * (next - *weight);
            *weight = next;
        }
    }
    weights
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
        let trust = confidence.trust(0, &bank.drugs, &asked);
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
        let trusting = Confidence::fit(&bank, 0.0, 5);
        assert!(trusting.is_empty());
        assert_eq!(trusting.trust(0, &bank.drugs, &asked), vec![Trust::default(); 160]);
    }

    #[test]
    fn belief_falls_with_the_ratio() {
        let confidence = Confidence {
            doubt: 0.2,
            ..Confidence::default()
        };
        assert!((confidence.belief(0.0) - 0.8).abs() < 1e-6 && confidence.belief(4.0) > 0.99);
        assert_eq!(confidence.belief(-2.0), 0.0);
    }
}
