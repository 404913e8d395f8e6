//! How sure the predictions of a model are.
//!
//! Comes in: raw scores and what the reference knows of each pair. Goes out: one [`Certainty`] for each pair, none where the model has no
//! trust to apply.

use fusebind_model::{
    scoring::Scores,
    trained::TrainedModel,
    trust::{Output, PairEvidence},
};

use crate::prediction::Certainty;

/// The certainty of the pair in `row`.
pub(crate) fn certainty(
    trained: &TrainedModel,
    scores: &Scores,
    evidence: &[PairEvidence],
    row: usize,
) -> Option<Certainty> {
    let trust = trained.description.trust.as_ref()?;
    let evidence = *evidence.get(row)?;
    let disagreement = scores.disagreement.get(row).copied().unwrap_or_default();
    let output = |value: f32| Output {
        value: f64::from(value),
        disagreement: f64::from(disagreement),
    };
    let affinity = |column: usize| {
        let value = scores.affinity[row * scores.scales + column];
        trust.affinity(column, &evidence, output(value))
    };
    let binding = scores.binding.get(row);
    Some(Certainty {
        affinity: (0..scores.scales).map(affinity).collect(),
        binding: binding.and_then(|logit| trust.binding(&evidence, output(*logit))),
        domain: trust.domain.find(&evidence),
        evidence,
    })
}
