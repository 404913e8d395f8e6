//! The first stage of a screening of a stored library: which compounds the whole model looks at.
//!
//! A sample of the library is scored by the whole model. It fits the weights of each target, measures what they miss, and says how many
//! candidates each target takes. Comes in: a library, read part by part. Goes out: candidates and [`StageReport`]. Codes are read once in full,
//! and beside that where the sample lies; all else needs places alone.

use fusebind_features::{
    coded::{CodedLibrary, CodedRows},
    entity::molecule::{Chemistry, Molecule, Property, Standardise},
    random::Stream,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    best::{Best, Ranked},
    candidates::Candidates,
    filter::Filter,
    guess,
    panel::Panel,
    recall::{self, Sampled, TargetRecall, Wanted},
};
use crate::model::Model;

/// Molecules that are held at a time.
const HELD: usize = 4096;

/// How a first stage chooses.
#[derive(Clone, Debug, PartialEq)]
pub struct StageSettings {
    /// Candidates of each target, at least.
    pub candidates: u64,
    /// Compounds of the sample.
    pub sample: u64,
    /// Hits that are wanted of each target.
    pub hits: u64,
    /// What the targets are called, in the order of the panel.
    pub targets: Vec<String>,
}

/// What is known of a first stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageReport {
    /// Compounds of the library.
    pub compounds: u64,
    /// Those that the property filters, and similarities, leave.
    pub filtered: u64,
    /// Candidates of each target, at least.
    pub candidates: u64,
    /// Candidates of all together.
    pub candidates_of_all: u64,
    /// Compounds that the weights were fitted on; 0 where there are no more compounds than candidates, and no first stage.
    pub fitted_on: usize,
    /// Compounds that the recall was measured on, each half by weights of the other.
    pub measured_on: usize,
    /// Hits of a half that recall is the share of.
    pub hits: usize,
    /// How many compounds of a half the first stage keeps, where a target has no more candidates than the least.
    pub kept: usize,
    /// Of each target, in the order of the panel.
    pub recall: Vec<TargetRecall>,
}

/// What the whole model looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// Places, ascending. The parts that they lie in were verified.
    pub places: Vec<u64>,
    /// How they were chosen.
    pub report: StageReport,
}

/// Places of the library that pass the filters, as far as they matter.
struct Survey {
    /// All of them, where there are no more than candidates; else some more.
    places: Vec<u64>,
    /// Those of the sample in each part.
    sample: Vec<Vec<u64>>,
    /// Those of each part that are like wanted compounds, where such are wanted.
    alike: Option<Vec<Vec<u64>>>,
}

/// The candidates of all targets of `panel` among the compounds of `library` that pass the property ranges of `filter` and are like its wanted
/// compounds: all, where they are no more than candidates. A library holds no fingerprints: where similarity is asked for, every compound is
/// read. `say` is told what takes long.
///
/// # Errors
/// Where the library cannot be read.
pub fn first_stage<L: CodedLibrary>(
    library: &L,
    (model, panel, filter): (&Model, &Panel<'_>, &Filter),
    settings: &StageSettings,
    say: &dyn Fn(&str),
) -> Result<Chosen, L::Error> {
    let mut report = StageReport {
        candidates: settings.candidates,
        ..StageReport::default()
    };
    if !filter.like.is_empty() {
        say("similarities are computed for every compound: a stored library holds no fingerprints");
    }
    let toolkit = model.description().standardise;
    let survey = survey(library, (toolkit, filter), settings, &mut report)?;
    if report.filtered <= settings.candidates {
        (0..library.parts()).try_for_each(|part| library.verify(part))?;
        report.candidates_of_all = report.filtered;
        let places = survey.places;
        return Ok(Chosen { places, report });
    }
    let count: usize = survey.sample.iter().map(Vec::len).sum();
    say(&format!("the whole model scores a sample of {count} compounds"));
    let sampled = score(library, &survey.sample, (model, panel))?;
    let channels = library.channels();
    let wanted = Wanted {
        compounds: report.filtered,
        hits: settings.hits,
        candidates: settings.candidates,
        targets: &settings.targets,
    };
    let fitted = recall::first_stage(&sampled, channels, wanted);
    let most: Vec<usize> = fitted.recall.iter().map(|target| target.candidates as usize).collect();
    (report.fitted_on, report.measured_on) = (count, count);
    (report.hits, report.kept) = (fitted.hits, fitted.kept);
    report.recall = fitted.recall;
    say(&format!(
        "codes of {} compounds are multiplied with the weights",
        report.filtered
    ));
    let mut best = Candidates::new(&fitted.weights, channels, &most);
    let with_properties = !filter.ranges.is_empty();
    for part in 0..library.parts() {
        let alike = survey.alike.as_ref().map(|alike| &alike[part][..]);
        let coded = filtered(library.coded(part, with_properties)?, (filter, alike), channels);
        best.offer(&coded.codes, &coded.places);
    }
    let mut places = best.places().concat();
    places.sort_unstable();
    places.dedup();
    report.candidates_of_all = places.len() as u64;
    Ok(Chosen { places, report })
}

/// Counts compounds and draws the sample.
fn survey<L: CodedLibrary>(
    library: &L,
    (toolkit, filter): (Standardise, &Filter),
    settings: &StageSettings,
    report: &mut StageReport,
) -> Result<Survey, L::Error> {
    let mut drawn = Best::new(settings.sample as usize);
    let (mut places, mut ends) = (Vec::new(), Vec::new());
    let mut alike = (!filter.like.is_empty()).then(Vec::new);
    for part in 0..library.parts() {
        let rows = library.places(part, !filter.ranges.is_empty())?;
        report.compounds += rows.places.len() as u64;
        let before = ends.last().copied().unwrap_or(0);
        ends.push(rows.places.last().map_or(before, |last| last + 1));
        let mut rows = filtered(rows, (filter, None), 0);
        if let Some(alike) = &mut alike {
            rows.places = wanted(library, (part, rows.places), (toolkit, filter))?;
            alike.push(rows.places.clone());
        }
        report.filtered += rows.places.len() as u64;
        for place in rows.places {
            // So many compounds with the least hash: any sample is part of a larger one.
            let score = -(drawn_number(place) as f64);
            drawn.offer(Ranked { score, place });
            if (places.len() as u64) <= settings.candidates {
                places.push(place);
            }
        }
    }
    let mut drawn: Vec<u64> = drawn.iter().map(|ranked| ranked.place).collect();
    drawn.sort_unstable();
    let mut rest = &drawn[..];
    let mut of_part = |end: &u64| {
        let (own, later) = rest.split_at(rest.partition_point(|place| place < end));
        rest = later;
        own.to_vec()
    };
    let sample = ends.iter().map(&mut of_part).collect();
    Ok(Survey { places, sample, alike })
}

/// Those of some places of a part whose compounds are like wanted ones.
fn wanted<L: CodedLibrary>(
    library: &L,
    (part, places): (usize, Vec<u64>),
    (toolkit, filter): (Standardise, &Filter),
) -> Result<Vec<u64>, L::Error> {
    if places.is_empty() {
        return Ok(places);
    }
    let rows = library.sampled(part, &places)?;
    let is_like = |smiles: &String| Ok(filter.is_like(&toolkit.molecule(smiles)?.fingerprint));
    let kept = rows
        .smiles
        .par_iter()
        .map(is_like)
        .collect::<Result<Vec<bool>, fusebind_features::Error>>()?;
    Ok(places
        .into_iter()
        .zip(kept)
        .filter(|(_, kept)| *kept)
        .map(|(place, _)| place)
        .collect())
}

/// The rows that the property ranges leave and, where there are such, that are among `alike`.
fn filtered(rows: CodedRows, (filter, alike): (&Filter, Option<&[u64]>), channels: usize) -> CodedRows {
    if filter.ranges.is_empty() && alike.is_none() {
        return rows;
    }
    let mut left = CodedRows::default();
    let properties = rows.properties.as_chunks::<{ Property::ALL.len() }>().0;
    for (at, place) in rows.places.iter().enumerate() {
        let is_within = filter.ranges.is_empty() || properties.get(at).is_some_and(|values| filter.is_within(values));
        if is_within && alike.is_none_or(|alike| alike.binary_search(place).is_ok()) {
            left.places.push(*place);
            left.codes.extend_from_slice(&rows.codes[at * channels..][..channels]);
        }
    }
    left
}

/// A number that looks drawn at random, for each place; as many bits as a score holds.
fn drawn_number(place: u64) -> u64 {
    Stream::new(place).child(0).seed() >> 12
}

/// Codes and scores of the whole model of the compounds at `places` of each part.
fn score<L: CodedLibrary>(
    library: &L,
    places: &[Vec<u64>],
    (model, panel): (&Model, &Panel<'_>),
) -> Result<Sampled, L::Error> {
    let (mut sampled, mut waiting) = (Sampled::default(), Vec::new());
    for (part, places) in places.iter().enumerate() {
        if !places.is_empty() {
            let rows = library.sampled(part, places)?;
            sampled.codes.extend(rows.codes);
            waiting.extend(rows.smiles);
        }
        while waiting.len() >= HELD || (part + 1 == library.parts() && !waiting.is_empty()) {
            let rest = waiting.split_off(waiting.len().min(HELD));
            sampled.scores.extend(scores(&waiting, (model, panel))?);
            waiting = rest;
        }
    }
    Ok(sampled)
}

/// What the whole model says of some compounds, on a scale on which dot products add up, `[B, T]`.
fn scores(smiles: &[String], (model, panel): (&Model, &Panel<'_>)) -> Result<Vec<f64>, fusebind_features::Error> {
    let toolkit = model.description().standardise;
    let read = smiles.par_iter().map(|smiles| toolkit.molecule(smiles));
    let molecules: Vec<Molecule> = read.collect::<Result<_, _>>()?;
    let is_probability = model.description().scales.is_empty();
    let value = |score: Option<f64>| match (score, is_probability) {
        (Some(score), true) => guess::logit(score),
        (score, _) => score.unwrap_or_default(),
    };
    let scores = panel.scores(&molecules.iter().collect::<Vec<_>>(), None);
    Ok(scores.into_iter().map(value).collect())
}
