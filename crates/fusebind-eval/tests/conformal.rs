//! Conformal quantiles, p-values and Platt maps against `testdata/conformal/reference.json`, and what they promise on drawn numbers.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use fusebind_eval::{
    Undefined,
    calibration::expected_calibration_error,
    conformal::{
        ClassScores, GroupedScores, Residual, Truth, alike, censored_quantile, mondrian, p_value, quantile, residual,
    },
    platt::PlattMap,
};
use serde_json::Value;

fn reference(of: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../../testdata/conformal/reference.json")).unwrap();
    all[of].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn classes(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect()
}

/// Infinite where the reference is null.
#[track_caller]
fn same(ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap_or(f64::INFINITY);
    assert!(
        ours == theirs || (ours - theirs).abs() < 1e-9,
        "{ours}, the reference is {theirs}"
    );
}

fn grouped<'a>(scores: &'a [f64], groups: &'a [usize], hold_outs: Option<&'a [u32]>) -> GroupedScores<'a> {
    GroupedScores {
        scores,
        groups,
        hold_outs,
    }
}

/// Numbers from 0 to 1 in no apparent order (a linear congruential generator).
fn drawn(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn quantiles_are_those_of_crepes_and_mapie() {
    let cases = reference("regression");
    assert_eq!(cases.len(), 12);
    let (mut infinite, mut mapie) = (0, 0);
    for case in cases {
        let alpha = case["alpha"].as_f64().unwrap();
        let (residuals, sigmas) = (numbers(&case["residuals"]), numbers(&case["sigmas"]));
        let plain: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
        let ours = quantile(&plain, alpha).unwrap();
        same(ours, &case["plain"]);
        infinite += usize::from(ours.is_infinite());
        if !case["mapie"].is_null() {
            same(ours, &case["mapie"]);
            mapie += 1;
        }
        let scaled = residuals.iter().zip(&sigmas);
        let scaled: Vec<f64> = scaled
            .map(|(r, s)| residual(Truth::Exact(*r), 0.0, *s).unwrap().least)
            .collect();
        same(quantile(&scaled, alpha).unwrap(), &case["scaled"]);
        let group_of: Vec<usize> = numbers(&case["groups"]).iter().map(|g| *g as usize + 1).collect();
        let groups = mondrian(grouped(&scaled, &group_of, None), &[None, Some(0), Some(0)], alpha, 1).unwrap();
        for (group, theirs) in groups[1..].iter().zip(case["by_group"].as_array().unwrap()) {
            same(group.quantile, theirs);
        }
    }
    assert!(infinite >= 2 && mapie >= 8, "{infinite} too small, {mapie} of MAPIE");
}

#[test]
fn p_values_are_those_of_crepes() {
    for case in reference("classification") {
        let scores = ClassScores::new(&classes(&case["truth"]), &numbers(&case["p"])).unwrap();
        let theirs = numbers(&case["binds"]).into_iter().zip(numbers(&case["not"]));
        for (probability, (binds, not)) in numbers(&case["new"]).into_iter().zip(theirs) {
            let ours = scores.p_values(probability).unwrap();
            assert!((ours[0] - binds).abs() < 1e-12 && (ours[1] - not).abs() < 1e-12);
            let set = scores.set(probability, 0.2).unwrap();
            assert_eq!([set.contains(true), set.contains(false)], [binds > 0.2, not > 0.2]);
        }
    }
}

#[test]
fn maps_are_those_of_scikit_learn() {
    for case in reference("platt") {
        let map = PlattMap::fit(&classes(&case["truth"]), &numbers(&case["p"])).unwrap();
        let theirs = [&case["slope"], &case["offset"]].map(|v| v.as_f64().unwrap());
        // Its optimiser stops earlier.
        assert!(
            (map.slope - theirs[0]).abs() < 2e-3 && (map.offset - theirs[1]).abs() < 2e-3,
            "{map:?} {theirs:?}"
        );
    }
}

#[test]
fn the_promise_is_kept_on_new_numbers() {
    let (mut held, rounds) = (0, 2000);
    for round in 0..rounds {
        let scores = drawn(20, 1000 + round);
        held += usize::from(scores[19] <= quantile(&scores[..19], 0.1).unwrap());
    }
    let share = held as f64 / rounds as f64;
    assert!((0.88..0.92).contains(&share), "{share} of 0.90");
}

#[test]
fn a_small_group_uses_the_next_coarser_one() {
    let scores: Vec<f64> = (1..=30).map(f64::from).collect();
    // Group 2 lies in 1 in 0; 1 has 10 scores with those of 2.
    let group_of: Vec<usize> = (0..30)
        .map(|i| [0, 1, 2][usize::from(i >= 20) + usize::from(i >= 27)])
        .collect();
    let parents = [None, Some(0), Some(1)];
    let of = |least| mondrian(grouped(&scores, &group_of, None), &parents, 0.2, least).unwrap();
    assert_eq!(
        of(10).iter().map(|g| (g.from, g.n)).collect::<Vec<_>>(),
        [(0, 30), (1, 10), (1, 10)]
    );
    assert_eq!(of(11)[2].from, 0);
    assert_eq!(of(100)[2].from, 0, "the coarsest uses what it has");
    assert_eq!(of(10)[1].quantile, 29.0);
    assert_eq!(
        mondrian(grouped(&scores, &group_of, None), &[Some(1), None], 0.2, 1),
        Err(Undefined::Parameter)
    );
    for (groups, hold_outs) in [(&[0][..], None), (&group_of, Some(&[0][..]))] {
        let other = grouped(&scores, groups, hold_outs);
        assert_eq!(mondrian(other, &parents, 0.2, 1), Err(Undefined::Length));
    }
}

#[test]
fn hold_outs_count_the_same_in_a_quantile() {
    // A large hold-out of small scores and two small ones of large scores: of three alike, two thirds of the scores are large.
    let scores: Vec<f64> = (0..1000)
        .map(f64::from)
        .chain((0..200).map(|i| 5000.0 + f64::from(i)))
        .collect();
    let hold_outs: Vec<u32> = (0..1200).map(|i| u32::from(i >= 1000) + u32::from(i >= 1100)).collect();
    let of = |hold_outs: Option<&[u32]>, alpha| {
        mondrian(grouped(&scores, &vec![0; 1200], hold_outs), &[None], alpha, 100).unwrap()[0].quantile
    };
    assert_eq!(of(None, 0.5), quantile(&scores, 0.5).unwrap());
    assert_eq!(
        of(Some(&hold_outs), 0.5),
        5050.0,
        "half of all is a quarter of what is large"
    );
    let weights = alike(&hold_outs, 100);
    assert!((weights.iter().sum::<f64>() - 1200.0).abs() < 1e-9);
    assert_eq!((weights[0], weights[1000]), (0.4, 4.0));
    assert!(
        alike(&hold_outs, 101).iter().all(|weight| *weight == 1.0),
        "small ones count for their pairs"
    );
}

#[test]
fn a_bound_counts_for_what_it_proves() {
    let of = |truth| residual(truth, 6.0, 2.0).unwrap();
    let bound = |least| Residual {
        least,
        most: f64::INFINITY,
    };
    assert_eq!(of(Truth::Exact(5.0)), Residual { least: 0.5, most: 0.5 });
    assert_eq!(of(Truth::AtMost(5.0)), bound(0.5));
    assert_eq!(of(Truth::AtMost(7.0)), bound(0.0));
    assert_eq!(of(Truth::AtLeast(7.0)), bound(0.5));
    assert_eq!(of(Truth::AtLeast(5.0)), bound(0.0));
    assert_eq!(residual(Truth::Exact(1.0), 1.0, 0.0), Err(Undefined::Parameter));
    let mut all: Vec<Residual> = (1..=19)
        .map(|r| Residual {
            least: f64::from(r),
            most: f64::from(r),
        })
        .collect();
    all[3].most = f64::INFINITY;
    let found = censored_quantile(&all, 0.1).unwrap();
    assert_eq!((found.least, found.most), (18.0, 19.0));
    all[4].most = f64::INFINITY;
    assert_eq!(censored_quantile(&all, 0.1).unwrap().most, f64::INFINITY);
}

#[test]
fn a_map_calibrates_and_a_small_group_stays_with_the_pool() {
    let (p, u) = (drawn(4000, 5), drawn(4000, 6));
    // What is said to be p happens with p squared.
    let truth: Vec<bool> = p.iter().zip(&u).map(|(p, u)| *u < p * p).collect();
    let map = PlattMap::fit(&truth, &p).unwrap();
    let calibrated: Vec<f64> = p.iter().map(|p| map.apply(*p)).collect();
    let error = |scores: &[f64]| expected_calibration_error(&truth, scores, 10).unwrap();
    assert!(
        error(&p) > 0.12 && error(&calibrated) < 0.04,
        "{} {}",
        error(&p),
        error(&calibrated)
    );
    assert!(
        p.windows(2)
            .all(|w| (w[0] < w[1]) == (map.apply(w[0]) < map.apply(w[1])))
    );
    let gap = |n: usize| {
        let opposite = vec![true; n];
        let group = PlattMap::fit_group(&opposite, &p[..n], map, 50.0).unwrap();
        (group.apply(0.5) - map.apply(0.5)).abs()
    };
    assert!(
        gap(2) < 0.05 && gap(2) < gap(500) && gap(500) > 0.3,
        "{} {}",
        gap(2),
        gap(500)
    );
}

#[test]
fn maps_at_the_edge() {
    // Ranked the wrong way round: everyone gets the share of positives.
    let p: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
    let low: Vec<bool> = p.iter().map(|p| *p < 0.3).collect();
    let map = PlattMap::fit(&low, &p).unwrap();
    assert_eq!(map.slope, 0.0);
    assert!((map.apply(0.9) - 0.3).abs() < 0.02);
    // Separable, one class, constant, at 0 and 1: finite and in order.
    for (truth, p) in [
        (vec![false, true], vec![0.0, 1.0]),
        (vec![true; 5], vec![0.1, 0.2, 0.5, 0.8, 1.0]),
        (vec![false, true, true], vec![0.4; 3]),
    ] {
        let map = PlattMap::fit(&truth, &p).unwrap();
        assert!(
            map.slope.is_finite() && map.slope >= 0.0 && map.offset.is_finite(),
            "{map:?}"
        );
        assert!((0.0..=1.0).contains(&map.apply(0.0)) && (0.0..=1.0).contains(&map.apply(1.0)));
    }
    assert_eq!(PlattMap::IDENTITY.apply(0.25), 0.25);
    assert_eq!(PlattMap::fit(&[true], &[1.5]), Err(Undefined::Parameter));
    assert_eq!(PlattMap::fit(&[], &[]), Err(Undefined::Empty));
    assert_eq!(
        PlattMap::fit_group(&[true], &[0.5], PlattMap::IDENTITY, -1.0),
        Err(Undefined::Parameter)
    );
}

#[test]
fn what_has_no_quantile() {
    assert_eq!(quantile(&[], 0.1), Err(Undefined::Empty));
    assert_eq!(quantile(&[1.0], 0.0), Err(Undefined::Parameter));
    assert_eq!(quantile(&[f64::NAN], 0.5), Err(Undefined::NotFinite));
    assert_eq!(p_value(&[], 0.5), Ok(1.0));
    assert_eq!(p_value(&[0.1], f64::NAN), Err(Undefined::NotFinite));
    assert_eq!(ClassScores::new(&[true], &[1.2]), Err(Undefined::Parameter));
}
