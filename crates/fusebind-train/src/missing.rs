//! Ways in which modalities are missing.
//!
//! Comes in: what each entity has, and a rate. Goes out: what each entity does without. Structures (graph and sequence) are
//! never taken away here; every choice follows from a seed.

use fusebind_features::{
    modality::{Modality, ModalitySet},
    random::Stream,
};
use rand::{Rng, RngExt};
use serde::Serialize;

/// A way to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Each side modality of each entity by a coin of its own.
    Random,
    /// The same, of drugs only.
    DrugSide,
    /// The same, of targets only.
    TargetSide,
    /// An entity keeps only what some other entity of its side, sampled at random, has as well: whole patterns, as in nature.
    Natural,
    /// Entities that training never saw lose more: twice the rate, and half of it for those that it saw.
    Novel,
}

impl Pattern {
    /// All patterns.
    pub const ALL: [Self; 5] = [
        Self::Random,
        Self::DrugSide,
        Self::TargetSide,
        Self::Natural,
        Self::Novel,
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::DrugSide => "drug-side",
            Self::TargetSide => "target-side",
            Self::Natural => "natural",
            Self::Novel => "novel",
        }
    }

    /// What each entity does without at `rate`; `known` says which entities training saw.
    pub fn sample(
        self,
        present: [&[ModalitySet]; 2],
        known: [&[bool]; 2],
        rate: f64,
        seed: u64,
    ) -> [Vec<ModalitySet>; 2] {
        let mut random = Stream::new(seed).generator();
        [0, 1].map(|side| {
            let untouched = matches!((self, side), (Self::DrugSide, 1) | (Self::TargetSide, 0));
            let rate = if untouched { 0.0 } else { rate };
            (0..present[side].len())
                .map(|entity| match self {
                    Self::Natural => natural(present[side], entity, rate, &mut random),
                    Self::Novel if known[side][entity] => coins(present[side][entity], rate / 2.0, &mut random),
                    Self::Novel => coins(present[side][entity], (2.0 * rate).min(1.0), &mut random),
                    _ => coins(present[side][entity], rate, &mut random),
                })
                .collect()
        })
    }
}

fn is_side(modality: &Modality) -> bool {
    !matches!(modality, Modality::Graph | Modality::Sequence)
}

fn coins(present: ModalitySet, rate: f64, random: &mut impl Rng) -> ModalitySet {
    let lost = |_: &Modality| random.random_bool(rate);
    present.iter().filter(is_side).filter(lost).collect()
}

fn natural(all: &[ModalitySet], entity: usize, rate: f64, random: &mut impl Rng) -> ModalitySet {
    let (hit, other) = (random.random_bool(rate), random.random_range(0..all.len()));
    let lost = |m: &Modality| hit && !all[other].contains(*m);
    all[entity].iter().filter(is_side).filter(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_takes_what_it_says() {
        let some: ModalitySet = [Modality::Graph, Modality::Text, Modality::Bioassay]
            .into_iter()
            .collect();
        let bare: ModalitySet = [Modality::Graph].into_iter().collect();
        let drugs: Vec<ModalitySet> = (0..2000).map(|i| if i % 2 == 0 { some } else { bare }).collect();
        let targets = vec![[Modality::Sequence, Modality::Text].into_iter().collect(); 2000];
        let known: Vec<bool> = (0..2000).map(|i| i % 4 == 0).collect();
        let share = |lost: &[ModalitySet], of: &dyn Fn(usize) -> bool| {
            let (hit, all) = (0..lost.len()).filter(|i| of(*i)).fold((0, 0), |(hit, all), i| {
                (hit + usize::from(lost[i].contains(Modality::Text)), all + 1)
            });
            f64::from(hit as u32) / f64::from(all)
        };
        for pattern in Pattern::ALL {
            let sample = |rate, seed| pattern.sample([&drugs, &targets], [&known, &known], rate, seed);
            let [d, t] = sample(0.4, 1);
            assert_eq!(sample(0.4, 1), [d.clone(), t.clone()], "a seed fixes the sample");
            assert!(
                d.iter()
                    .chain(&t)
                    .all(|m| !m.contains(Modality::Graph) && !m.contains(Modality::Sequence))
            );
            assert!(
                sample(0.0, 1).iter().flatten().all(|m| m.is_empty()),
                "rate 0 takes nothing"
            );
            let drug = share(&d, &|i| i % 2 == 0);
            let target = share(&t, &|_| true);
            let close = |a: f64, b: f64| assert!((a - b).abs() < 0.05, "{pattern:?}: {a} is not {b}");
            match pattern {
                Pattern::Random => (close(drug, 0.4), close(target, 0.4)),
                Pattern::DrugSide => (close(drug, 0.4), close(target, 0.0)),
                Pattern::TargetSide => (close(drug, 0.0), close(target, 0.4)),
                Pattern::Natural => (close(drug, 0.2), close(target, 0.0)),
                Pattern::Novel => (
                    close(share(&d, &|i| i % 4 == 0), 0.2),
                    close(share(&d, &|i| i % 4 == 2), 0.8),
                ),
            };
        }
    }
}
