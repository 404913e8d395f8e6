//! What is said of the first stage of a screening of a stored library.
//!
//! Comes in: [`StageReport`]. Goes out: lines on stderr, and a file beside the hits.

use std::{fs, io::Write, path::Path};

use anyhow::Context;
use fusebind::{
    data::table::write_atomically,
    predict::screen::{StageReport, TargetRecall},
};

use crate::console::Console;

/// Targets whose recall is written to stderr.
const SHOWN: usize = 10;
/// Recall below which stderr names the remedy.
const GOAL: f64 = 0.95;

/// The recall in words.
pub fn say(report: &StageReport, console: &Console) {
    if report.fitted_on == 0 {
        console.note(format_args!(
            "{} compounds of the library, no more than candidates: the whole model scores all of them",
            report.filtered
        ));
        return;
    }
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
