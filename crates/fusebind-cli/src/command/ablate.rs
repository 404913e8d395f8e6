//! `fusebind ablate`: a recipe against variations of itself, over seeds, each in a process of its own.
//!
//! ```text
//! OUT/recipes/ARM.toml      the arms
//! OUT/cells/ARM-SEED.json   one trained and scored arm; a cell that is there is not done again
//! OUT/runs/ARM-SEED/        run folder while the cell is at work; a killed run is resumed
//! OUT/cells.csv, .parquet   every score
//! OUT/summary.json, report.html
//! ```

use std::{
    collections::{BTreeMap, VecDeque},
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Context;
use fusebind::{
    data::table::{Column, write, write_atomically},
    train::{
        ablation::{Ablation, Arm, ScoredRun, arms, summary},
        recipe::Recipe,
        robustness::Robustness,
        run_dir::{EpochMetrics, RunDir},
    },
};
use serde::{Deserialize, Serialize};

use super::{make_room, robustness, say, train};
use crate::{
    args::{AblateArgs, RobustnessArgs, TrainArgs},
    outcome::Failure,
    report,
    talk::Talk,
};

/// How often running cells are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// One trained and scored arm.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Labels and predictions.
    pub scored: ScoredRun,
    /// Scores.
    pub robustness: Robustness,
    /// How training went.
    pub epochs: Vec<EpochMetrics>,
}

pub fn run(args: &AblateArgs, talk: &Talk) -> anyhow::Result<()> {
    let mut recipe = Recipe::open(&args.recipe)?;
    recipe.training.epochs = args.epochs.unwrap_or(recipe.training.epochs);
    recipe.check()?;
    let all = arms(&recipe);
    if args.list {
        for arm in &all {
            say(format_args!("{:24} {}", arm.name, arm.about))?;
        }
        return Ok(());
    }
    let chosen = choose(all, &args.arms)?;
    if let Some(cell) = &args.cell {
        let (name, seed) = cell.split_once(':').context("a cell is named as ARM:SEED")?;
        return work(args, name, seed.parse().context("a seed is a number")?, talk);
    }
    make_room(&args.out().join("recipes/x"))?;
    make_room(&args.out().join("cells/x"))?;
    for arm in &chosen {
        keep_recipe(&args.out().join(format!("recipes/{}.toml", arm.name)), &arm.recipe)?;
    }
    train_all(args, &chosen, talk)?;
    let mut scored = Vec::new();
    let mut cells: Vec<(&Arm, u64, Cell)> = Vec::new();
    for arm in &chosen {
        let mut runs = Vec::new();
        for seed in 1..=args.seeds {
            let path = cell_file(args.out(), arm.name, seed);
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let cell: Cell = serde_json::from_str(&text)
                .with_context(|| format!("{} is no cell of this version: remove it", path.display()))?;
            runs.push(cell.scored.clone());
            cells.push((arm, seed, cell));
        }
        scored.push((arm.name.to_string(), runs));
    }
    talk.note("comparing the arms");
    let ablation = summary(&scored, args.rounds)?;
    let columns = columns(&cells);
    write(&args.out().join("cells.csv"), &columns)?;
    write(&args.out().join("cells.parquet"), &columns)?;
    let text = serde_json::to_string_pretty(&ablation)? + "\n";
    put(&args.out().join("summary.json"), &text)?;
    let page = report::ablation::page(&recipe.name, args.data(), &chosen, &ablation, &cells);
    put(&args.out().join("report.html"), &page.render()?)?;
    print(&ablation)
}

fn choose(all: Vec<Arm>, wanted: &[String]) -> anyhow::Result<Vec<Arm>> {
    if let Some(stranger) = wanted.iter().find(|name| !all.iter().any(|arm| arm.name == *name)) {
        let names: Vec<&str> = all.iter().map(|arm| arm.name).collect();
        return Err(Failure::misuse(
            format!("`{stranger}` is no arm of this recipe"),
            format!("use some of {}", names.join(", ")),
        ));
    }
    let taken = |(at, arm): &(usize, Arm)| *at == 0 || wanted.is_empty() || wanted.iter().any(|name| name == arm.name);
    Ok(all.into_iter().enumerate().filter(taken).map(|(_, arm)| arm).collect())
}

fn cell_file(out: &Path, arm: &str, seed: u64) -> PathBuf {
    out.join(format!("cells/{arm}-{seed}.json"))
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(write_atomically(path, |out| out.write_all(text.as_bytes()))?)
}

/// Writes an arm, or checks that the folder holds the same one.
fn keep_recipe(path: &Path, recipe: &Recipe) -> anyhow::Result<()> {
    let text = recipe.to_toml()?;
    match fs::read_to_string(path) {
        Ok(old) if old != text => Err(Failure::failed(
            format!("{}: the folder holds cells of another recipe", path.display()),
            "name another folder with -o",
        )),
        Ok(_) => Ok(()),
        Err(_) => put(path, &text),
    }
}

/// Runs every cell that is not there yet, as many at a time as there is room for.
fn train_all(args: &AblateArgs, arms: &[Arm], talk: &Talk) -> anyhow::Result<()> {
    // Seed by seed, so that a sweep that is cut short has compared all arms.
    let missing = |(seed, arm): &(u64, &Arm)| !cell_file(args.out(), arm.name, *seed).is_file();
    let all = (1..=args.seeds).flat_map(|seed| arms.iter().map(move |arm| (seed, arm)));
    let mut left: VecDeque<(u64, &Arm)> = all.filter(missing).collect();
    let (total, started) = (left.len(), Instant::now());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(cores).clamp(1, total.max(1));
    let threads = (cores / jobs).max(1);
    let mut working: Vec<(String, Child)> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    let mut done = 0;
    while !left.is_empty() || !working.is_empty() {
        while working.len() < jobs && !left.is_empty() {
            let (seed, arm) = left.pop_front().expect("is not empty");
            let name = format!("{}:{seed}", arm.name);
            working.push((name.clone(), spawn(&name, threads)?));
        }
        sleep(LOOK);
        let mut still = Vec::new();
        for (name, mut child) in working {
            match child.try_wait().context("a cell cannot be waited for")? {
                None => still.push((name, child)),
                Some(status) => {
                    done += 1;
                    let each = started.elapsed().as_secs_f64() / f64::from(done);
                    let ahead = each * (total - done as usize) as f64;
                    let how = if status.success() { "done" } else { "FAILED" };
                    talk.note(format_args!("{name} {how}  {done}/{total}  {ahead:.0} s left"));
                    if !status.success() {
                        failed.push(name);
                    }
                }
            }
        }
        working = still;
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Failure::failed(
            format!("cells failed: {}", failed.join(", ")),
            format!(
                "see {}, then give the same command again: what is done stays done",
                args.out().join("runs").display()
            ),
        )),
    }
}

/// The same command again, for one cell.
fn spawn(cell: &str, threads: usize) -> anyhow::Result<Child> {
    let program = env::current_exe().context("this program cannot find itself")?;
    Command::new(program)
        .args(env::args_os().skip(1))
        .args(["--cell", cell])
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("a cell cannot be started")
}

/// Trains and scores one cell.
fn work(args: &AblateArgs, arm: &str, seed: u64, talk: &Talk) -> anyhow::Result<()> {
    let out = args.out().join(format!("runs/{arm}-{seed}"));
    make_room(&out)?;
    let training = TrainArgs {
        recipe: args.out().join(format!("recipes/{arm}.toml")).display().to_string(),
        data: args.data().to_path_buf(),
        modalities: args.modalities.clone(),
        split: args.split.clone(),
        all_folds: false,
        epochs: None,
        seed,
        device: args.device,
        resume: out.join("run.json").is_file(),
        out: out.clone(),
        source: args.source.clone(),
    };
    let log = args.out().join(format!("runs/{arm}-{seed}.log"));
    let outcome = train::run(&training, talk).and_then(|()| {
        let swept = robustness::sweep(
            &RobustnessArgs {
                run: out.clone(),
                data: args.data().to_path_buf(),
                modalities: args.modalities.clone(),
                split: args.split.clone(),
                part: args.part,
                quick: !args.thorough,
                json: false,
                out: None,
                device: args.device,
                source: args.source.clone(),
            },
            talk,
        )?;
        Ok((swept, RunDir::open(&out)?.epochs()?))
    });
    let (robustness, epochs) = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            // Nobody sees what a cell says on stderr.
            put(&log, &format!("{error:?}\n"))?;
            return Err(error);
        }
    };
    let cell = Cell {
        scored: robustness.scored.clone(),
        robustness,
        epochs,
    };
    put(&cell_file(args.out(), arm, seed), &serde_json::to_string(&cell)?)?;
    // The model has been scored; hundreds of them would fill a disk.
    fs::remove_dir_all(&out).with_context(|| format!("{} cannot be removed", out.display()))?;
    let _ = fs::remove_file(&log);
    let _ = fs::remove_file(crate::load::rejected_beside(&out));
    Ok(())
}

fn columns(cells: &[(&Arm, u64, Cell)]) -> Vec<Column> {
    let rows: Vec<_> = cells
        .iter()
        .flat_map(|(arm, seed, cell)| cell.robustness.cells.iter().map(move |c| (arm.name, *seed, c)))
        .collect();
    vec![
        Column::text("ablation", rows.iter().map(|r| Some(r.0))),
        Column::whole("seed", rows.iter().map(|r| i64::try_from(r.1).ok())),
        Column::text("arm", rows.iter().map(|r| Some(r.2.arm.as_str()))),
        Column::text("name", rows.iter().map(|r| Some(r.2.name.as_str()))),
        Column::real("rate", rows.iter().map(|r| Some(r.2.rate))),
        Column::whole("draw", rows.iter().map(|r| i64::try_from(r.2.draw).ok())),
        Column::real("score", rows.iter().map(|r| Some(r.2.score))),
        Column::real("error", rows.iter().map(|r| Some(r.2.error))),
    ]
}

fn print(ablation: &Ablation) -> anyhow::Result<()> {
    let mut by_condition: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for arm in &ablation.arms {
        by_condition.entry(&arm.condition).or_default().push(arm);
    }
    for (condition, arms) in by_condition {
        say(format_args!("{condition} ({})", ablation.metric))?;
        for arm in arms {
            let difference = arm.difference.map_or(String::new(), |d| {
                format!("  {:+.4} [{:+.4}, {:+.4}]", d.value, d.low, d.high)
            });
            say(format_args!(
                "  {:24} {:.4} ± {:.4}{difference}",
                arm.arm, arm.mean, arm.sd
            ))?;
        }
    }
    say("area under the missing-rate curves over the full score")?;
    for (arm, ratio) in &ablation.area_ratio {
        say(format_args!("  {arm:24} {ratio:.4}"))?;
    }
    Ok(())
}
