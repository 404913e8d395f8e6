//! Scores against `testdata/metrics/reference.json`: scikit-learn, SciPy, RDKit and naive definitions, by the script beside it.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use fusebind_eval::{
    classification::{self, ClassificationMetrics, Confusion},
    enrichment, regression,
    regression::RegressionMetrics,
    resample::{Interval, Units, bootstrap, paired_bootstrap},
};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../../testdata/metrics/reference.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn classes(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect()
}

#[track_caller]
fn near(what: &str, ours: Option<f64>, theirs: Option<f64>, tolerance: f64) {
    match (ours, theirs) {
        (Some(a), Some(b)) if (a - b).abs() <= tolerance * b.abs().max(1.0) => {}
        (None, None) => {}
        _ => panic!("{what}: {ours:?}, the reference is {theirs:?}"),
    }
}

/// Compares every expected score by name, and that no score is missing from the reference but those in `apart`.
fn compare(case: &Value, metrics: &impl serde::Serialize, apart: &[&str]) {
    let ours = serde_json::to_value(metrics).unwrap();
    let theirs = case["expected"].as_object().unwrap();
    for (name, value) in ours.as_object().unwrap() {
        if apart.contains(&name.as_str()) {
            continue;
        }
        let what = format!("{} of {}", name, case["name"]);
        assert!(theirs.contains_key(name), "{what} has no reference");
        // The root in rm2 turns a rounding of 1e-16 into 1e-8.
        let tolerance = if name.starts_with("rm2") { 1e-6 } else { 1e-8 };
        near(&what, value.as_f64(), theirs[name].as_f64(), tolerance);
    }
    assert!(theirs.keys().all(|name| ours.get(name).is_some()), "a score is gone");
}

#[test]
fn regression_scores() {
    let reference = reference();
    let cases = reference["regression"].as_array().unwrap();
    assert!(cases.len() >= 9);
    for case in cases {
        let (truth, predicted) = (numbers(&case["truth"]), numbers(&case["predicted"]));
        compare(case, &RegressionMetrics::compute(&truth, &predicted), &[]);
    }
}

#[test]
fn the_two_forms_of_rm2_differ() {
    let reference = reference();
    let case = &reference["regression"][0];
    let (truth, predicted) = (numbers(&case["truth"]), numbers(&case["predicted"]));
    let printed = regression::rm2(&truth, &predicted).unwrap();
    let script = regression::rm2_deepdta(&truth, &predicted).unwrap();
    assert!((printed - script).abs() > 1e-3, "{printed} and {script}");
}

#[test]
fn classification_scores() {
    let reference = reference();
    let cases = reference["classification"].as_array().unwrap();
    assert!(cases.len() >= 10);
    for case in cases {
        let (truth, scores) = (classes(&case["truth"]), numbers(&case["scores"]));
        let metrics = ClassificationMetrics::compute(&truth, &scores, case["threshold"].as_f64());
        compare(case, &metrics, &["bedroc", "ef1"]);
        let best = classification::best_threshold(&truth, &scores);
        let f1 = best.ok().map(|t| Confusion::at(&truth, &scores, t).f1());
        near("best F1", f1, case["best_f1"].as_f64(), 1e-12);
    }
}

#[test]
fn early_recognition_is_the_mean_over_ties() {
    let reference = reference();
    let mut compared = 0;
    for case in reference["classification"].as_array().unwrap() {
        let (truth, scores) = (classes(&case["truth"]), numbers(&case["scores"]));
        for (alpha, value) in case["bedroc"].as_object().into_iter().flatten() {
            let ours = enrichment::bedroc(&truth, &scores, alpha.parse().unwrap());
            near(
                &format!("BEDROC {alpha} of {}", case["name"]),
                ours.ok(),
                value.as_f64(),
                1e-9,
            );
            compared += 1;
        }
        for (share, value) in case["enrichment"].as_object().into_iter().flatten() {
            let ours = enrichment::enrichment_factor(&truth, &scores, share.parse().unwrap());
            near(
                &format!("EF {share} of {}", case["name"]),
                ours.ok(),
                value.as_f64(),
                1e-9,
            );
            compared += 1;
        }
    }
    assert!(compared >= 40, "{compared}");
}

#[test]
fn intervals_are_numpy_percentiles_of_the_same_draws() {
    let reference = reference();
    let cases = reference["resampling"].as_array().unwrap();
    assert!(cases.len() >= 2);
    for case in cases {
        let [truth, first, second] = ["truth", "first", "second"].map(|name| numbers(&case[name]));
        let (rounds, level) = (
            case["rounds"].as_u64().unwrap() as usize,
            case["level"].as_f64().unwrap(),
        );
        let seed = case["seed"].as_u64().unwrap();
        let ends = |interval: Interval, expected: &Value| {
            let expected = numbers(expected);
            near("low", Some(interval.low), Some(expected[0]), 1e-10);
            near("high", Some(interval.high), Some(expected[1]), 1e-10);
        };
        let single = bootstrap(Units::Rows(truth.len()), rounds, level, seed, |rows| {
            let (t, p): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (truth[*r], second[*r])).unzip();
            regression::mse(&t, &p)
        });
        ends(single.unwrap(), &case["single"]);
        let paired = paired_bootstrap((&truth, &first, &second), rounds, level, seed, regression::mse).unwrap();
        ends(paired, &case["paired"]);
        let gain = regression::mse(&truth, &second).unwrap() - regression::mse(&truth, &first).unwrap();
        near("value", Some(paired.value), Some(gain), 1e-12);
    }
}
