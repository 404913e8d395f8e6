//! From held-out pairs to [`Trust`].
//!
//! Comes in: pairs of several hold-outs. Goes out: expected errors ([`super::affinity`]), calibration maps ([`super::binding`]) and quantiles of both,
//! and the scores of these pairs. What a quantile is taken of comes from a fit to the other hold-outs (cross-conformal, Vovk 2015, doi
//! 10.1007/s10472-013-9368-4), the fit that is kept is one to all of them.

use std::collections::BTreeMap;

use fusebind_eval::{classification, regression};
use fusebind_features::novelty::Novelty;
use fusebind_model::{
    trained::Description,
    trust::{DomainLimits, SourceScores, Trust},
};

use super::{
    affinity::affinity,
    binding::binding,
    held_out::{HeldOutAffinity, HeldOutPair},
    pooled::{FEWEST, Whose},
};

/// What `pairs` say of the models that did not see them; the limits of the domain are left open. `offsets` are added to the affinities, by
/// scale.
pub(super) fn fit(pairs: &[HeldOutPair], description: &Description, offsets: &[f64], whose: Whose<'_, Trust>) -> Trust {
    let near = [0, 1].map(|side| middle_similarity(pairs, side));
    let scales = description.scales.len();
    let mut counts = BTreeMap::new();
    pairs
        .iter()
        .for_each(|pair| *counts.entry(pair.evidence.novelty()).or_insert(0) += 1);
    Trust {
        affinity: (0..scales)
            .map(|column| {
                let whose = whose.part(|trust| trust.affinity.get(column)?.as_ref().map(|of| &of.error));
                let offset = offsets.get(column).copied().unwrap_or_default();
                affinity(pairs, column, near, offset, whose)
            })
            .collect(),
        binding: binding(
            pairs,
            near,
            whose.part(|trust| trust.binding.as_ref().map(|of| &of.map)),
        ),
        near,
        domain: DomainLimits::default(),
        familiar: [None, None],
        inert_shift: 0.0,
        pairs: counts,
        expected: expected(pairs),
        sources: BTreeMap::new(),
    }
}

/// The median of what predictions on each scale lack; 0 for a scale with too few pairs.
pub(super) fn offsets(pairs: &[HeldOutPair], scales: usize) -> Vec<f64> {
    let of = |column: usize| {
        let lacks = pairs
            .iter()
            .filter_map(|pair| *pair.affinity.get(column)?)
            .filter(HeldOutAffinity::is_exact)
            .map(|a| a.truth - a.predicted);
        let mut lacks: Vec<f64> = lacks.collect();
        lacks.sort_by(f64::total_cmp);
        match lacks.len() {
            n if n < FEWEST => 0.0,
            n => (lacks[n / 2] + lacks[(n - 1) / 2]) / 2.0,
        }
    };
    (0..scales).map(of).collect()
}

/// The median similarity of new drugs (`side` 0) or new targets (1).
fn middle_similarity(pairs: &[HeldOutPair], side: usize) -> f32 {
    let entities = pairs
        .iter()
        .map(|pair| [pair.evidence.drug, pair.evidence.target][side]);
    let mut found: Vec<f32> = entities.filter(|e| !e.is_known).map(|e| e.similarity()).collect();
    found.sort_by(f32::total_cmp);
    found.get(found.len() / 2).copied().unwrap_or_default()
}

/// Scores of the held-out pairs by novelty.
fn expected(pairs: &[HeldOutPair]) -> BTreeMap<Novelty, BTreeMap<String, f64>> {
    let of = |novelty: Novelty| {
        (
            novelty,
            scores(pairs.iter().filter(|pair| pair.evidence.novelty() == novelty)),
        )
    };
    let all = Novelty::ALL.into_iter().map(of);
    all.filter(|(_, scores)| !scores.is_empty()).collect()
}

/// Scores of the held-out pairs of each source that a model was trained without; `sources` are the numbers of these hold-outs and what was
/// held out.
pub(super) fn of_sources(pairs: &[HeldOutPair], sources: &[(u32, &str)]) -> BTreeMap<String, SourceScores> {
    let of = |&(fold, source): &(u32, &str)| {
        let own = || pairs.iter().filter(|pair| pair.fold == fold);
        let found = SourceScores {
            pairs: own().count() as u64,
            scores: scores(own()),
        };
        (source.to_string(), found)
    };
    sources.iter().map(of).collect()
}

/// Scores of held-out pairs by name, of the affinity that the model has most of and of binding; those that are defined.
fn scores<'a>(pairs: impl Iterator<Item = &'a HeldOutPair> + Clone) -> BTreeMap<String, f64> {
    let affinities = (pairs.clone())
        .filter_map(|pair| *pair.affinity.first()?)
        .filter(HeldOutAffinity::is_exact)
        .map(|a| (a.truth, a.predicted));
    let (truth, predicted): (Vec<f64>, Vec<f64>) = affinities.unzip();
    let (binds, logits): (Vec<bool>, Vec<f64>) =
        pairs.filter_map(|pair| pair.binding).map(|(b, o)| (b, o.value)).unzip();
    let scores = [
        ("mse", regression::mse(&truth, &predicted)),
        ("ci", regression::concordance_index(&truth, &predicted)),
        ("auroc", classification::auroc(&binds, &logits)),
        ("auprc", classification::auprc(&binds, &logits)),
    ];
    let defined = scores
        .into_iter()
        .filter_map(|(name, score)| Some((name.to_string(), score.ok()?)));
    defined.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use fusebind_model::trust::groups::group;

    use super::{super::held_out::sample::pairs, *};

    #[test]
    fn intervals_and_probabilities_hold_for_known_and_for_new_drugs() {
        let near = [0.4, 0.0];
        let train = pairs(4000, 0.0);
        let (errors, labels) = (
            affinity(&train, 0, near, 0.0, Whose::HoldOuts).unwrap(),
            binding(&train, near, Whose::HoldOuts).unwrap(),
        );
        for is_known in [true, false] {
            let test: Vec<HeldOutPair> = pairs(4000, 0.37)
                .into_iter()
                .filter(|p| p.evidence.drug.is_known == is_known)
                .collect();
            let level = &errors.levels[1];
            let covered = test.iter().filter(|pair| {
                let of = pair.affinity[0].unwrap();
                let width = errors.error.at(&pair.evidence.affinity_channels(of.output));
                (of.truth - of.predicted).abs() <= level.quantiles[group(&pair.evidence, near)].unwrap() * width
            });
            let coverage = covered.count() as f64 / test.len() as f64;
            assert!((coverage - 0.9).abs() < 0.02, "{is_known} {coverage}");
            let (truth, p): (Vec<bool>, Vec<f64>) = test
                .iter()
                .map(|pair| {
                    let (binds, output) = pair.binding.unwrap();
                    (
                        binds,
                        labels.map.apply(&pair.evidence.binding_channels(output), output.value),
                    )
                })
                .unzip();
            let ece = fusebind_eval::calibration::expected_calibration_error(&truth, &p, 10).unwrap();
            assert!(ece < 0.03, "{is_known} {ece}");
        }
    }

    #[test]
    fn scores_are_expected_for_each_novelty() {
        assert_eq!(
            expected(&pairs(100, 0.0)).keys().copied().collect::<Vec<_>>(),
            [Novelty::Known, Novelty::NewDrug]
        );
    }
}
