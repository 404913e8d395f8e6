//! The first stage of a screening of a stored library: which compounds the whole model looks at.
//!
//! A sample of the library is scored by the whole model. One half fits the weights of each target, the other half, which they have not
//! seen, measures the recall. Comes in: a library and a job. Goes out: candidates and [`StageReport`].

use std::{fs, io::Write, path::Path};

use anyhow::Context;
use fusebind::{
    data::{store::CodedRows, table::write_atomically},
    features::{
        entity::molecule::{Chemistry, Molecule},
        random::Stream,
    },
    predict::{
        Model,
        screen::{Best, Candidates, Property, Ranked, guess},
    },
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{plan::Plan, shelf::StoredRows, unit::Job};
use crate::{command::library::store::StoredLibrary, console::Console};

/// Least hits of the sample that a recall is the share of.
const LEAST: usize = 20;
/// Molecules that are held at a time.
const HELD: u64 = 4096;
/// Targets whose recall is written to stderr.
const SHOWN: usize = 10;
/// Recall below which stderr names the remedy.
const GOAL: f64 = 0.95;

/// Recall of the first stage for a target, on the half of the sample that the weights have not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetRecall {
    pub target: String,
    /// Share of the best `hits` by the whole model that are among the first `kept` of the first stage.
    pub recall: f64,
}

/// What is known of a first stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageReport {
    /// Compounds of the library, and those that the property filters leave.
    pub compounds: u64,
    pub filtered: u64,
    /// Candidates of each target, and of all together.
    pub candidates: u64,
    pub candidates_of_all: u64,
    /// Compounds that the weights were fitted on, and that the recall was measured on.
    pub fitted_on: usize,
    pub measured_on: usize,
    /// Hits that recall is the share of, and how many compounds of the measured half the first stage keeps.
    pub hits: usize,
    pub kept: usize,
    pub recall: Vec<TargetRecall>,
}

/// A compound of the sample.
struct Sampled {
    codes: Vec<i8>,
    scores: Vec<f64>,
}

/// Everything that passes the property filters, or the candidates of all targets, ascending.
pub fn candidates(
    library: &StoredLibrary,
    (job, model): (&Job<'_>, &Model),
    console: &Console,
) -> anyhow::Result<(Vec<u64>, StageReport)> {
    let plan = job.plan;
    let store = plan.store.clone().unwrap_or_default();
    let (most, sample) = (store.candidates, store.sample);
    let mut drawn = Best::new(sample as usize);
    let mut report = StageReport {
        candidates: most,
        ..StageReport::default()
    };
    let mut places = Vec::new();
    for part in library.parts() {
        let coded = filtered(
            StoredLibrary::coded(&part, !job.filter.ranges.is_empty())?,
            job,
            library.manifest.channels,
        );
        report.compounds += part.0.kept;
        report.filtered += coded.places.len() as u64;
        for place in coded.places {
            // So many compounds with the least hash: any sample is part of a larger one.
            let score = -(drawn_number(place) as f64);
            drawn.offer(Ranked { score, place });
            if (places.len() as u64) <= most {
                places.push(place);
            }
        }
    }
    if report.filtered <= most {
        console.note(format_args!(
            "{} compounds of the library, no more than candidates: the whole model scores all of them",
            report.filtered
        ));
        report.candidates_of_all = report.filtered;
        return Ok((places, report));
    }
    let mut drawn: Vec<u64> = drawn.iter().map(|ranked| ranked.place).collect();
    drawn.sort_unstable();
    let sampled = score(library, drawn, (job, model), console)?;
    let channels = library.manifest.channels;
    let weights = {
        let fitted = half(&sampled, 0, job.panel.len());
        report.fitted_on = fitted.codes.len() / channels;
        guess::fit(&fitted.codes, channels, &fitted.scores)
    };
    measure(&mut report, half(&sampled, 1, job.panel.len()), &weights, plan);
    let mut best = Candidates::new(&weights, channels, most as usize);
    for part in library.parts() {
        // Verified above.
        let names = Property::ALL.map(Property::name);
        let names: &[&str] = if job.filter.ranges.is_empty() { &[] } else { &names };
        let coded = filtered(part.2.codes(names)?, job, channels);
        best.offer(&coded.codes, &coded.places);
    }
    let mut places = best.places().concat();
    places.sort_unstable();
    places.dedup();
    report.candidates_of_all = places.len() as u64;
    say(&report, console);
    Ok((places, report))
}

/// The rows that the property filters leave.
fn filtered(coded: CodedRows, job: &Job<'_>, channels: usize) -> CodedRows {
    if job.filter.ranges.is_empty() {
        return coded;
    }
    let mut left = CodedRows::default();
    let rows = coded.properties.as_chunks::<{ Property::ALL.len() }>().0;
    for ((place, code), values) in coded.places.iter().zip(coded.codes.chunks(channels)).zip(rows) {
        if job.filter.is_within(values) {
            left.places.push(*place);
            left.codes.extend_from_slice(code);
        }
    }
    left
}

/// A number that looks drawn at random, for each place; as many bits as a score holds.
fn drawn_number(place: u64) -> u64 {
    Stream::new(place).child(0).seed() >> 12
}

/// Codes and scores of the whole model at some places, `[B, C]` and `[B, T]`.
fn score(
    library: &StoredLibrary,
    places: Vec<u64>,
    (job, model): (&Job<'_>, &Model),
    console: &Console,
) -> anyhow::Result<Sampled> {
    console.note(format_args!(
        "the whole model scores a sample of {} compounds",
        places.len()
    ));
    let mut sampled = Sampled {
        codes: Vec::new(),
        scores: Vec::new(),
    };
    let channels = library.manifest.channels;
    for (_, _, part) in library.parts() {
        let coded = part.codes(&[])?;
        for (place, code) in coded.places.iter().zip(coded.codes.chunks(channels)) {
            if places.binary_search(place).is_ok() {
                sampled.codes.extend_from_slice(code);
            }
        }
    }
    let mut rows = StoredRows::at(library, places);
    let is_probability = model.description().scales.is_empty();
    loop {
        let taken = rows.take(HELD)?;
        if taken.is_empty() {
            return Ok(sampled);
        }
        let read = |row: &super::unit::Row| -> anyhow::Result<Molecule> {
            let content = row
                .row
                .content
                .as_ref()
                .map_err(|rejection| anyhow::anyhow!("{rejection}"))?;
            Ok(job.toolkit.molecule(&content.text)?)
        };
        let molecules: Vec<Molecule> = taken.par_iter().map(read).collect::<anyhow::Result<_>>()?;
        let scores = job.panel.scores(&molecules.iter().collect::<Vec<_>>(), false);
        let value = |score: Option<f64>| match (score, is_probability) {
            (Some(score), true) => guess::logit(score),
            (score, _) => score.unwrap_or_default(),
        };
        sampled.scores.extend(scores.into_iter().map(value));
    }
}

/// Every second compound of a sample.
fn half(sampled: &Sampled, first: usize, targets: usize) -> Sampled {
    let count = sampled.scores.len() / targets.max(1);
    let channels = sampled.codes.len() / count.max(1);
    let places = || (first..count).step_by(2);
    Sampled {
        codes: places()
            .flat_map(|at| sampled.codes[at * channels..][..channels].iter().copied())
            .collect(),
        scores: places()
            .flat_map(|at| sampled.scores[at * targets..][..targets].iter().copied())
            .collect(),
    }
}

/// Measures the recall at the shares of the library that hits and candidates are; where that is too few of the half, at more of both.
fn measure(report: &mut StageReport, half: Sampled, weights: &[i8], plan: &Plan) {
    let targets = plan.targets.len();
    let count = half.scores.len() / targets;
    let channels = weights.len() / targets;
    let share = count as f64 / report.filtered as f64;
    let wanted = plan.settings.kept() as f64;
    report.measured_on = count;
    report.hits = ((wanted * share).round() as usize).max(LEAST).min(count);
    let kept = report.candidates as f64 / wanted * report.hits as f64;
    report.kept = (kept.round() as usize).clamp(report.hits, count);
    let of = |(at, target): (usize, &super::plan::NamedProtein)| {
        let weights = &weights[at * channels..][..channels];
        let product = |code: &[i8]| -> f64 {
            code.iter()
                .zip(weights)
                .map(|(c, w)| f64::from(i32::from(*c) * i32::from(*w)))
                .sum()
        };
        let guessed: Vec<f64> = half.codes.chunks(channels).map(product).collect();
        let exact: Vec<f64> = half.scores.iter().skip(at).step_by(targets).copied().collect();
        let best = |scores: &[f64], most: usize| {
            let mut best = Best::new(most);
            (scores.iter().zip(0..)).for_each(|(score, place)| best.offer(Ranked { score: *score, place }));
            best.iter()
                .map(|ranked| ranked.place)
                .collect::<std::collections::BTreeSet<u64>>()
        };
        let (hits, kept) = (best(&exact, report.hits), best(&guessed, report.kept));
        TargetRecall {
            target: target.id.clone(),
            recall: hits.intersection(&kept).count() as f64 / report.hits.max(1) as f64,
        }
    };
    let recall = plan.targets.iter().enumerate().map(of).collect();
    report.recall = recall;
}

/// The recall in words.
fn say(report: &StageReport, console: &Console) {
    console.note(format_args!(
        "first stage: {} candidates for each target, {} in all, of {} compounds; recall on {} compounds that it was not fitted on (the best {} \
         by the whole model, among the first {}):",
        report.candidates, report.candidates_of_all, report.filtered, report.measured_on, report.hits, report.kept
    ));
    let mut worst: Vec<&TargetRecall> = report.recall.iter().collect();
    worst.sort_by(|a, b| a.recall.total_cmp(&b.recall));
    for recall in worst.iter().take(SHOWN) {
        console.note(format_args!("  {}: {:.3}", recall.target, recall.recall));
    }
    if worst.len() > SHOWN {
        console.note(format_args!("  and {} targets with no less", worst.len() - SHOWN));
    }
    if worst.first().is_some_and(|worst| worst.recall < GOAL) {
        console.note("  more --candidates find more of them, --exact finds all");
    }
}

/// Writes the report as JSON. Where there was no first stage, the report of an earlier run is removed; another file of that name stays.
pub fn write(report: Option<&StageReport>, path: &Path) -> anyhow::Result<()> {
    if let Some(report) = report {
        let text = serde_json::to_string_pretty(report)?;
        return Ok(write_atomically(path, |file| writeln!(file, "{text}"))?);
    }
    let is_report = fs::read(path).is_ok_and(|text| serde_json::from_slice::<StageReport>(&text).is_ok());
    match is_report {
        true => fs::remove_file(path).with_context(|| format!("{} cannot be removed", path.display())),
        false => Ok(()),
    }
}
