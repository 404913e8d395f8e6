//! Two processes on one folder: one of them is refused, or the second finds what the first made; nothing is mixed.

use std::{fs, process::Command};

use super::{
    line::Line,
    process::{Ended, watch},
    work::{Work, content, remove},
};

/// One line for each kind.
pub fn lines(work: &Work, trials: u64) -> anyhow::Result<Vec<Line>> {
    Ok(vec![
        fresh(work, trials)?,
        resumed(work, trials)?,
        cached(work, trials)?,
    ])
}

/// Both commands at once.
fn both(work: &Work, commands: [&str; 2]) -> anyhow::Result<[Ended; 2]> {
    let command = |arguments: &str| -> Command { work.program.command(arguments, &work.folder) };
    let (mut one, mut other) = (command(commands[0]), command(commands[1]));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| watch(&mut one));
        let second = watch(&mut other)?;
        let first = first.join().map_err(|_| anyhow::anyhow!("a watcher failed"))??;
        Ok([first, second])
    })
}

fn train(seed: u64, out: &str) -> String {
    format!("train small.toml --data data --split split.csv --seed {seed} --out {out}")
}

/// Two seeds into one folder.
fn fresh(work: &Work, trials: u64) -> anyhow::Result<Line> {
    let model = |out: &str| fs::read(work.path(out).join("model.safetensors"));
    work.expect(&train(2, "seed2"))?;
    let references = [model("run")?, model("seed2")?];
    let mut line = Line::new("two trainings of other seeds into one folder");
    for _ in 0..trials {
        remove(&work.path("shared"))?;
        let ended = both(work, [&train(1, "shared"), &train(2, "shared")])?;
        let made = model("shared")?;
        let winner = references.iter().position(|reference| *reference == made);
        line.trial(
            match (ended.iter().filter(|ended| ended.status.success()).count(), winner) {
                (1, Some(_)) => ended.iter().try_for_each(Ended::orderly),
                (count, winner) => Err(format!("{count} succeeded, the model is that of seed {winner:?}")),
            },
        );
    }
    remove(&work.path("shared"))?;
    remove(&work.path("seed2"))?;
    Ok(line)
}

/// One unfinished training, resumed twice at once.
fn resumed(work: &Work, trials: u64) -> anyhow::Result<Line> {
    let reference = fs::read(work.path("run/model.safetensors"))?;
    let mut line = Line::new("one training resumed by two processes");
    let command = train(1, "shared");
    for trial in 0..trials {
        remove(&work.path("shared"))?;
        let delay = std::time::Duration::from_millis(150 + 10 * (trial % 20));
        work.program.kill_after(&command, &work.folder, delay)?;
        if !work.path("shared/run.json").exists() {
            continue;
        }
        let again = format!("{command} --resume");
        let ended = both(work, [&again, &again])?;
        let same = fs::read(work.path("shared/model.safetensors"))? == reference;
        let orderly = ended.iter().try_for_each(Ended::orderly);
        line.trial(orderly.and(if same { Ok(()) } else { Err("another model".into()) }));
    }
    remove(&work.path("shared"))?;
    Ok(line)
}

/// One cache of molecules for two readers.
fn cached(work: &Work, trials: u64) -> anyhow::Result<Line> {
    let mut line = Line::new("one cache for two processes");
    work.expect("data check data --cache cache")?;
    let reference = content(&work.path("cache"))?;
    for _ in 0..trials {
        remove(&work.path("cache"))?;
        let command = "data check data --cache cache";
        let ended = both(work, [command, command])?;
        let orderly = ended.iter().try_for_each(Ended::orderly);
        let same = content(&work.path("cache"))? == reference;
        line.trial(orderly.and(if same { Ok(()) } else { Err("another cache".into()) }));
    }
    remove(&work.path("cache"))?;
    Ok(line)
}
