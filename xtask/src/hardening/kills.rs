//! Commands that are killed at any moment and started again: the same bytes, and nothing left over.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::bail;

use super::{
    line::Line,
    work::{Numbers, Work, content, remove},
};

/// A command, how it is started again, and what it makes.
struct Killed {
    what: &'static str,
    first: &'static str,
    /// Where `begun` exists; else `first`.
    again: &'static str,
    begun: &'static str,
    /// What it makes.
    outputs: &'static [&'static str],
    /// What of it is compared, byte by byte.
    compared: &'static [&'static str],
}

const KILLED: [Killed; 6] = [
    Killed {
        what: "train",
        first: "train small.toml --data data --split split.csv --seed 1 --out killed",
        again: "train small.toml --data data --split split.csv --seed 1 --out killed --resume",
        begun: "killed/run.json",
        outputs: &["killed"],
        compared: &["killed/model.safetensors"],
    },
    Killed {
        what: "predict",
        first: "predict run --pairs pairs.csv -o killed.csv",
        again: "predict run --pairs pairs.csv -o killed.csv",
        begun: "killed.csv",
        outputs: &["killed.csv", "killed.csv.rejected.csv"],
        compared: &["killed.csv"],
    },
    Killed {
        what: "ablate",
        first: "ablate small.toml --data data --split split.csv --seeds 2 --epochs 2 --variants full --out killed_ablation",
        again: "ablate small.toml --data data --split split.csv --seeds 2 --epochs 2 --variants full --out killed_ablation",
        begun: "killed_ablation",
        outputs: &["killed_ablation"],
        compared: &["killed_ablation/summary.json", "killed_ablation/scores.csv"],
    },
    Killed {
        what: "screen",
        first: "screen run run --library library.csv --targets target.fasta --top 20 --unit 500 --work killed_units -o killed_hits.csv",
        again: "screen run run --library library.csv --targets target.fasta --top 20 --unit 500 --work killed_units -o killed_hits.csv",
        begun: "killed_units",
        outputs: &["killed_units", "killed_hits.csv", "killed_hits.csv.rejected.csv"],
        compared: &["killed_hits.csv"],
    },
    Killed {
        what: "library build",
        first: "library build library.csv --model run --part-rows 500 -o killed_library",
        again: "library build library.csv --model run --part-rows 500 -o killed_library",
        begun: "killed_library",
        outputs: &["killed_library", "killed_library.rejected.csv"],
        compared: &["killed_library"],
    },
    Killed {
        what: "data import",
        first: "data import bindingdb dump.tsv -o killed_import",
        again: "data import bindingdb dump.tsv -o killed_import",
        begun: "killed_import",
        outputs: &["killed_import", "killed_import.rejected.csv"],
        compared: &["killed_import"],
    },
];

/// One line for each command; together `trials` kills.
pub fn lines(work: &Work, trials: u64) -> anyhow::Result<Vec<Line>> {
    let mut numbers = Numbers::new(2);
    let each = trials.div_ceil(KILLED.len() as u64);
    KILLED
        .iter()
        .map(|killed| line(work, killed, each, &mut numbers))
        .collect()
}

fn line(work: &Work, killed: &Killed, trials: u64, numbers: &mut Numbers) -> anyhow::Result<Line> {
    let clear = || killed.outputs.iter().try_for_each(|output| remove(&work.path(output)));
    let compared =
        || -> anyhow::Result<Vec<_>> { killed.compared.iter().map(|path| content(&work.path(path))).collect() };
    clear()?;
    let begun = Instant::now();
    work.expect(killed.first)?;
    let whole = begun.elapsed();
    let reference = compared()?;
    if reference.iter().any(BTreeMap::is_empty) {
        bail!("`{}` made nothing to compare", killed.what);
    }
    let mut line = Line::new(format!("`{}` killed and started again", killed.what));
    for _ in 0..trials {
        clear()?;
        let delay = whole
            .mul_f64(numbers.below(1100) as f64 / 1000.0)
            .max(Duration::from_millis(1));
        work.program.kill_after(killed.first, &work.folder, delay)?;
        let has_begun = work.path(killed.begun).exists();
        let finished = has_begun && compared()? == reference;
        let ended = work
            .program
            .run(if has_begun { killed.again } else { killed.first }, &work.folder)?;
        // What was finished before the kill may refuse to be made again.
        let outcome = match finished {
            true => ended.orderly(),
            false => ended.succeeded(),
        };
        let same = match compared()? == reference {
            true => Ok(()),
            false => Err(format!(
                "other bytes after a kill at {:.0} ms",
                1e3 * delay.as_secs_f64()
            )),
        };
        line.trial(outcome.and(same).and(no_leftovers(work)));
    }
    line.note = format!("{:.1} s uninterrupted", whole.as_secs_f64());
    clear()?;
    Ok(line)
}

/// Refuses temporary files of dead processes.
fn no_leftovers(work: &Work) -> Result<(), String> {
    let all = content(&work.folder).map_err(|error| error.to_string())?;
    let left = all.keys().find(|path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.ends_with(".partial") || name.ends_with(".tmp") || path.contains(".partial/")
    });
    left.map_or(Ok(()), |path| Err(format!("left over: {path}")))
}
