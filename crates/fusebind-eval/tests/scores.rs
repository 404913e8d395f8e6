//! Scores against values computed with scikit-learn 1.9 and SciPy 1.17 (calls in the comments) and against naive forms.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use fusebind_eval::{Undefined, calibration, classification, enrichment, regression, resample};
use proptest::prelude::*;

const TRUTH: [f64; 8] = [5.0, 5.0, 6.2, 7.1, 5.4, 8.3, 5.0, 6.9];
const PREDICTED: [f64; 8] = [5.1, 5.1, 6.0, 6.4, 5.9, 7.7, 5.6, 6.4];
const LABELS: [bool; 10] = [true, false, true, true, false, false, true, false, false, false];
const SCORES: [f64; 10] = [0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4, 0.2, 0.1];

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} against {b}");
}

#[test]
fn regression_scores() {
    // sklearn.metrics.mean_squared_error, mean_absolute_error, r2_score; scipy.stats.pearsonr, spearmanr
    near(regression::mse(&TRUTH, &PREDICTED).unwrap(), 0.221250000000);
    near(regression::mae(&TRUTH, &PREDICTED).unwrap(), 0.412500000000);
    near(regression::r2(&TRUTH, &PREDICTED).unwrap(), 0.833156592435);
    near(regression::pearson(&TRUTH, &PREDICTED).unwrap(), 0.954396200190);
    near(regression::spearman(&TRUTH, &PREDICTED).unwrap(), 0.975382976691);
}

#[test]
fn classification_scores() {
    // sklearn.metrics.roc_auc_score, average_precision_score, brier_score_loss; f1_score, matthews_corrcoef at 0.6
    near(classification::auroc(&LABELS, &SCORES).unwrap(), 0.791666666667);
    near(classification::auprc(&LABELS, &SCORES).unwrap(), 0.729166666667);
    near(calibration::brier(&LABELS, &SCORES).unwrap(), 0.196000000000);
    let confusion = classification::Confusion::at(&LABELS, &SCORES, 0.6);
    near(confusion.f1(), 0.666666666667);
    near(confusion.mcc(), 0.408248290464);
}

#[test]
fn early_recognition() {
    // rdkit.ML.Scoring.Scoring.CalcBEDROC on the labels in order, alpha = 20
    let scores: Vec<f64> = (0..10).map(|i| 1.0 - f64::from(i) / 10.0).collect();
    near(enrichment::bedroc(&LABELS, &scores, 20.0).unwrap(), 0.882945682021);
    near(enrichment::enrichment_factor(&LABELS, &scores, 0.2).unwrap(), 1.25);
    let perfect: Vec<f64> = LABELS.iter().map(|l| f64::from(u8::from(*l))).collect();
    near(enrichment::log_auc(&LABELS, &perfect, 0.001).unwrap(), 1.0);
}

#[test]
fn undefined_scores_say_why() {
    assert_eq!(regression::mse(&[], &[]), Err(Undefined::Empty));
    assert_eq!(regression::mse(&[1.0], &[f64::NAN]), Err(Undefined::NotFinite));
    assert_eq!(regression::mse(&[1.0], &[1.0, 2.0]), Err(Undefined::Length));
    assert_eq!(regression::pearson(&[1.0, 1.0], &[1.0, 2.0]), Err(Undefined::Constant));
    assert_eq!(
        regression::concordance_index(&[1.0, 1.0], &[1.0, 2.0]),
        Err(Undefined::Constant)
    );
    assert_eq!(
        classification::auroc(&[true, true], &[0.1, 0.2]),
        Err(Undefined::OneClass)
    );
    assert_eq!(calibration::brier(&[true], &[1.5]), Err(Undefined::Parameter));
    assert_eq!(enrichment::bedroc(&LABELS, &SCORES, 0.0), Err(Undefined::Parameter));
}

#[test]
fn calibration_of_bins() {
    let error = calibration::expected_calibration_error(&[true, false, true, true], &[0.9; 4], 10).unwrap();
    near(error, 0.15);
}

#[test]
fn the_best_threshold_has_the_best_f1() {
    let best = classification::best_threshold(&LABELS, &SCORES).unwrap();
    let f1 = |t: f64| classification::Confusion::at(&LABELS, &SCORES, t).f1();
    assert!(SCORES.iter().all(|t| f1(*t) <= f1(best)), "{best}");
}

#[test]
fn the_interval_holds_the_value_and_the_seed_fixes_it() {
    let score = |rows: &[usize]| {
        let (t, p): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (TRUTH[*r], PREDICTED[*r])).unzip();
        regression::mse(&t, &p)
    };
    let interval = resample::bootstrap(8, 500, 0.95, 3, score).unwrap();
    assert!(
        interval.low < interval.value && interval.value < interval.high,
        "{interval:?}"
    );
    assert_eq!(interval, resample::bootstrap(8, 500, 0.95, 3, score).unwrap());
    assert_ne!(interval, resample::bootstrap(8, 500, 0.95, 4, score).unwrap());
}

fn naive_ci(truth: &[f64], predicted: &[f64]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for i in 0..truth.len() {
        for j in 0..truth.len() {
            if truth[i] > truth[j] {
                count += 1.0;
                sum += match predicted[i].total_cmp(&predicted[j]) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
    }
    (count > 0.0).then(|| sum / count)
}

proptest! {
    #[test]
    fn concordance_is_the_naive_sum(pairs in proptest::collection::vec((0u8..12, 0u8..12), 0..60)) {
        let (truth, predicted): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(t, p)| (f64::from(*t), f64::from(*p))).unzip();
        match (regression::concordance_index(&truth, &predicted), naive_ci(&truth, &predicted)) {
            (Ok(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12),
            (fast, slow) => prop_assert!(fast.is_err() && slow.is_none()),
        }
    }
}
