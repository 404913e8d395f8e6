//! Whether intervals, sets and probabilities hold: those of the model, counted on the test part.
//!
//! Comes in: a model whose [`Trust`] was fitted on held-out pairs, and the scores of a test part. Goes out: [`CalibrationScores`], of all pairs, by
//! how new a pair is, by similarity to training, by domain and by missing modalities. Nothing is fitted here, save the constant interval that
//! widths are compared with.

use std::collections::BTreeMap;

use fusebind_data::{
    split::Part,
    table::{Censoring, Interaction},
};
use fusebind_features::{modality::ModalitySet, novelty::Novelty};
use fusebind_model::{
    trained::TrainedModel,
    trust::{Domain, PairEvidence, Trust},
};
use serde::Serialize;

use super::{
    group_calibration::{AffinityRow, BindingRow, GroupCalibration},
    set::{EvaluationSet, ScoredSet},
};
use crate::{
    objective::scale_name,
    scored_labels::{least_error, probability},
};

/// Level that is counted.
const LEVEL: f64 = 0.9;
/// Upper ends of the bands of similarity.
const BANDS: [f32; 4] = [0.3, 0.5, 0.7, 1.0];

/// Of all test pairs, and of each group that occurs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationScores {
    /// Of all pairs.
    #[serde(flatten)]
    pub all: GroupCalibration,
    /// By novelty.
    pub by_novelty: BTreeMap<Novelty, GroupCalibration>,
    /// By domain.
    pub by_domain: BTreeMap<Domain, GroupCalibration>,
    /// By the smaller similarity of drug and target to training, in bands such as `0.3-0.5`.
    pub by_similarity: BTreeMap<String, GroupCalibration>,
    /// By the side modalities that a pair lacks, such as `drug text + target text` or `nothing`; empty for a model of structures alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_missing: BTreeMap<String, GroupCalibration>,
}

/// A test pair with what the model says of its certainty.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    /// Its place in the part.
    at: usize,
    evidence: PairEvidence,
    domain: Domain,
    affinity: Option<AffinityRow>,
    binding: Option<BindingRow>,
}

/// Counts on the test part that `scored` are the scores of. None for another part, and for a model without trust.
pub(super) fn calibration(
    trained: &TrainedModel,
    set: &EvaluationSet<'_>,
    scored: &ScoredSet,
) -> Option<CalibrationScores> {
    let trust = trained.description.trust.as_ref()?;
    if set.part != Part::Test {
        return None;
    }
    let interactions = set.interactions();
    let row = |(row, interaction): (usize, &&Interaction)| Row {
        at: row,
        evidence: scored.evidence[row],
        domain: scored.scores.domain(trust, &scored.evidence[row], row).domain,
        affinity: affinity(trained, trust, scored, row, interaction),
        binding: binding(trust, scored, row, interaction),
    };
    let rows: Vec<Row> = interactions.iter().enumerate().map(row).collect();
    Some(CalibrationScores {
        by_missing: match scored.missing.is_empty() {
            true => BTreeMap::new(),
            false => by(&rows, |row| names(scored.missing[row.at])),
        },
        ..count(&rows)
    })
}

/// Modalities that a drug and a target lack, in words.
fn names([drug, target]: [ModalitySet; 2]) -> String {
    let of_drug = drug.iter().map(|m| format!("drug {m}"));
    let names: Vec<String> = of_drug.chain(target.iter().map(|m| format!("target {m}"))).collect();
    match names.is_empty() {
        true => "nothing".into(),
        false => names.join(" + "),
    }
}

fn level_of(levels: impl Iterator<Item = f64>) -> Option<usize> {
    let mut levels = levels;
    levels.position(|level| (level - LEVEL).abs() < 1e-9)
}

fn affinity(
    trained: &TrainedModel,
    trust: &Trust,
    scored: &ScoredSet,
    row: usize,
    interaction: &Interaction,
) -> Option<AffinityRow> {
    let scale = trained.description.scales.first()?;
    let affinity = interaction.affinity.filter(|a| scale_name(a.scale) == scale.name)?;
    let output = scored.affinity_output(row, 0);
    let estimate = trust.affinity(0, &scored.evidence[row], output)?;
    let at = level_of(trust.affinity[0].as_ref()?.levels.iter().map(|l| l.level))?;
    Some(AffinityRow {
        error: least_error(
            affinity.censoring,
            affinity.value - (output.value * scale.std + scale.mean + estimate.offset),
        ),
        is_exact: affinity.censoring == Censoring::Exact,
        expected: estimate.expected_error,
        half_width: estimate.half_widths[at],
    })
}

fn binding(trust: &Trust, scored: &ScoredSet, row: usize, interaction: &Interaction) -> Option<BindingRow> {
    let (binds, logit) = interaction.binds.zip(scored.scores.binding.get(row))?;
    let estimate = trust.binding(&scored.evidence[row], scored.binding_output(row)?)?;
    let at = level_of(trust.binding.as_ref()?.levels.iter().map(|l| l.level))?;
    Some(BindingRow {
        binds,
        own: probability(*logit),
        calibrated: estimate.probability,
        set: estimate.sets[at].map(|set| (set.binds, set.not)),
    })
}

/// Counts all pairs and each group.
fn count(rows: &[Row]) -> CalibrationScores {
    let similarity = |row: &Row| {
        let of = |entity: &fusebind_features::neighbours::EntityEvidence| match entity.is_known {
            true => 1.0,
            false => entity.similarity(),
        };
        of(&row.evidence.drug).min(of(&row.evidence.target))
    };
    let band = |row: &Row| {
        let at = BANDS
            .iter()
            .position(|end| similarity(row) <= *end)
            .unwrap_or(BANDS.len() - 1);
        format!("{:.1}-{:.1}", if at == 0 { 0.0 } else { BANDS[at - 1] }, BANDS[at])
    };
    CalibrationScores {
        all: group(&rows.iter().collect::<Vec<_>>()),
        by_novelty: by(rows, |row| row.evidence.novelty()),
        by_domain: by(rows, |row| row.domain),
        by_similarity: by(rows, band),
        by_missing: BTreeMap::new(),
    }
}

fn by<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> K) -> BTreeMap<K, GroupCalibration> {
    let mut groups: BTreeMap<K, Vec<&Row>> = BTreeMap::new();
    rows.iter()
        .for_each(|row| groups.entry(key(row)).or_default().push(row));
    groups.into_iter().map(|(key, rows)| (key, group(&rows))).collect()
}

fn group(rows: &[&Row]) -> GroupCalibration {
    let affinities: Vec<AffinityRow> = rows.iter().filter_map(|row| row.affinity).collect();
    let classes: Vec<BindingRow> = rows.iter().filter_map(|row| row.binding).collect();
    GroupCalibration::of(rows.len(), &affinities, &classes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use fusebind_features::neighbours::EntityEvidence;

    use super::*;

    fn row(at: usize) -> Row {
        let is_known = at.is_multiple_of(2);
        let error = (at as f64 * 0.618_033_988_749_895).fract() * if is_known { 1.0 } else { 3.0 };
        Row {
            at,
            evidence: PairEvidence {
                drug: EntityEvidence {
                    is_known,
                    nearest: Some((0, 0.4)),
                    ..EntityEvidence::default()
                },
                target: EntityEvidence {
                    is_known: true,
                    ..EntityEvidence::default()
                },
            },
            domain: if is_known { Domain::Inside } else { Domain::Outside },
            affinity: Some(AffinityRow {
                error,
                is_exact: true,
                expected: if is_known { 0.5 } else { 1.5 },
                half_width: Some(if is_known { 0.9 } else { 2.7 }),
            }),
            binding: None,
        }
    }

    #[test]
    fn groups_are_counted_apart_and_compared_with_one_width_for_all() {
        let found = count(&(0..4000).map(row).collect::<Vec<_>>());
        for of in [
            &found.all,
            &found.by_novelty[&Novelty::NewDrug],
            &found.by_domain[&Domain::Inside],
        ] {
            assert!((of.coverage_90.unwrap() - 0.9).abs() < 0.02, "{of:?}");
        }
        assert!((found.all.width_90.unwrap() - 3.6).abs() < 1e-9);
        // One width for all must be that of the worse half.
        assert!(found.all.constant_width_90.unwrap() > 4.0, "{found:?}");
        assert!(found.all.error_auroc.unwrap() > 0.8);
        assert_eq!(found.by_similarity.keys().collect::<Vec<_>>(), ["0.3-0.5", "0.7-1.0"]);
        assert_eq!(found.all.ece, None);
    }

    #[test]
    fn a_pair_without_an_interval_leaves_no_width() {
        let mut rows: Vec<Row> = (0..100).map(row).collect();
        rows[3].affinity.as_mut().unwrap().half_width = None;
        let found = count(&rows);
        assert_eq!((found.all.coverage_90, found.all.width_90), (None, None));
        assert!(found.by_novelty[&Novelty::Known].coverage_90.is_some());
    }

    #[test]
    fn each_class_has_its_own_coverage() {
        let row = |binds: bool, set| Row {
            at: 0,
            affinity: None,
            binding: Some(BindingRow {
                binds,
                own: 0.9,
                calibrated: 0.5,
                set: Some(set),
            }),
            ..row(0)
        };
        let found = count(&[
            row(true, (true, true)),
            row(true, (false, true)),
            row(false, (true, false)),
            row(false, (false, true)),
        ]);
        let all = found.all;
        assert_eq!(
            (all.set_coverage_90, all.set_coverage_90_binds, all.set_coverage_90_not),
            (Some(0.5), Some(0.5), Some(0.5))
        );
        assert_eq!((all.either_90, all.ece), (Some(0.25), Some(0.0)));
        assert_eq!((all.class_error, all.expected_class_error), (Some(0.5), Some(0.5)));
    }
}
