//! How sure the predictions of a model are.
//!
//! Comes in: raw scores and what the reference knows of each pair. Goes out: one [`Certainty`] for each pair, none where the model has no
//! trust to apply.

use fusebind_model::{scoring::Scores, trained::TrainedModel, trust::PairEvidence};

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
    let affinity = |column: usize| trust.affinity(column, &evidence, scores.affinity_output(row, column));
    Some(Certainty {
        affinity: (0..scores.scales).map(affinity).collect(),
        binding: scores
            .binding_output(row)
            .and_then(|output| trust.binding(&evidence, output)),
        is_presumed_inert: scores.prior_shift_at(row) != 0.0,
        domain: trust.domain.find(&evidence),
        evidence,
    })
}
