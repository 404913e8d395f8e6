//! What holds for every input: naive definitions, independence of the order of rows, and never a NaN.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use fusebind_eval::{
    Undefined, calibration,
    classification::{self, ClassificationMetrics},
    enrichment,
    regression::{self, RegressionMetrics},
};
use proptest::prelude::*;

fn half_for_ties(a: f64, b: f64) -> f64 {
    match a.total_cmp(&b) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    }
}

/// Over all pairs of rows that `higher` puts in order, the share that `predicted` puts in the same order.
fn naive(count: usize, predicted: &[f64], higher: impl Fn(usize, usize) -> bool) -> Option<f64> {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for i in 0..count {
        for j in (0..count).filter(|j| higher(i, *j)) {
            pairs += 1.0;
            sum += half_for_ties(predicted[i], predicted[j]);
        }
    }
    (pairs > 0.0).then(|| sum / pairs)
}

fn same(fast: Result<f64, Undefined>, slow: Option<f64>) -> Result<(), TestCaseError> {
    match (fast, slow) {
        (Ok(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12, "{fast} against {slow}"),
        (fast, slow) => prop_assert!(fast.is_err() && slow.is_none(), "{fast:?} against {slow:?}"),
    }
    Ok(())
}

/// Finite numbers of every size, and often equal ones.
fn any_finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        proptest::num::f64::NORMAL,
        proptest::num::f64::SUBNORMAL,
        Just(0.0),
        Just(-0.0),
        Just(0.1),
        Just(f64::MAX),
        -9.0..9.0f64
    ]
}

fn all_classification(truth: &[bool], scores: &[f64]) -> Vec<Option<f64>> {
    vec![
        classification::auroc(truth, scores).ok(),
        classification::auprc(truth, scores).ok(),
        classification::best_threshold(truth, scores).ok(),
        enrichment::bedroc(truth, scores, 20.0).ok(),
        enrichment::bedroc(truth, scores, 1e5).ok(),
        enrichment::enrichment_factor(truth, scores, 0.01).ok(),
        enrichment::enrichment_factor(truth, scores, 0.37).ok(),
        enrichment::log_auc(truth, scores, 0.001).ok(),
    ]
}

proptest! {
    #[test]
    fn the_expected_auroc_is_its_definition_and_that_of_the_classes_where_these_are_certain(
        rows in proptest::collection::vec((0.0..=1.0f64, 0..6u8), 0..40),
    ) {
        let probabilities: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
        let (mut right, mut all) = (0.0, 0.0);
        for i in 0..rows.len() {
            for j in (0..rows.len()).filter(|j| *j != i) {
                let weight = probabilities[i] * (1.0 - probabilities[j]);
                all += weight;
                right += weight * half_for_ties(scores[i], scores[j]);
            }
        }
        let expected = calibration::expected_auroc(&probabilities, &scores);
        if all > 1e-6 {
            prop_assert!((expected.unwrap() - right / all).abs() < 1e-9);
        }
        let truth: Vec<bool> = probabilities.iter().map(|p| *p > 0.5).collect();
        let certain: Vec<f64> = truth.iter().map(|binds| f64::from(u8::from(*binds))).collect();
        let expected = calibration::expected_auroc(&certain, &scores);
        same(expected, classification::auroc(&truth, &scores).ok())?;
    }

    #[test]
    fn concordance_is_the_naive_sum(pairs in proptest::collection::vec((0u8..12, 0u8..12), 0..60)) {
        let (truth, predicted): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(t, p)| (f64::from(*t), f64::from(*p))).unzip();
        let slow = naive(truth.len(), &predicted, |i, j| truth[i] > truth[j]);
        same(regression::concordance_index(&truth, &predicted), slow)?;
    }

    #[test]
    fn concordance_of_untied_numbers(pairs in proptest::collection::vec((any_finite(), any_finite()), 0..60)) {
        let (truth, mut predicted): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        // The naive form orders by bits, which tell -0 from 0.
        predicted.iter_mut().for_each(|p| *p += 0.0);
        let slow = naive(truth.len(), &predicted, |i, j| truth[i] > truth[j]);
        same(regression::concordance_index(&truth, &predicted), slow)?;
    }

    #[test]
    fn auroc_is_the_naive_sum(pairs in proptest::collection::vec((any::<bool>(), 0u8..9), 0..60)) {
        let (truth, scores): (Vec<bool>, Vec<f64>) = pairs.iter().map(|(t, s)| (*t, f64::from(*s))).unzip();
        let slow = naive(truth.len(), &scores, |i, j| truth[i] && !truth[j]);
        same(classification::auroc(&truth, &scores), slow)?;
    }

    #[test]
    fn the_order_of_rows_means_nothing(
        pairs in proptest::collection::vec((any::<bool>(), 0u8..6), 2..40),
        turn in 0usize..40,
    ) {
        let of = |rows: &[(bool, u8)]| {
            let (truth, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(|(t, s)| (*t, f64::from(*s))).unzip();
            all_classification(&truth, &scores)
        };
        let mut turned = pairs.clone();
        turned.rotate_left(turn % pairs.len());
        let mut actives_first = pairs.clone();
        actives_first.sort_by_key(|row| !row.0);
        for other in [turned, actives_first] {
            for (a, b) in of(&pairs).into_iter().zip(of(&other)) {
                match (a, b) {
                    (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12, "{a} and {b}"),
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }

    #[test]
    fn a_rising_map_of_the_scores_changes_no_rank_score(pairs in proptest::collection::vec((any::<bool>(), 0u8..9), 2..40)) {
        let (truth, scores): (Vec<bool>, Vec<f64>) = pairs.iter().map(|(t, s)| (*t, f64::from(*s))).unzip();
        let mapped: Vec<f64> = scores.iter().map(|s| s.powi(3) - 100.0).collect();
        let all = |s: &[f64]| [
            classification::auroc(&truth, s), classification::auprc(&truth, s),
            enrichment::bedroc(&truth, s, 20.0), enrichment::log_auc(&truth, s, 0.01),
        ];
        prop_assert_eq!(all(&scores), all(&mapped));
    }

    #[test]
    fn every_score_is_a_number_or_a_reason(rows in proptest::collection::vec((any_finite(), any_finite(), any::<bool>()), 0..30)) {
        let truth: Vec<f64> = rows.iter().map(|r| r.0).collect();
        let predicted: Vec<f64> = rows.iter().map(|r| r.1).collect();
        let classes: Vec<bool> = rows.iter().map(|r| r.2).collect();
        let regression = RegressionMetrics::compute(&truth, &predicted);
        let m = &regression;
        let values = [m.mse, m.rmse, m.mae, m.ci, m.rm2, m.rm2_deepdta, m.pearson, m.spearman, m.r2];
        for value in values.into_iter().chain(all_classification(&classes, &predicted)).flatten() {
            prop_assert!(value.is_finite(), "{regression:?}");
        }
        for bounded in [m.ci, m.pearson.map(f64::abs), m.spearman.map(f64::abs)].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&bounded), "{regression:?}");
        }
    }

    #[test]
    fn bad_values_are_refused_wherever_they_stand(
        mut scores in proptest::collection::vec(0.0..1.0f64, 2..20),
        place in 0usize..20,
        bad in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
    ) {
        let place = place % scores.len();
        scores[place] = bad;
        let truth: Vec<bool> = (0..scores.len()).map(|i| i % 2 == 0).collect();
        prop_assert_eq!(ClassificationMetrics::compute(&truth, &scores, Some(0.5)), ClassificationMetrics::default());
        let numbers: Vec<f64> = (0..scores.len()).map(|i| i as f64).collect();
        prop_assert_eq!(RegressionMetrics::compute(&numbers, &scores), RegressionMetrics::default());
        prop_assert_eq!(RegressionMetrics::compute(&scores, &numbers), RegressionMetrics::default());
        prop_assert_eq!(calibration::brier(&truth, &scores), Err(Undefined::NotFinite));
    }

    #[test]
    fn all_rows_are_in_the_reliability_table(rows in proptest::collection::vec((any::<bool>(), 0.0..=1.0f64), 1..40), bins in 1usize..20) {
        let (truth, scores): (Vec<bool>, Vec<f64>) = rows.into_iter().unzip();
        let table = calibration::importance(&truth, &scores, bins).unwrap();
        prop_assert_eq!(table.len(), bins);
        prop_assert_eq!(table.iter().map(|b| b.count).sum::<usize>(), truth.len());
        let positives: f64 = table.iter().map(|b| b.observed * b.count as f64).sum();
        prop_assert!((positives - truth.iter().filter(|t| **t).count() as f64).abs() < 1e-9);
    }
}
