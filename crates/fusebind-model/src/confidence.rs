//! How likely it is that what a modality says of an entity is about this entity.
//!
//! A text may belong to another drug. For each side modality and each reference (the structure, and the other side
//! modalities) a logistic model on agreement features (`fusebind_features::evidence::agreement`) learns to tell the values of
//! training entities from values swapped among them; no label takes part. With equal shares of own and swapped values its
//! logit is a log-likelihood ratio. Ratios of all references are added (as if independent, each at most [`BOUND`]; what a side
//! modality says counts as far as the structure vouches for it), and with a prior share `q` of wrong values, the doubt:
//!
//! ```text
//! trust = min(1, P(own | ratio) / (1 - q)),   P(own | ratio) = (1 - q) e^ratio / ((1 - q) e^ratio + q)
//! ```
//!
//! so that a modality nothing can be told of is trusted, and doubt 0 trusts all. Comes in: a [`Bank`]. Goes out:
//! [`Confidence`], which turns descriptors into [`Trust`].

use fusebind_features::{
    evidence::{Bank, BankSide, Doubt, FEATURES, Queries, Source, agreement},
    modality::{Modality, Trust},
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Largest log-likelihood ratio of one reference.
const BOUND: f32 = 5.0;
/// Fewer training entities than this teach nothing.
const LEAST: usize = 40;
/// Features, their squares and their products.
const TERMS: usize = FEATURES + FEATURES * (FEATURES + 1) / 2;
/// Penalty of the squared weights, per entity.
const RIDGE: f32 = 1e-3;
/// Steps of accelerated gradient descent.
const STEPS: usize = 400;

/// Judges of the side modalities of drugs and of targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Prior share of wrong values `q`.
    doubt: f32,
    judges: [Vec<Judge>; 2],
}

/// Tells own values of one source from swapped ones, by one reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Judge {
    /// Positions of the doubted and the reference source.
    sources: [usize; 2],
    mean: Vec<f32>,
    factor: Vec<f32>,
    /// Intercept, then a weight per term.
    weights: Vec<f32>,
}

fn is_side(source: Source) -> bool {
    !matches!(source.modality(), Modality::Graph | Modality::Sequence)
}

impl Confidence {
    /// Learns from the entities of `bank`; trusts everything where `doubt` is 0.
    pub fn fit(bank: &Bank, doubt: f32, seed: u64) -> Self {
        let judges = [&bank.drugs, &bank.targets].map(|side| match doubt > 0.0 {
            true => judges(side, seed),
            false => Vec::new(),
        });
        Self { doubt, judges }
    }

    /// Whether nothing is ever doubted.
    pub fn is_empty(&self) -> bool {
        self.judges.iter().all(Vec::is_empty)
    }

    /// Trust in what each of the `asked` entities has. `bank` is that of drugs (`side` 0) or of targets (1).
    pub fn trust(&self, side: usize, bank: &BankSide, asked: &Queries<'_>) -> Vec<Trust> {
        let mut all = vec![Trust::default(); asked.own.len()];
        let judges = &self.judges[side];
        let told: Vec<Vec<Option<f32>>> = judges.iter().map(|judge| judge.ratios(bank, asked)).collect();
        // First by the structure alone: it says how much a side modality counts as a witness.
        let mut by_structure = all.clone();
        for witnesses in [false, true] {
            let source = |at: usize| bank.sources[at].0;
            for (number, (source_of, _)) in bank.sources.iter().enumerate() {
                let own: Vec<usize> = (0..judges.len()).filter(|j| judges[*j].sources[0] == number).collect();
                if own.is_empty() {
                    continue;
                }
                for entity in 0..all.len() {
                    let ratio: f32 = own
                        .iter()
                        .map(|&judge| {
                            let reference = source(judges[judge].sources[1]);
                            let weight = match (is_side(reference), witnesses) {
                                (false, _) => 1.0,
                                (true, false) => 0.0,
                                (true, true) => by_structure[entity].of(reference.modality()),
                            };
                            weight * told[judge][entity].unwrap_or(0.0)
                        })
                        .sum();
                    all[entity].set(source_of.modality(), self.posterior(ratio));
                }
            }
            if !witnesses {
                by_structure.clone_from(&all);
            }
        }
        all
    }

    fn posterior(&self, ratio: f32) -> f32 {
        let own = (1.0 - self.doubt) * ratio.exp();
        (own / (own + self.doubt) / (1.0 - self.doubt)).min(1.0)
    }
}

fn judges(side: &BankSide, seed: u64) -> Vec<Judge> {
    let mut found = Vec::new();
    for (doubted, (source, _)) in side.sources.iter().enumerate() {
        // The first source is a structure; further ones of the same structure would only repeat it.
        let references = (0..side.sources.len()).filter(|at| *at == 0 || is_side(side.sources[*at].0));
        for reference in references.filter(|at| is_side(*source) && *at != doubted) {
            found.extend(Judge::fit(side, [doubted, reference], seed));
        }
    }
    found
}

impl Judge {
    fn fit(side: &BankSide, sources: [usize; 2], seed: u64) -> Option<Self> {
        let [doubted, reference] = sources.map(|at| &side.sources[at].1);
        let having: Vec<u32> = (0..side.keys.len())
            .filter(|at| doubted.is_present(*at) && reference.is_present(*at))
            .map(|at| at as u32)
            .collect();
        if having.len() < LEAST {
            return None;
        }
        let mut donors = having.clone();
        donors.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let doubt = |(&entity, value): (&u32, u32)| Doubt {
            value,
            entity,
            left_out: [Some(entity), Some(value)],
        };
        let own = having.iter().map(|e| doubt((e, *e)));
        let swapped = having.iter().zip(&donors).filter(|(e, d)| e != d);
        let doubts: Vec<Doubt> = own.chain(swapped.map(|(e, d)| doubt((e, *d)))).collect();
        let told = agreement(side, sources, [doubted, reference], &doubts);
        let (rows, truth): (Vec<[f32; TERMS]>, Vec<f32>) = (doubts.iter().zip(told))
            .filter_map(|(doubt, told)| Some((terms(&told?), f32::from(u8::from(doubt.value == doubt.entity)))))
            .unzip();
        if rows.len() < LEAST {
            return None;
        }
        let count = rows.len() as f32;
        let mean: Vec<f32> = (0..TERMS).map(|t| rows.iter().map(|r| r[t]).sum::<f32>() / count).collect();
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
        let rows: Vec<[f32; TERMS]> = rows.into_iter().map(|row| judge.standard(row)).collect();
        judge.weights = logistic(&rows, &truth);
        Some(judge)
    }

    fn standard(&self, mut row: [f32; TERMS]) -> [f32; TERMS] {
        for ((value, mean), factor) in row.iter_mut().zip(&self.mean).zip(&self.factor) {
            *value = ((*value - mean) * factor).clamp(-4.0, 4.0);
        }
        row
    }

    /// Log-likelihood ratio of own against swapped for each entity; `None` where it has not both.
    fn ratios(&self, bank: &BankSide, asked: &Queries<'_>) -> Vec<Option<f32>> {
        let doubts: Vec<Doubt> = (asked.own.iter().enumerate())
            .map(|(at, own)| Doubt {
                value: at as u32,
                entity: at as u32,
                left_out: [*own, None],
            })
            .collect();
        let descriptors = self.sources.map(|at| asked.descriptors[at]);
        let told = agreement(bank, self.sources, descriptors, &doubts);
        told.into_iter()
            .map(|told| {
                let row = self.standard(terms(&told?));
                Some(logit(&self.weights, &row).clamp(-BOUND, BOUND))
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

/// Ridge logistic regression by accelerated gradient descent (Nesterov 1983) at the step that the largest curvature allows.
fn logistic(rows: &[[f32; TERMS]], truth: &[f32]) -> Vec<f32> {
    let count = rows.len() as f32;
    // The curvature of the mean loss is at most a quarter of the mean squared norm of a row.
    let norm = rows.iter().map(|r| 1.0 + r.iter().map(|x| x * x).sum::<f32>()).sum::<f32>() / count;
    let step = 1.0 / (0.25 * norm + RIDGE);
    let (mut weights, mut ahead) = (vec![0.0f32; TERMS + 1], vec![0.0f32; TERMS + 1]);
    for turn in 0..STEPS {
        let mut gradient = vec![0.0f32; TERMS + 1];
        for (row, truth) in rows.iter().zip(truth) {
            let residual = 1.0 / (1.0 + (-logit(&ahead, row)).exp()) - truth;
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
        assert!(mean(&own) > 0.9 && mean(&swapped) < 0.4, "{} {}", mean(&own), mean(&swapped));
        assert!(trust.iter().all(|t| t.of(Modality::Graph) == 1.0), "structures are not doubted");
        let trusting = Confidence::fit(&bank, 0.0, 5);
        assert!(trusting.is_empty());
        assert_eq!(trusting.trust(0, &bank.drugs, &asked), vec![Trust::default(); 160]);
    }

    #[test]
    fn a_ratio_of_one_leaves_trust_whole() {
        let confidence = Confidence {
            doubt: 0.1,
            judges: Default::default(),
        };
        assert_eq!(confidence.posterior(0.0), 1.0);
        assert_eq!(confidence.posterior(3.0), 1.0);
        assert!((confidence.posterior(-9f32.ln()) - 0.5 / 0.9).abs() < 1e-5);
    }
}
