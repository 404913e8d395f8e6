//! What a first stage misses of each target, and how many candidates it takes to miss little.
//!
//! Comes in: a sample, codes `[B, C]` and scores of the whole model `[B, T]`. Each half of it is ranked by weights that were fitted to the other
//! (2-fold cross-fitting). Goes out: weights that were fitted to both, and for each target the share of the best that a ranking keeps. Where
//! that is less than [`GOAL`], the target gets more candidates.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    best::{Best, Ranked},
    guess::{self, Weights},
};

/// Recall for which a target gets more candidates.
pub const GOAL: f64 = 0.95;
/// How many times as many at most.
const MOST: usize = 5;
/// Least hits of a half that a recall is the share of.
const LEAST: usize = 20;

/// A sample, `[B, C]` and `[B, T]`.
#[derive(Default)]
pub struct Sampled {
    pub codes: Vec<i8>,
    pub scores: Vec<f64>,
}

/// What is wanted of a library.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Compounds of the library.
    pub compounds: u64,
    /// Hits of each target.
    pub hits: u64,
    /// Least candidates of each target.
    pub candidates: u64,
    /// What the targets are called.
    pub targets: &'a [String],
}

/// Recall of the first stage for a target: of each half of the sample, by weights that have not seen it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetRecall {
    /// What the target is called.
    pub target: String,
    /// Its candidates.
    pub candidates: u64,
    /// Share of the best by the whole model that are among as large a part of the half as the candidates are of the library.
    pub recall: f64,
    /// The same with as many candidates as every target has.
    pub recall_of_least: f64,
}

/// A first stage, fitted and measured.
pub struct FirstStage {
    /// Weights `[T, C]`, fitted to the whole sample.
    pub weights: Vec<i8>,
    /// Of each target.
    pub recall: Vec<TargetRecall>,
    /// The best of a half that recall is the share of, and how many compounds of it the least candidates are.
    pub hits: usize,
    pub kept: usize,
}

/// Fits and measures.
pub fn first_stage(sampled: &Sampled, channels: usize, wanted: Wanted<'_>) -> FirstStage {
    let targets = wanted.targets.len();
    let halves = [half(sampled, 0, targets), half(sampled, 1, targets)];
    let Weights { of_halves, of_all } = guess::fit(
        [0, 1].map(|at| (&halves[at].codes[..], &halves[at].scores[..])),
        channels,
    );
    let count = halves[1].codes.len() / channels;
    let share = count as f64 / wanted.compounds as f64;
    let hits = ((wanted.hits as f64 * share).round() as usize).max(LEAST).min(count);
    let kept = wanted.candidates as f64 / wanted.hits as f64 * hits as f64;
    let kept = (kept.round() as usize).clamp(hits, count);
    let of = |(at, target): (usize, &String)| {
        let column = |half: &Sampled| {
            half.scores
                .iter()
                .skip(at)
                .step_by(targets)
                .copied()
                .collect::<Vec<f64>>()
        };
        let ranks = |half: &Sampled, weights: &[i8]| {
            let guessed = products(&half.codes, &weights[at * channels..][..channels]);
            ranks_of_best(&guessed, &column(half), hits)
        };
        let mut ranks = [ranks(&halves[0], &of_halves[1]), ranks(&halves[1], &of_halves[0])].concat();
        ranks.sort_unstable();
        let recall = |kept: usize| ranks.partition_point(|rank| *rank < kept) as f64 / ranks.len().max(1) as f64;
        let widened = enough(&ranks, kept).min(MOST * kept).min(count);
        let candidates = wanted.candidates as f64 * widened as f64 / kept as f64;
        TargetRecall {
            target: target.clone(),
            candidates: (candidates.ceil() as u64).min(wanted.compounds),
            recall: recall(widened),
            recall_of_least: recall(kept),
        }
    };
    FirstStage {
        recall: wanted.targets.iter().enumerate().map(of).collect(),
        weights: of_all,
        hits,
        kept,
    }
}

/// How many of the first are needed to hold the share [`GOAL`] of these ranks; at least `kept`.
fn enough(ranks: &[usize], kept: usize) -> usize {
    let wanted = (GOAL * ranks.len() as f64).ceil() as usize;
    let last = wanted.checked_sub(1).and_then(|at| ranks.get(at));
    last.map_or(kept, |rank| kept.max(rank + 1))
}

/// Where the best `most` by `exact` stand in the ranking by `guessed`, from 0.
fn ranks_of_best(guessed: &[f64], exact: &[f64], most: usize) -> Vec<usize> {
    let mut best = Best::new(most);
    (exact.iter().zip(0..)).for_each(|(score, place)| best.offer(Ranked { score: *score, place }));
    let best: BTreeSet<u64> = best.iter().map(|ranked| ranked.place).collect();
    let all = guessed
        .iter()
        .zip(0..)
        .map(|(score, place)| Ranked { score: *score, place });
    let mut all: Vec<Ranked> = all.collect();
    all.sort_unstable();
    let ranks = all
        .iter()
        .enumerate()
        .filter(|(_, ranked)| best.contains(&ranked.place));
    ranks.map(|(rank, _)| rank).collect()
}

fn products(codes: &[i8], weights: &[i8]) -> Vec<f64> {
    let product = |code: &[i8]| -> i32 {
        code.iter()
            .zip(weights)
            .map(|(c, w)| i32::from(*c) * i32::from(*w))
            .sum()
    };
    codes
        .chunks(weights.len())
        .map(|code| f64::from(product(code)))
        .collect()
}

/// Every second compound of a sample.
fn half(sampled: &Sampled, first: usize, targets: usize) -> Sampled {
    let count = sampled.scores.len() / targets.max(1);
    let channels = sampled.codes.len() / count.max(1);
    let places = || (first..count).step_by(2);
    Sampled {
        codes: places()
            .flat_map(|at| sampled.codes[at * channels..][..channels].iter().copied())
            .collect(),
        scores: places()
            .flat_map(|at| sampled.scores[at * targets..][..targets].iter().copied())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of `count` compounds, and scores of two targets: one that codes tell, and one that they tell by half.
    fn sample(count: usize) -> Sampled {
        let noise = |at: usize| ((at * 2_654_435_761) >> 7) % 1000;
        let code = |at: usize| [(at * 37 % 251) as u8 as i8, (at * at % 199) as u8 as i8, 0, 0];
        let scores = |at: usize| {
            let told = f64::from(code(at)[0]) - 0.5 * f64::from(code(at)[1]);
            [told, told + 0.15 * noise(at) as f64]
        };
        Sampled {
            codes: (0..count).flat_map(code).collect(),
            scores: (0..count).flat_map(scores).collect(),
        }
    }

    #[test]
    fn a_target_that_codes_tell_less_of_gets_more_candidates() {
        let targets = ["told", "half"].map(String::from);
        let wanted = |candidates| Wanted {
            compounds: 100_000,
            hits: 1000,
            candidates,
            targets: &targets,
        };
        let found = first_stage(&sample(4000), 4, wanted(2000));
        let [told, half] = &found.recall[..] else {
            panic!("two targets")
        };
        assert_eq!((found.hits, found.kept), (20, 40));
        assert!(told.recall >= GOAL && told.candidates == 2000 && told.recall == told.recall_of_least);
        assert!(
            half.recall_of_least < GOAL && half.recall > half.recall_of_least,
            "{half:?}"
        );
        assert!(half.candidates > 2000 && half.candidates <= 5 * 2000, "{half:?}");
        // Enough of them need no more, and there are never more than compounds.
        let found = first_stage(&sample(4000), 4, wanted(90_000));
        assert!(
            found
                .recall
                .iter()
                .all(|target| (90_000..=100_000).contains(&target.candidates) && target.recall >= GOAL)
        );
    }

    #[test]
    fn so_many_are_enough_as_hold_the_share() {
        let ranks: Vec<usize> = (0..20).map(|at| 3 * at).collect();
        assert_eq!(enough(&ranks, 10), 55, "19 of 20");
        assert_eq!(enough(&ranks, 60), 60);
        assert_eq!(enough(&[], 7), 7);
        assert_eq!(ranks_of_best(&[0.1, 0.9, 0.5, 0.7], &[1.0, 3.0, 4.0, 2.0], 2), [0, 2]);
    }
}
