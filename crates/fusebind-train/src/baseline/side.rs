//! Gradient-boosted trees on the side modalities alone: what texts, signatures, assays and embeddings say without any structure.
//!
//! Each modality of an entity is projected to [`CHANNELS`] by random signs (Achlioptas 2003, doi 10.1016/S0022-0000(03)00025-4):
//! `z_k = K^(-1/2) sum_c x_c s(c, k)` with `x` the weighted terms of its texts (the vocabulary is that of training entities), the mean of
//! its signatures, or its assays as 1 and -1. A modality that is missing is missing to the trees, which read it from that. Assays that
//! measure a target of the data set are left out.

use fusebind_features::{
    entity::side::{Profiles, SideData},
    feature::text::Vocabulary,
    random::Stream,
};

use super::{context::BaselineContext, trees};

/// Channels of a modality.
const CHANNELS: usize = 32;
/// Most terms of the vocabulary of one side.
const TERMS: usize = 4096;
/// Values of signatures and embeddings are cut here: the tails of signatures are heavy.
const CUT: f32 = 10.0;

/// Predictions, or nothing where there are no side modalities or the crate refuses the data.
pub(super) fn predict(context: &BaselineContext<'_>, [drugs, targets]: [&SideData; 2]) -> Option<Vec<f64>> {
    let counts = [context.dataset.drugs.len(), context.dataset.targets.len()];
    let trained_drugs = distinct(context.train.iter().map(|pair| pair.0));
    let trained_targets = distinct(context.train.iter().map(|pair| pair.1));
    let drugs = rows(drugs, counts[0], &trained_drugs);
    let targets = rows(targets, counts[1], &trained_targets);
    let is_empty = |rows: &[Vec<f32>]| rows.first().is_none_or(Vec::is_empty);
    if is_empty(&drugs) && is_empty(&targets) {
        return None;
    }
    trees::boosted(context, &drugs, &targets)
}

fn distinct(ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut ids: Vec<u32> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A row for each of `count` entities: the modalities that any entity has, [`CHANNELS`] each, NaN where it is missing.
fn rows(side: &SideData, count: usize, trained: &[u32]) -> Vec<Vec<f32>> {
    let mut rows = vec![Vec::new(); count];
    if side.texts.iter().any(|texts| !texts.is_empty()) {
        let of = |entity: u32| side.texts.get(entity as usize).map_or(&[][..], Vec::as_slice);
        let vocabulary = Vocabulary::fit(trained.iter().map(|entity| of(*entity)), TERMS);
        let (terms, _) = vocabulary.rows((0..count as u32).map(of));
        for (entity, row) in rows.iter_mut().enumerate() {
            let (at, weights) = terms.row(entity);
            let entries = || at.iter().copied().zip(weights.iter().copied());
            row.extend(projected((!at.is_empty()).then(entries)));
        }
    }
    let measured: Vec<u32> = side.measured.iter().map(|(assay, _)| *assay).collect();
    let outcome = |assay: u32, value: f32| match measured.contains(&assay) {
        true => 0.0,
        false => 2.0 * value.clamp(0.0, 1.0) - 1.0,
    };
    let level = |_: u32, value: f32| value.clamp(-CUT, CUT);
    append(&mut rows, &side.transcriptome, level);
    append(&mut rows, &side.bioassay, outcome);
    for embeddings in &side.embeddings {
        append(&mut rows, &embeddings.rows, level);
    }
    rows
}

/// Appends the mean profile of each entity, with values as `of` reads them.
fn append(rows: &mut [Vec<f32>], profiles: &Profiles, of: impl Fn(u32, f32) -> f32) {
    if profiles.of_entity.iter().all(Vec::is_empty) {
        return;
    }
    for (entity, row) in rows.iter_mut().enumerate() {
        let own: Vec<&[f32]> = profiles.rows(entity).collect();
        let mean = || {
            (0..profiles.columns.len()).filter_map(|column| {
                let values = own.iter().map(|row| row[column]).filter(|value| value.is_finite());
                let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + of(column as u32, v), count + 1.0));
                (count > 0.0).then_some((column as u32, sum / count))
            })
        };
        row.extend(projected((!own.is_empty()).then(mean)));
    }
}

/// Projects the entries of a sparse row; NaN without a row.
fn projected<I: Iterator<Item = (u32, f32)>>(entries: Option<I>) -> [f32; CHANNELS] {
    let Some(entries) = entries else {
        return [f32::NAN; CHANNELS];
    };
    let mut row = [0.0; CHANNELS];
    let scale = (CHANNELS as f32).sqrt().recip();
    for (column, value) in entries {
        let signs = Stream::new(0).child(u64::from(column)).seed();
        for (channel, sum) in row.iter_mut().enumerate() {
            let sign = if signs >> channel & 1 == 0 { scale } else { -scale };
            *sum += sign * value;
        }
    }
    row
}
