//! How sure the predictions of a model are.
//!
//! Comes in: raw scores and what the reference knows of each pair. Goes out: one [`Certainty`] for each pair, none where the model has no
//! trust to apply.

use fusebind_features::modality::ModalitySet;
use fusebind_model::{
    scoring::{Encoded, Scores},
    trained::TrainedModel,
    trust::{AffinityEstimate, Familiarity, PairEvidence},
};

use crate::prediction::Certainty;

/// How usual the encoded drugs (`side` 0) or targets (1) are, in the order of [`Encoded::ids`]; empty where the model does not know.
pub(crate) fn familiarity(
    trained: &TrainedModel,
    encoded: &Encoded,
    side: usize,
    present: impl Fn(u32) -> ModalitySet,
) -> Vec<Familiarity> {
    let trust = trained.description.trust.as_ref();
    let Some(familiar) = trust.and_then(|trust| trust.familiar[side].as_ref()) else {
        return Vec::new();
    };
    let embeddings = encoded.embeddings_on_host(0, side);
    let rows = embeddings.chunks_exact(trained.description.model.width.max(1));
    let of = |(row, id): (&[f32], &u32)| familiar.of(row, present(*id));
    rows.zip(encoded.ids(side)).map(of).collect()
}

/// The certainty of the pair in `row`, whose entities are as usual as `familiarity` says.
pub(crate) fn certainty(
    trained: &TrainedModel,
    scores: &Scores,
    evidence: &[PairEvidence],
    row: usize,
    familiarity: [Familiarity; 2],
) -> Option<Certainty> {
    let trust = trained.description.trust.as_ref()?;
    let evidence = *evidence.get(row)?;
    let affinity = |column: usize| trust.affinity(column, &evidence, scores.affinity_output(row, column));
    let affinity: Vec<Option<AffinityEstimate>> = (0..scores.scales).map(affinity).collect();
    let binding = scores
        .binding_output(row)
        .and_then(|output| trust.binding(&evidence, output));
    Some(Certainty {
        domain: trust.domain(&evidence, affinity.first().and_then(Option::as_ref), binding.as_ref()),
        affinity,
        binding,
        is_presumed_inert: scores.prior_shift_at(row) != 0.0,
        familiarity,
        evidence,
    })
}
