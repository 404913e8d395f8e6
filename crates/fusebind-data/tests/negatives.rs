//! Negatives are unknown pairs in the requested number, and degree-matched ones match.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::collections::{BTreeMap, BTreeSet};

use fusebind_data::{
    ErrorKind,
    negative::{Draw, NegativeConfig, add_negatives, sample_negatives},
    table::{Dataset, Interaction},
};
use proptest::prelude::*;

fn config(draw: Draw, ratio: f64, seed: u64) -> NegativeConfig {
    NegativeConfig { draw, ratio, seed }
}

fn degrees(entities: impl Iterator<Item = u32>) -> BTreeMap<u32, usize> {
    entities.fold(BTreeMap::new(), |mut degrees, entity| {
        *degrees.entry(entity).or_default() += 1;
        degrees
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn negatives_are_unknown_distinct_and_as_many_as_asked(
        positives in prop::collection::vec((0u32..20, 0u32..15), 1..80),
        excluded in prop::collection::vec((0u32..20, 0u32..15), 0..40),
        ratio in 0.2..4.0f64,
        seed in any::<u64>(),
    ) {
        let distinct: BTreeSet<(u32, u32)> = positives.iter().copied().collect();
        for draw in [Draw::Random, Draw::DegreeMatched] {
            let config = config(draw, ratio, seed);
            match sample_negatives(&positives, &excluded, (20, 15), &config) {
                Ok(negatives) => {
                    prop_assert_eq!(negatives.len(), (ratio * distinct.len() as f64).round() as usize);
                    prop_assert!(negatives.is_sorted_by(|a, b| a < b), "distinct");
                    prop_assert!(negatives.iter().all(|n| !positives.contains(n) && !excluded.contains(n)));
                    prop_assert!(negatives.iter().all(|n| n.0 < 20 && n.1 < 15));
                    prop_assert_eq!(negatives, sample_negatives(&positives, &excluded, (20, 15), &config).unwrap());
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Infeasible);
                    let known: BTreeSet<_> = positives.iter().chain(&excluded).collect();
                    let crowded = (ratio * distinct.len() as f64).round() > (300 - known.len()) as f64;
                    prop_assert!(crowded || draw == Draw::DegreeMatched, "random sampling fails only where nothing is left");
                }
            }
        }
    }
}

/// Drug `d` of 60 has up to `d / 6 + 1` positives among 50 targets, low targets more often.
fn skewed() -> Vec<(u32, u32)> {
    (0..60)
        .flat_map(|drug| (0..drug / 6 + 1).map(move |at| (drug, (drug * 7 + at * at) % (20 + 3 * at))))
        .collect()
}

#[test]
fn matched_negatives_have_the_degrees_of_the_positives() {
    let positives: BTreeSet<(u32, u32)> = skewed().into_iter().collect();
    let positives: Vec<(u32, u32)> = positives.into_iter().collect();
    let negatives = sample_negatives(&positives, &[], (60, 50), &config(Draw::DegreeMatched, 1.0, 5)).unwrap();
    assert_eq!(
        degrees(negatives.iter().map(|n| n.0)),
        degrees(positives.iter().map(|p| p.0))
    );
    assert_eq!(
        degrees(negatives.iter().map(|n| n.1)),
        degrees(positives.iter().map(|p| p.1))
    );
    let random = sample_negatives(&positives, &[], (60, 50), &config(Draw::Random, 1.0, 5)).unwrap();
    assert_ne!(
        degrees(random.iter().map(|n| n.0)),
        degrees(positives.iter().map(|p| p.0))
    );
    let other = sample_negatives(&positives, &[], (60, 50), &config(Draw::DegreeMatched, 1.0, 6)).unwrap();
    assert_ne!(negatives, other, "the seed counts");
}

#[test]
fn what_is_impossible_is_refused_with_a_remedy() {
    let full: Vec<(u32, u32)> = (0..4).flat_map(|d| (0..4).map(move |t| (d, t))).collect();
    for draw in [Draw::Random, Draw::DegreeMatched] {
        for (positives, entities, ratio) in [
            (&full[..], (4, 4), 1.0),
            (&full[..9], (4, 4), 1.0),
            (&full[..2], (4, 4), f64::NAN),
            (&full[..2], (4, 4), 0.0),
            (&full[..2], (4, 4), f64::INFINITY),
            (&full[..], (3, 4), 0.1),
            (&[], (4, 4), 1.0),
        ] {
            let error = sample_negatives(positives, &[], entities, &config(draw, ratio, 0)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Infeasible);
            assert!(!error.remedy().is_empty());
        }
    }
    // One drug that binds every target but one cannot have as many negatives as positives.
    let error = sample_negatives(&full[..3], &[], (4, 4), &config(Draw::DegreeMatched, 1.0, 0)).unwrap_err();
    assert!(error.reason().contains("no unknown pairs"));
    assert_eq!(
        sample_negatives(&full[..7], &[], (4, 4), &config(Draw::Random, 9.0 / 7.0, 0))
            .unwrap()
            .len(),
        9
    );
}

#[test]
fn a_data_set_gains_negatives_outside_its_published_split() {
    let mut data = Dataset::default();
    let row = |drug, target, binds| Interaction {
        drug,
        target,
        affinity: None,
        binds: Some(binds),
        row: 1,
    };
    data.interactions = vec![row(0, 0, true)];
    assert!(
        add_negatives(&mut data, &NegativeConfig::default()).is_err(),
        "a pair of unknown entities"
    );
    assert_eq!(data.interactions.len(), 1);
}
