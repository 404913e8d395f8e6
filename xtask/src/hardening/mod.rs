//! What happens to models, folders and machines when things go wrong: kills, damage, bombs, two processes at once, odd surroundings.
//!
//! ```text
//! cargo xtask hardening            1,000 damages of each kind, 1,000 kills, 100 trials with two processes: about an hour
//! cargo xtask hardening 50         50 of each
//! cargo xtask hardening 50 kills   one part alone: damage, kills, together, bombs or surroundings
//! ```
//!
//! Comes in: the program that `cargo build --release` made. Goes out: a table in Markdown on stdout, and failure where anything did not
//! hold. Everything is done to a small model in a temporary folder, by processes as a user starts them.

mod bombs;
mod damage;
mod kills;
mod line;
mod process;
mod surroundings;
mod together;
mod work;

use anyhow::bail;

use line::Line;
use work::Work;

/// Makes the lines of one part of the table.
type Part = fn(&Work, u64) -> anyhow::Result<Vec<Line>>;

const PARTS: [(&str, Part); 5] = [
    ("damage", damage::lines),
    ("kills", kills::lines),
    ("together", |work, trials| together::lines(work, trials.div_ceil(10))),
    ("bombs", |work, _| bombs::lines(work)),
    ("surroundings", |work, _| surroundings::lines(work)),
];

/// Runs everything or the part called `only`, with `trials` of each kind of damage and kills, and a tenth as many with two processes.
pub fn run(trials: u64, only: Option<&str>) -> anyhow::Result<()> {
    let parts: Vec<_> = PARTS
        .iter()
        .filter(|(name, _)| only.is_none_or(|only| only == *name))
        .collect();
    if parts.is_empty() {
        bail!("the parts are {}", PARTS.map(|(name, _)| name).join(", "));
    }
    let work = Work::prepare()?;
    let mut lines = Vec::new();
    for (_, part) in parts {
        lines.extend(part(&work, trials)?);
    }
    println!("| what | trials | failures | note |\n|---|---|---|---|");
    for line in &lines {
        println!(
            "| {} | {} | {} | {} |",
            line.what,
            line.trials,
            line.failures.len(),
            line.note
        );
    }
    let failures: Vec<String> = lines
        .iter()
        .filter_map(|line| Some(format!("{}: {}", line.what, line.failures.first()?)))
        .collect();
    if !failures.is_empty() {
        bail!("{} kinds did not hold:\n{}", failures.len(), failures.join("\n"));
    }
    Ok(())
}
