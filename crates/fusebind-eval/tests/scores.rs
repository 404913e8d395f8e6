//! Edge cases by hand: why a score is undefined, what chance scores, and what a threshold and an interval are.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use fusebind_eval::{
    Undefined, calibration,
    classification::{self, ClassificationMetrics},
    enrichment, regression,
    resample::{self, Units},
};

const TRUTH: [f64; 8] = [5.0, 5.0, 6.2, 7.1, 5.4, 8.3, 5.0, 6.9];
const PREDICTED: [f64; 8] = [5.1, 5.1, 6.0, 6.4, 5.9, 7.7, 5.6, 6.4];
const LABELS: [bool; 10] = [true, false, true, true, false, false, true, false, false, false];
const SCORES: [f64; 10] = [0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4, 0.2, 0.1];

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} against {b}");
}

#[test]
fn a_constant_prediction_is_worth_chance_even_with_actives_first() {
    let truth: Vec<bool> = (0..100).map(|i| i < 10).collect();
    let constant = [0.5; 100];
    near(classification::auroc(&truth, &constant).unwrap(), 0.5);
    near(classification::auprc(&truth, &constant).unwrap(), 0.1);
    near(enrichment::enrichment_factor(&truth, &constant, 0.1).unwrap(), 1.0);
    near(
        enrichment::log_auc(&truth, &constant, 0.001).unwrap(),
        0.999 / 1000f64.ln(),
    );
    let bedroc = enrichment::bedroc(&truth, &constant, 20.0).unwrap();
    assert!(bedroc < 0.2, "{bedroc}");
}

#[test]
fn early_recognition_at_its_ends() {
    let best: Vec<f64> = LABELS.iter().map(|l| f64::from(u8::from(*l))).collect();
    let worst: Vec<f64> = best.iter().map(|s| -s).collect();
    for alpha in [1e-3, 20.0, 2000.0, 1e300] {
        near(enrichment::bedroc(&LABELS, &best, alpha).unwrap(), 1.0);
        near(enrichment::bedroc(&LABELS, &worst, alpha).unwrap(), 0.0);
    }
    near(enrichment::log_auc(&LABELS, &best, 0.001).unwrap(), 1.0);
    near(enrichment::log_auc(&LABELS, &worst, 0.001).unwrap(), 0.0);
    near(enrichment::enrichment_factor(&LABELS, &worst, 1.0).unwrap(), 1.0);
    // 7 % of 100 rows are 7 rows, although 100 * 0.07 > 7 in floating point.
    let truth: Vec<bool> = (0..100).map(|i| i < 7).collect();
    let falling: Vec<f64> = (0..100).map(|i| -f64::from(i)).collect();
    near(
        enrichment::enrichment_factor(&truth, &falling, 0.07).unwrap(),
        100.0 / 7.0,
    );
}

#[test]
fn log_loss_is_the_mean_surprise() {
    let loss = calibration::log_loss(&[true, false], &[0.5, 0.75]).unwrap();
    assert!((loss - (2f64.ln() + 4f64.ln()) / 2.0).abs() < 1e-12);
    assert!(calibration::log_loss(&[true], &[0.0]).unwrap().is_finite());
}

#[test]
fn undefined_scores_say_why() {
    assert_eq!(regression::mse(&[], &[]), Err(Undefined::Empty));
    assert_eq!(regression::mse(&[1.0], &[f64::NAN]), Err(Undefined::NotFinite));
    assert_eq!(regression::mse(&[1.0], &[1.0, 2.0]), Err(Undefined::Length));
    assert_eq!(
        regression::concordance_index(&[1.0, 1.0], &[1.0, 2.0]),
        Err(Undefined::Constant)
    );
    assert_eq!(
        classification::auroc(&[true, true], &[0.1, 0.2]),
        Err(Undefined::OneClass)
    );
    assert_eq!(calibration::brier(&[true], &[1.5]), Err(Undefined::Parameter));
    assert_eq!(calibration::log_loss(&[true], &[1.5]), Err(Undefined::Parameter));
    assert_eq!(calibration::importance(&[true], &[0.5], 0), Err(Undefined::Parameter));
    for parameter in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            enrichment::bedroc(&LABELS, &SCORES, parameter),
            Err(Undefined::Parameter)
        );
        assert_eq!(
            enrichment::enrichment_factor(&LABELS, &SCORES, parameter),
            Err(Undefined::Parameter)
        );
        assert_eq!(
            enrichment::log_auc(&LABELS, &SCORES, parameter),
            Err(Undefined::Parameter)
        );
    }
}

#[test]
fn no_variance_is_seen_although_the_mean_is_rounded() {
    // The mean of three times 0.1 is not 0.1 in floating point, and neither is that of many.
    for count in [3, 6, 7, 1000] {
        let (constant, varied) = (vec![0.1; count], (0..count).map(|i| i as f64).collect::<Vec<_>>());
        assert_eq!(regression::pearson(&varied, &constant), Err(Undefined::Constant));
        assert_eq!(regression::spearman(&constant, &varied), Err(Undefined::Constant));
        assert_eq!(regression::r2(&constant, &varied), Err(Undefined::Constant));
        assert_eq!(regression::rm2(&constant, &varied), Err(Undefined::Constant));
    }
}

#[test]
fn overflow_is_a_reason_and_no_infinity() {
    assert_eq!(regression::mse(&[1e200, 0.0], &[0.0, 1.0]), Err(Undefined::NotFinite));
    assert_eq!(
        regression::pearson(&[1e200, 0.0], &[0.0, 1e200]),
        Err(Undefined::NotFinite)
    );
    near(regression::spearman(&[1e200, 0.0], &[0.0, 1e200]).unwrap(), -1.0);
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
fn without_a_threshold_nothing_is_called() {
    for threshold in [None, Some(f64::NAN)] {
        let metrics = ClassificationMetrics::compute(&LABELS, &SCORES, threshold);
        assert_eq!(
            [
                metrics.f1,
                metrics.mcc,
                metrics.accuracy,
                metrics.precision,
                metrics.recall
            ],
            [None; 5]
        );
        assert!(metrics.auroc.is_some());
    }
}

#[test]
fn the_interval_holds_the_value_and_the_seed_fixes_it() {
    let score = |rows: &[usize]| {
        let (t, p): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (TRUTH[*r], PREDICTED[*r])).unzip();
        regression::mse(&t, &p)
    };
    let interval = resample::bootstrap(Units::Rows(8), 500, 0.95, 3, score).unwrap();
    assert!(
        interval.low < interval.value && interval.value < interval.high,
        "{interval:?}"
    );
    assert_eq!(
        interval,
        resample::bootstrap(Units::Rows(8), 500, 0.95, 3, score).unwrap()
    );
    assert_ne!(
        interval,
        resample::bootstrap(Units::Rows(8), 500, 0.95, 4, score).unwrap()
    );
}

#[test]
fn resampling_says_why_it_cannot() {
    let fails = |_: &[usize]| Err(Undefined::OneClass);
    assert_eq!(
        resample::bootstrap(Units::Rows(0), 9, 0.9, 1, fails),
        Err(Undefined::Empty)
    );
    assert_eq!(
        resample::bootstrap(Units::Rows(9), 0, 0.9, 1, fails),
        Err(Undefined::Empty)
    );
    assert_eq!(
        resample::bootstrap(Units::Rows(9), 9, 1.0, 1, fails),
        Err(Undefined::Parameter)
    );
    assert_eq!(
        resample::bootstrap(Units::Rows(9), 9, 0.9, 1, fails),
        Err(Undefined::OneClass)
    );
    // Defined on the whole sample, but hardly ever on a resample: the resamples that are defined count.
    let truth = [true, false];
    let interval = resample::bootstrap(Units::Rows(2), 50, 0.9, 1, |rows| {
        let classes: Vec<bool> = rows.iter().map(|r| truth[*r]).collect();
        classification::auroc(&classes, &[0.9, 0.1].map(|s: f64| s))
    });
    assert!(interval.is_ok(), "{interval:?}");
    let two = [0.1, 0.2];
    assert_eq!(
        resample::paired_bootstrap((&[1.0], &two, &two), 9, 0.9, 1, regression::mse),
        Err(Undefined::Length)
    );
}

#[test]
fn two_equal_predictions_differ_by_nothing() {
    let difference =
        resample::paired_bootstrap((&LABELS, &SCORES, &SCORES), 50, 0.95, 1, classification::auroc).unwrap();
    assert_eq!([difference.value, difference.low, difference.high], [0.0; 3]);
}

/// Mean of values by row.
fn mean_of(values: &[f64]) -> impl Fn(&[usize]) -> Result<f64, Undefined> {
    move |rows| match rows.len() {
        0 => Err(Undefined::Empty),
        count => Ok(rows.iter().map(|row| values[*row]).sum::<f64>() / count as f64),
    }
}

#[test]
fn groups_that_stand_or_fall_together_make_a_wider_interval() {
    // Ten rows of each of 30 drugs, and all rows of a drug alike: 300 rows hold no more information than 30.
    let drugs: Vec<u32> = (0..300).map(|row| 7 + row / 10).collect();
    let values: Vec<f64> = drugs.iter().map(|drug| f64::from(drug * 37 % 101)).collect();
    let width = |units: Units<'_>| {
        let interval = resample::bootstrap(units, 1000, 0.95, 1, mean_of(&values)).unwrap();
        assert!((interval.value - values.iter().sum::<f64>() / 300.0).abs() < 1e-12);
        interval.high - interval.low
    };
    let ratio = width(Units::Groups(&drugs)) / width(Units::Rows(300));
    assert!((ratio - 10f64.sqrt()).abs() < 0.4, "{ratio}");

    // Every drug with every one of ten targets: the targets are sampled as well.
    let targets: Vec<u32> = (0..300).map(|row| row % 10).collect();
    let added: Vec<f64> = values
        .iter()
        .zip(&targets)
        .map(|(v, t)| v + f64::from(20 * t))
        .collect();
    let sides = [
        Units::Groups(&drugs),
        Units::Groups(&targets),
        Units::Crossed([&drugs, &targets]),
    ];
    let [one, other, both] = sides.map(|units| {
        let interval = resample::bootstrap(units, 1000, 0.95, 1, mean_of(&added)).unwrap();
        interval.high - interval.low
    });
    let expected = (one * one + other * other).sqrt();
    assert!((both / expected - 1.0).abs() < 0.15, "{one} {other} {both}");
}

#[test]
fn groups_of_one_row_are_rows_and_one_group_says_nothing() {
    let values: Vec<f64> = (0..40).map(|row| f64::from(row * row % 17)).collect();
    let alone: Vec<u32> = (0..40).map(|id| id * 3).collect();
    let interval = |units: Units<'_>| resample::bootstrap(units, 100, 0.9, 5, mean_of(&values));
    assert_eq!(interval(Units::Groups(&alone)), interval(Units::Rows(40)));
    assert_eq!(interval(Units::Groups(&[4; 40])), Err(Undefined::OneGroup));
    assert_eq!(interval(Units::Crossed([&alone, &[4; 40]])), Err(Undefined::OneGroup));
    assert_eq!(interval(Units::Crossed([&alone, &[]])), Err(Undefined::Length));
    assert_eq!(interval(Units::Groups(&[])), Err(Undefined::Empty));
}

#[test]
fn standard_errors_by_hand() {
    // Placements 1 and 1/2 of the binders among the others, 1/2 and 0 of the others among the binders.
    let error = classification::auroc_standard_error(&[true, true, false, false], &[0.9, 0.4, 0.6, 0.1]);
    near(error.unwrap(), 0.125f64.sqrt());
    let certain = classification::auroc_standard_error(&[true, true, false, false], &[0.9, 0.8, 0.2, 0.1]);
    near(certain.unwrap(), 0.0);
    // Squared errors 0, 1 and 4: variance 13/3.
    let error = regression::mse_standard_error(&[0.0; 3], &[0.0, 1.0, 2.0]);
    near(error.unwrap(), (13.0f64 / 9.0).sqrt());
    let of_two = classification::auroc_standard_error(&[true, false, false], &[0.9, 0.2, 0.1]);
    assert_eq!(of_two, Err(Undefined::OneValue));
    assert_eq!(regression::mse_standard_error(&[1.0], &[2.0]), Err(Undefined::OneValue));
}
