//! The reference set as a section of a model file.
//!
//! Comes in: [`Reference`], or the section of a file. Goes out: a section, or the reference set that it holds.

use fusebind_features::{
    feature::fingerprint::{BITS, Fingerprint},
    neighbours::{Descriptors, ReferenceEntities, ReferenceSet, SimilarityKind},
    quality::MismatchModel,
    reference::Reference,
    rows::InputScale,
    sparse_rows::SparseRows,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{archive::Array, section::Section};
use crate::{Error, ErrorKind};

/// The parts of a reference that are no arrays.
#[derive(Serialize, Deserialize)]
struct Header {
    drugs: Vec<String>,
    targets: Vec<String>,
    sources: [Vec<SimilarityKind>; 2],
    mismatch: MismatchModel,
    #[serde(default)]
    names: [Vec<String>; 2],
}

const NAME: &str = "reference";

/// A section of layout `version` that holds `reference`, or nothing where there is none.
///
/// # Errors
/// Where the mismatch model has no JSON form.
pub fn reference_section(version: u32, reference: Option<&Reference>) -> Result<Section, Error> {
    let header = reference.map(|reference| Header {
        drugs: reference.set.drugs.keys.clone(),
        targets: reference.set.targets.keys.clone(),
        sources: [reference.set.drugs.names(), reference.set.targets.names()],
        mismatch: reference.mismatch.clone(),
        names: reference.names.clone(),
    });
    let mut section = Section::of(version, &header)?;
    if let Some(reference) = reference {
        save_arrays(reference, &mut section);
    }
    Ok(section)
}

fn save_arrays(reference: &Reference, archive: &mut Section) {
    let mut floats = |name: String, values: Vec<f32>| {
        let shape = vec![values.len()];
        archive.arrays.insert(name, Array { shape, values });
    };
    floats("mean".into(), reference.scale.mean.clone());
    floats("factor".into(), reference.scale.factor.clone());
    let outcomes = reference.set.known.outcomes();
    floats("outcomes".into(), outcomes.iter().map(|o| o.2).collect());
    archive
        .indices
        .insert("outcome_drugs".into(), outcomes.iter().map(|o| o.0).collect());
    archive
        .indices
        .insert("outcome_targets".into(), outcomes.iter().map(|o| o.1).collect());
    for (side, entities) in [("drugs", &reference.set.drugs), ("targets", &reference.set.targets)] {
        for (number, (_, descriptors)) in entities.sources.iter().enumerate() {
            save_descriptors(descriptors, &format!("{side}/{number}"), archive);
        }
    }
}

/// The reference set that a section holds; `None` where it holds none.
///
/// # Errors
/// Where the arrays do not go together.
pub fn take_reference(mut archive: Section) -> Result<Option<Reference>, Error> {
    let archive = &mut archive;
    let damaged = || {
        Error::new(
            ErrorKind::Checkpoint,
            format!("section `{NAME}` is damaged: its arrays do not go together: copy the file again or train again"),
        )
    };
    let Some(header) = archive.parse::<Option<Header>>(NAME)? else {
        let empty = archive.arrays.is_empty() && archive.indices.is_empty();
        return if empty { Ok(None) } else { Err(damaged()) };
    };
    let mut floats = |name: &str| archive.arrays.remove(name).map(|a| a.values).ok_or_else(damaged);
    let (mean, factor, values) = (floats("mean")?, floats("factor")?, floats("outcomes")?);
    let drugs = archive.indices.remove("outcome_drugs").ok_or_else(damaged)?;
    let targets = archive.indices.remove("outcome_targets").ok_or_else(damaged)?;
    let inside = |ids: &[u32], count: usize| ids.len() == values.len() && ids.iter().all(|id| (*id as usize) < count);
    if !inside(&drugs, header.drugs.len()) || !inside(&targets, header.targets.len()) {
        return Err(damaged());
    }
    let outcomes: Vec<(u32, u32, f32)> = (0..values.len()).map(|i| (drugs[i], targets[i], values[i])).collect();
    let known =
        fusebind_features::neighbours::InteractionMatrix::new(header.drugs.len(), header.targets.len(), &outcomes);
    let mut side = |name: &str, keys: Vec<String>, sources: &[SimilarityKind]| {
        let sources = sources
            .iter()
            .enumerate()
            .map(|(number, source)| {
                let descriptors = take_descriptors(&format!("{name}/{number}"), archive).ok_or_else(damaged)?;
                (descriptors.len() == keys.len())
                    .then_some((*source, descriptors))
                    .ok_or_else(damaged)
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok::<_, Error>(ReferenceEntities {
            keys,
            sources,
            ..ReferenceEntities::default()
        })
    };
    let reference = ReferenceSet {
        drugs: side("drugs", header.drugs, &header.sources[0])?,
        targets: side("targets", header.targets, &header.sources[1])?,
        known,
    };
    let layout = reference.layout();
    if !archive.arrays.is_empty() || !archive.indices.is_empty() {
        return Err(damaged());
    }
    if !named(&reference, &header.names) || mean.len() != layout.width() || factor.len() != layout.width() {
        return Err(damaged());
    }
    Ok(Some(Reference {
        set: reference,
        layout,
        scale: InputScale { mean, factor },
        mismatch: header.mismatch,
        names: header.names,
    }))
}

/// Whether there is a name for each entity of a side, or none at all.
fn named(reference: &ReferenceSet, names: &[Vec<String>; 2]) -> bool {
    let counts = [reference.drugs.keys.len(), reference.targets.keys.len()];
    let mut sides = names.iter().zip(counts);
    sides.all(|(names, count)| names.is_empty() || names.len() == count)
}

fn save_descriptors(descriptors: &Descriptors, name: &str, archive: &mut Section) {
    let mut floats = |part: &str, values: &[f32], width: usize| {
        let array = Array {
            shape: vec![values.len() / width.max(1), width],
            values: values.to_vec(),
        };
        archive.arrays.insert(format!("{name}/{part}"), array);
    };
    match descriptors {
        Descriptors::Bits(prints) => {
            let words = prints.par_iter().flat_map_iter(Fingerprint::words).collect();
            archive.indices.insert(format!("{name}/words"), words);
        }
        Descriptors::Sparse(rows) => {
            floats("weights", &rows.weights, 1);
            archive.indices.insert(format!("{name}/offsets"), rows.offsets.clone());
            archive.indices.insert(format!("{name}/terms"), rows.terms.clone());
        }
        Descriptors::Dense { values, width } => floats("rows", values, *width),
    }
}

fn take_descriptors(name: &str, archive: &mut Section) -> Option<Descriptors> {
    if let Some(words) = archive.indices.remove(&format!("{name}/words")) {
        if !words.len().is_multiple_of(BITS / 32) {
            return None;
        }
        let prints = words.chunks(BITS / 32).map(Fingerprint::from_words).collect();
        return Some(Descriptors::Bits(prints));
    }
    if let Some(offsets) = archive.indices.remove(&format!("{name}/offsets")) {
        let terms = archive.indices.remove(&format!("{name}/terms"))?;
        let weights = archive.arrays.remove(&format!("{name}/weights"))?.values;
        let whole = offsets.is_sorted()
            && offsets.first().is_none_or(|first| *first == 0)
            && offsets.last().is_none_or(|end| *end as usize == terms.len());
        return (whole && weights.len() == terms.len()).then_some(Descriptors::Sparse(SparseRows {
            offsets,
            terms,
            weights,
        }));
    }
    let rows = archive.arrays.remove(&format!("{name}/rows"))?;
    let width = *rows.shape.get(1).filter(|_| rows.shape.len() == 2)?;
    Some(Descriptors::Dense {
        values: rows.values,
        width,
    })
}
