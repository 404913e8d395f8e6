//! What is said of the first stage of a screening of a stored library.
//!
//! Comes in: [`StageReport`]. Goes out: lines on stderr, and a file beside the hits.

use std::{fs, io::Write, path::Path};

use anyhow::Context;
use fusebind::{
    data::table::write_atomically,
    predict::screen::{RECALL_GOAL, StageReport, TargetRecall},
};

use crate::console::Console;

/// Targets whose recall is written to stderr.
const SHOWN: usize = 10;

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
        "first stage: at least {} candidates for each target, {} in all, of {} compounds; recall on a sample of {} compounds, each half by weights \
         that were fitted to the other (its best {} by the whole model, among its first {} where a target has no more candidates):",
        report.candidates, report.candidates_of_all, report.filtered, report.measured_on, report.hits, report.kept
    ));
    let mut worst: Vec<&TargetRecall> = report.recall.iter().collect();
    worst.sort_by(|a, b| a.recall.total_cmp(&b.recall));
    for recall in worst.iter().take(SHOWN) {
        console.note(format_args!(
            "  {}: {}",
            recall.target,
            shown(recall, report.candidates)
        ));
    }
    if worst.len() > SHOWN {
        console.note(format_args!("  and {} targets with no less", worst.len() - SHOWN));
    }
    let widened = worst
        .iter()
        .filter(|recall| recall.candidates > report.candidates)
        .count();
    if widened > 0 {
        console.note(format_args!(
            "  {widened} of {} targets got more candidates, since their recall was below {RECALL_GOAL}",
            worst.len()
        ));
    }
    if worst.first().is_some_and(|worst| worst.recall < RECALL_GOAL) {
        console.note("  more --candidates find more of them, --exact finds all");
    }
}

/// The recall of a target, and with what.
fn shown(recall: &TargetRecall, least: u64) -> String {
    match recall.candidates > least {
        true => format!(
            "{:.3} with {} candidates ({:.3} with {least})",
            recall.recall, recall.candidates, recall.recall_of_least
        ),
        false => format!("{:.3}", recall.recall),
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
