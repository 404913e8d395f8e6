//! Reasons beside predictions: `fusebind predict --explain FILE`.
//!
//! Comes in: the pairs that were predicted. Goes out: their explanations as JSON, or as a page that opens offline.

use std::{io::Write, path::Path};

use super::output::create_parent;
use crate::{
    console::Console,
    exit::Failure,
    report::explanation::{Explained, page},
};
use fusebind::{
    data::table::write_atomically,
    predict::{Entities, Model, Prediction, Request},
};

/// Most pairs that are explained in one call: an explanation takes as long as thousands of predictions.
const MOST: usize = 1000;

/// Refuses a file that is neither JSON nor a page, or that the predictions go to, before anything is read.
pub fn check(path: Option<&Path>, out: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    if out == Some(path) {
        return Err(Failure::misuse(
            format!("--explain {} would be written over the predictions", path.display()),
            "name another file",
        ));
    }
    match path.extension().and_then(|e| e.to_str()) {
        Some("json" | "html") => Ok(()),
        _ => Err(Failure::misuse(
            format!(
                "--explain {}: explanations are written as JSON or as a page",
                path.display()
            ),
            "name a file that ends in .json or .html",
        )),
    }
}

/// Refuses to explain more pairs than one call can, before any is predicted.
pub fn check_size(path: Option<&Path>, request: &Request) -> anyhow::Result<()> {
    if path.is_none() || request.pairs.len() <= MOST {
        return Ok(());
    }
    Err(Failure::failed(
        format!(
            "{} pairs are more than the {MOST} that one call explains",
            request.pairs.len()
        ),
        "give --explain with the pairs that matter most",
    ))
}

/// Explains the rows of `request`, whose predictions are given, and writes them to `path`.
pub fn explain(
    (model, run): (&Model, &Path),
    entities: Entities<'_>,
    (request, predictions): (&Request, &[Prediction]),
    path: &Path,
    console: &Console,
) -> anyhow::Result<()> {
    let pairs = request.entities();
    let bar = console.bar(pairs.len() as u64, "explanations");
    let reasons = model.explain_indexed(entities, &pairs, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    let explained: Vec<Explained<'_>> = (reasons.iter().zip(predictions).enumerate())
        .map(|(at, (reasons, prediction))| {
            let (drug, target) = request.pairs[at];
            let drug = &request.drugs[drug as usize];
            Explained {
                row: request.rows[at],
                drug: &drug.id,
                target: &request.targets[target as usize].id,
                smiles: &entities.drugs[drug.entity as usize].smiles,
                prediction,
                reasons,
            }
        })
        .collect();
    let text = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => serde_json::to_string_pretty(&explained)? + "\n",
        _ => page(&run.display().to_string(), &explained).render()?,
    };
    create_parent(path)?;
    write_atomically(path, |out| out.write_all(text.as_bytes()))?;
    console.note(format_args!("{}: {} explanations", path.display(), explained.len()));
    Ok(())
}
