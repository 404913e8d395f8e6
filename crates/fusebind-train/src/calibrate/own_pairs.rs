//! A trained model calibrated on labelled pairs of its user: another laboratory has another bias, and other errors.
//!
//! Comes in: a model and a data set that it was not trained on. Goes out: its [`Trust`], fitted anew. Weights stay what they are: affinities are
//! moved by the median of what they lack, expected errors, intervals and calibration maps are those of the given pairs. These may be few, so that
//! several fits compete, of which some are drawn to what the model expected before; the one that foretells the pairs best which it did not see is kept.
//! Compounds are no longer presumed inert where the pairs contradict it. Domain and expected scores stay those of the hold-outs.

use fusebind_data::{
    split::{Part, Split},
    table::Dataset,
};
use fusebind_features::{entity::side::SideData, neighbours::Mask};
use fusebind_model::{
    trained::{Description, TrainedModel},
    trust::{DomainLimits, Output, Trust},
};

use super::{
    fit::{fit, offsets},
    held_out::{self, HeldOutPair},
    pooled::{FEWEST, Whose},
};
use crate::{Error, ErrorKind, evaluate::EvaluationSet};

/// Groups of pairs of which each is scored by a fit to the others.
const FOLDS: u32 = 5;
/// How many times as likely labels of compounds that are presumed inert must be without the presumption for it to be given up.
const CONTRADICTION: f64 = 20.0;

/// What a model was calibrated on.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnPairs {
    /// Labelled pairs that were used.
    pub used: usize,
    /// Pairs that the model was trained on, which say nothing about its errors.
    pub known: usize,
    /// Added to the affinities, by scale.
    pub offsets: Vec<f64>,
    /// Of the pairs whose compound was presumed inert, how many there are and how many bind, where they contradict the presumption: it is given up.
    pub not_inert: Option<[usize; 2]>,
}

impl OwnPairs {
    /// What the user is told, in sentences; `description` is that of the model.
    pub fn notes(&self, description: &Description) -> Vec<String> {
        let mut notes = vec![format!(
            "calibrated on {} labelled pairs; {} that the model was trained on were left out",
            self.used, self.known
        )];
        notes.extend(self.not_inert.map(|[pairs, binders]| {
            format!(
                "{binders} of {pairs} pairs of compounds that were presumed inert bind: the presumption is given up"
            )
        }));
        let moved = description.scales.iter().zip(&self.offsets);
        notes.extend(moved.map(|(scale, offset)| format!("{}: {offset:+.3} is added to predictions", scale.name)));
        notes
    }
}

/// The trust of `trained` as the labelled pairs of `dataset` ask for, and what it was fitted on.
///
/// # Errors
/// Where fewer than 50 pairs have a label that the model predicts and were not in its training.
pub fn recalibrate(
    trained: &TrainedModel,
    dataset: &Dataset,
    side: [&SideData; 2],
) -> Result<(Trust, OwnPairs), Error> {
    let parts = vec![Some(Part::Test); dataset.interactions.len()];
    let split = Split::from_parts(dataset, &parts, "own pairs");
    let set = EvaluationSet {
        dataset,
        drug_side: side[0],
        target_side: side[1],
        split: &split,
        part: Part::Test,
    };
    let scored = set.score(trained, Mask::default());
    let interactions = set.interactions();
    let all = held_out::pairs(&interactions, &trained.description, &scored.scores, &scored.evidence, 0);
    let labelled = |pair: &HeldOutPair| pair.binding.is_some() || pair.affinity.iter().any(Option::is_some);
    let all: Vec<HeldOutPair> = all.into_iter().filter(labelled).collect();
    let is_known = |pair: &HeldOutPair| was_trained_on(trained, pair);
    let known = all.iter().filter(|pair| is_known(pair)).count();
    let mut pairs: Vec<HeldOutPair> = all.into_iter().filter(|pair| !is_known(pair)).collect();
    if pairs.len() < FEWEST {
        return Err(Error::new(
            ErrorKind::Data,
            format!(
                "{} labelled pairs are too few to calibrate on, besides {known} that the model was trained on; {FEWEST} are needed",
                pairs.len()
            ),
        )
        .hint("give more pairs with labels of the kind that the model predicts"));
    }
    (pairs.iter_mut().zip(0u32..)).for_each(|(pair, at)| pair.fold = at % FOLDS);
    let offsets = offsets(&pairs, trained.description.scales.len());
    let before = trained.description.trust.clone();
    let fitted = fit(&pairs, &trained.description, &offsets, Whose::User(before.as_ref()));
    let not_inert = contradicted(&pairs, &fitted);
    let trust = Trust {
        inert_shift: match not_inert {
            Some(_) => 0.0,
            None => before.as_ref().map_or(0.0, |trust| trust.inert_shift),
        },
        familiar: (before.as_ref()).map_or_else(Default::default, |trust| trust.familiar.clone()),
        domain: before.as_ref().map_or_else(DomainLimits::default, |trust| trust.domain),
        sources: (before.as_ref()).map_or_else(Default::default, |trust| trust.sources.clone()),
        expected: before.map(|trust| trust.expected).unwrap_or_default(),
        ..fitted
    };
    let own = OwnPairs {
        used: pairs.len(),
        known,
        offsets,
        not_inert,
    };
    Ok((trust, own))
}

/// How many pairs are of compounds that are presumed inert, and how many of these bind, if they contradict the presumption.
fn contradicted(pairs: &[HeldOutPair], trust: &Trust) -> Option<[usize; 2]> {
    let presumed = pairs.iter().filter_map(|pair| {
        let (binds, output) = pair.binding.filter(|(_, output)| output.prior_shift != 0.0)?;
        let probability = |prior_shift: f64| {
            let of = trust.binding(&pair.evidence, Output { prior_shift, ..output })?;
            Some(if binds { of.probability } else { 1.0 - of.probability })
        };
        let (without, with) = (probability(0.0)?, probability(output.prior_shift)?);
        Some((binds, (without / with.max(f64::MIN_POSITIVE)).ln()))
    });
    let presumed: Vec<(bool, f64)> = presumed.collect();
    let evidence: f64 = presumed.iter().map(|of| of.1).sum();
    let binders = presumed.iter().filter(|of| of.0).count();
    (evidence > CONTRADICTION.ln()).then_some([presumed.len(), binders])
}

/// Whether the reference holds a label of this very pair.
fn was_trained_on(trained: &TrainedModel, pair: &HeldOutPair) -> bool {
    let id = |entity: &fusebind_features::neighbours::EntityEvidence| {
        entity.nearest.filter(|_| entity.is_known).map(|n| n.0)
    };
    let known = trained.neighbours.as_ref().map(|reference| &reference.set.known);
    match (known, id(&pair.evidence.drug), id(&pair.evidence.target)) {
        (Some(known), Some(drug), Some(target)) => known.outcome(drug, target).is_some(),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use std::collections::BTreeMap;

    use super::{
        super::{binding::binding, held_out::sample},
        *,
    };

    #[test]
    fn compounds_stay_presumed_inert_until_labels_contradict_it() {
        let pairs = sample::pairs(400, 0.0);
        let trust = Trust {
            affinity: Vec::new(),
            binding: binding(&pairs, [0.0; 2], Whose::HoldOuts),
            near: [0.0; 2],
            domain: DomainLimits::default(),
            familiar: [None, None],
            inert_shift: -4.0,
            pairs: BTreeMap::new(),
            expected: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        // The first of these are of presumed inert compounds; so many of them bind.
        let found = |inert: usize, binders: usize| {
            let presumed = |(at, pair): (usize, &HeldOutPair)| {
                let (_, output) = pair.binding.unwrap();
                HeldOutPair {
                    binding: Some((
                        at < binders,
                        Output {
                            prior_shift: -4.0,
                            value: 0.0,
                            ..output
                        },
                    )),
                    ..pair.clone()
                }
            };
            let presumed = pairs[..inert].iter().enumerate().map(presumed);
            contradicted(
                &presumed.chain(pairs[inert..].iter().cloned()).collect::<Vec<_>>(),
                &trust,
            )
        };
        assert_eq!(found(0, 0), None);
        assert_eq!(found(10, 0), None);
        assert_eq!(found(10, 1), None, "one may be an error");
        assert_eq!(found(10, 5), Some([10, 5]));
    }
}
