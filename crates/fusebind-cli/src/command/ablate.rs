//! `fusebind ablate`: a recipe against variations of itself, over seeds, each in a process of its own.
//!
//! ```text
//! OUT/recipes/VARIANT.toml      the variants
//! OUT/scored/VARIANT-SEED.json   one trained and scored variant; it is not repeated
//! OUT/runs/VARIANT-SEED/        run folder during the run; a killed run is resumed
//! OUT/scores.csv, .parquet   every score
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
    features::atomic::remove_left_over,
    train::{
        experiment::ablation::{Ablation, Variant, summary, variants},
        recipe::Recipe,
        run_dir::RunDir,
    },
};

use super::{
    output::{create_parent, protect, say},
    robustness::{self, Sweep},
    train,
};
use crate::{
    args::{AblateArgs, EncoderArgs, TrainArgs},
    console::Console,
    exit::Failure,
    interrupt, load, report,
    run_source::DataSource,
    variant_run::VariantRun,
};

/// Time between two looks at the runs that are at work.
const LOOK: Duration = Duration::from_millis(200);
/// How long runs of a killed call may take to end. They end at once where it is not another call that is at work.
const ORPHANS: Duration = Duration::from_secs(10);

pub fn run(args: &AblateArgs, console: &Console) -> anyhow::Result<()> {
    let mut recipe = Recipe::open(&args.recipe)?;
    // No score that is compared here depends on what hold-outs teach.
    recipe.calibration.hold_outs = 0;
    recipe.training.epochs = args.epochs.unwrap_or(recipe.training.epochs);
    recipe.check()?;
    let all = variants(&recipe);
    if args.list {
        for variant in &all {
            say(format_args!("{:24} {}", variant.name, variant.about))?;
        }
        return Ok(());
    }
    let chosen = choose(all, &args.variants)?;
    if let Some(scored_run) = &args.single {
        interrupt::end_with_parent();
        let (name, seed) = scored_run.split_once(':').context("a run is named as VARIANT:SEED")?;
        return work(args, name, seed.parse().context("a seed is a number")?, console);
    }
    refuse_inputs(args)?;
    create_parent(&args.out().join("recipes/x"))?;
    create_parent(&args.out().join("scored/x"))?;
    for variant in &chosen {
        keep_recipe(&recipe_file(args.out(), variant.name), &variant.recipe)?;
    }
    wait_for_orphans(args.out())?;
    train_all(args, &chosen, console)?;
    let mut scored = Vec::new();
    let mut scored_runs: Vec<(&Variant, u64, VariantRun)> = Vec::new();
    for variant in &chosen {
        let mut runs = Vec::new();
        for seed in 1..=args.seeds {
            let path = scored_file(args.out(), variant.name, seed);
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let scored_run: VariantRun = serde_json::from_str(&text).with_context(|| {
                format!(
                    "{} was written by another version of fusebind: remove it",
                    path.display()
                )
            })?;
            runs.push(scored_run.scored.clone());
            scored_runs.push((variant, seed, scored_run));
        }
        scored.push((variant.name.to_string(), runs));
    }
    console.note("comparing the variants");
    let ablation = summary(&scored, args.rounds)?;
    let columns = columns(&scored_runs);
    write(&args.out().join("scores.csv"), &columns)?;
    write(&args.out().join("scores.parquet"), &columns)?;
    let text = serde_json::to_string_pretty(&ablation)? + "\n";
    put(&args.out().join("summary.json"), &text)?;
    let page = report::ablation::page(&recipe.name, args.data(), &chosen, &ablation, &scored_runs);
    put(&args.out().join("report.html"), &page.render()?)?;
    print(&ablation)
}

/// Refuses a folder whose files would replace what is read.
fn refuse_inputs(args: &AblateArgs) -> anyhow::Result<()> {
    let files = ["scores.csv", "scores.parquet", "summary.json", "report.html"].map(|name| args.out().join(name));
    let split = args.split.as_deref().map(Path::new).filter(|split| split.is_file());
    // The name of a built-in recipe is no file, and may be that of the folder.
    let recipe = Some(Path::new(&args.recipe)).filter(|recipe| recipe.is_file());
    let inputs = std::iter::once(args.data()).chain(recipe).chain(split);
    protect(
        files.iter().map(PathBuf::as_path).chain([args.out()]),
        inputs.chain(args.modalities.as_deref()),
    )
}

fn choose(all: Vec<Variant>, wanted: &[String]) -> anyhow::Result<Vec<Variant>> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !all.iter().any(|variant| variant.name == *name))
    {
        let names: Vec<&str> = all.iter().map(|variant| variant.name).collect();
        return Err(Failure::misuse(
            format!("`{unknown}` is no variant of this recipe"),
            format!("use some of {}", names.join(", ")),
        ));
    }
    let taken = |(at, variant): &(usize, Variant)| {
        *at == 0 || wanted.is_empty() || wanted.iter().any(|name| name == variant.name)
    };
    Ok(all
        .into_iter()
        .enumerate()
        .filter(taken)
        .map(|(_, variant)| variant)
        .collect())
}

fn scored_file(out: &Path, variant: &str, seed: u64) -> PathBuf {
    out.join(format!("scored/{variant}-{seed}.json"))
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(write_atomically(path, |out| out.write_all(text.as_bytes()))?)
}

/// Writes a variant, or checks that the folder holds the same one.
fn keep_recipe(path: &Path, recipe: &Recipe) -> anyhow::Result<()> {
    let text = recipe.to_toml()?;
    match fs::read_to_string(path) {
        Ok(old) if old != text => Err(Failure::failed(
            format!("{}: the folder holds runs of another recipe", path.display()),
            "name another folder with -o",
        )),
        Ok(_) => Ok(()),
        Err(_) => put(path, &text),
    }
}

/// The recipe of a variant, which its runs hold locked together while they work.
fn recipe_file(out: &Path, variant: &str) -> PathBuf {
    out.join(format!("recipes/{variant}.toml"))
}

/// Waits until the runs of a killed call have ended, and removes what they left behind.
fn wait_for_orphans(out: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + ORPHANS;
    let recipes = out.join("recipes");
    let entries = fs::read_dir(&recipes).with_context(|| format!("{} cannot be read", recipes.display()))?;
    for entry in entries.flatten() {
        // Where there are no locks, there is nothing to wait for.
        let Ok(recipe) = fs::File::open(entry.path()) else {
            continue;
        };
        while matches!(recipe.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            if Instant::now() > deadline {
                return Ok(());
            }
            sleep(LOOK / 20);
        }
    }
    remove_left_over(&out.join("scored"));
    remove_left_over(&recipes);
    remove_left_over(&out.join("runs"));
    Ok(())
}

/// Runs every run that has no scores yet, `--jobs` at a time.
fn train_all(args: &AblateArgs, variants: &[Variant], console: &Console) -> anyhow::Result<()> {
    // Seed by seed, so that a sweep that is cut short has compared all variants.
    let missing = |(seed, variant): &(u64, &Variant)| !scored_file(args.out(), variant.name, *seed).is_file();
    let all = (1..=args.seeds).flat_map(|seed| variants.iter().map(move |variant| (seed, variant)));
    let mut left: VecDeque<(u64, &Variant)> = all.filter(missing).collect();
    let (total, started) = (left.len(), Instant::now());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(cores).clamp(1, total.max(1));
    let threads = (cores / jobs).max(1);
    let mut working: Vec<(String, Child)> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    let mut done = 0u32;
    while !left.is_empty() || !working.is_empty() {
        while working.len() < jobs && !left.is_empty() {
            let (seed, variant) = left.pop_front().expect("is not empty");
            let name = format!("{}:{seed}", variant.name);
            working.push((name.clone(), spawn(&name, threads)?));
        }
        sleep(LOOK);
        let mut still = Vec::new();
        for (name, mut child) in working {
            match child.try_wait().context("a run cannot be waited for")? {
                None => still.push((name, child)),
                Some(status) => {
                    done += 1;
                    let each = started.elapsed().as_secs_f64() / f64::from(done);
                    let ahead = each * (total - done as usize) as f64;
                    let how = if status.success() { "done" } else { "FAILED" };
                    console.note(format_args!("{name} {how}  {done}/{total}  {ahead:.0} s left"));
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
            format!("runs failed: {}", failed.join(", ")),
            format!(
                "see {}, then give the same command again: finished runs are kept",
                args.out().join("runs").display()
            ),
        )),
    }
}

/// The same command again, for one run.
fn spawn(scored_run: &str, threads: usize) -> anyhow::Result<Child> {
    let program = env::current_exe().context("the path of this program cannot be found")?;
    Command::new(program)
        .args(env::args_os().skip(1))
        .args(["--single", scored_run])
        .env("RAYON_NUM_THREADS", threads.to_string())
        .env(interrupt::WORKER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("a run cannot be started")
}

/// The encoders of a run are where its recipe says.
static AS_TRAINED: EncoderArgs = EncoderArgs {
    encoders: Vec::new(),
    without_encoders: false,
};

/// Trains and scores one run.
fn work(args: &AblateArgs, variant: &str, seed: u64, console: &Console) -> anyhow::Result<()> {
    let out = args.out().join(format!("runs/{variant}-{seed}"));
    create_parent(&out)?;
    let recipe = recipe_file(args.out(), variant);
    // A later call waits for this run to end where the one that started it is killed.
    let at_work = fs::File::open(&recipe).with_context(|| format!("{} cannot be read", recipe.display()))?;
    let _ = at_work.lock_shared();
    let training = TrainArgs {
        recipe: recipe.display().to_string(),
        data: args.data().to_path_buf(),
        modalities: args.modalities.clone(),
        split: args.split.clone(),
        all_folds: false,
        epochs: None,
        ensemble: None,
        seed,
        device: args.device,
        resume: out.join("run.json").is_file(),
        out: out.clone(),
        source: args.source.clone(),
    };
    let source = DataSource {
        data: args.data().to_path_buf(),
        modalities: args.modalities.clone(),
        split: args.split.clone(),
        tables: args.source.clone(),
    };
    let log = args.out().join(format!("runs/{variant}-{seed}.log"));
    let outcome = train::run(&training, console).and_then(|()| {
        let run = RunDir::open(&out)?;
        let swept = robustness::sweep(
            &Sweep {
                run: &run,
                source: &source,
                part: args.part.part(),
                quick: !args.thorough,
                flags: load::ModelFlags::new(args.device, &AS_TRAINED, args.source.cache.as_deref()),
            },
            console,
        )?;
        Ok((swept, run.epochs()?))
    });
    let (robustness, epochs) = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            // The stderr of a run is not shown.
            put(&log, &format!("{error:?}\n"))?;
            return Err(error);
        }
    };
    let scored_run = VariantRun {
        scored: robustness.scored.clone(),
        robustness,
        epochs,
    };
    put(
        &scored_file(args.out(), variant, seed),
        &serde_json::to_string(&scored_run)?,
    )?;
    // The model is scored; hundreds of models would fill a disk.
    fs::remove_dir_all(&out).with_context(|| format!("{} cannot be removed", out.display()))?;
    let _ = fs::remove_file(&log);
    let _ = fs::remove_file(crate::load::rejected_beside(&out));
    Ok(())
}

fn columns(scored_runs: &[(&Variant, u64, VariantRun)]) -> Vec<Column> {
    let rows: Vec<_> = scored_runs
        .iter()
        .flat_map(|(variant, seed, scored_run)| {
            scored_run
                .robustness
                .measurements
                .iter()
                .map(move |c| (variant.name, *seed, c))
        })
        .collect();
    vec![
        Column::text("ablation", rows.iter().map(|r| Some(r.0))),
        Column::whole("seed", rows.iter().map(|r| i64::try_from(r.1).ok())),
        Column::text("variant", rows.iter().map(|r| Some(r.2.variant.as_str()))),
        Column::text("name", rows.iter().map(|r| Some(r.2.name.as_str()))),
        Column::real("rate", rows.iter().map(|r| Some(r.2.rate))),
        Column::whole("draw", rows.iter().map(|r| i64::try_from(r.2.draw).ok())),
        Column::real("score", rows.iter().map(|r| Some(r.2.score))),
        Column::real("error", rows.iter().map(|r| Some(r.2.error))),
    ]
}

fn print(ablation: &Ablation) -> anyhow::Result<()> {
    let mut by_condition: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for variant in &ablation.variants {
        by_condition.entry(&variant.condition).or_default().push(variant);
    }
    for (condition, variants) in by_condition {
        say(format_args!("{condition} ({})", ablation.metric))?;
        for variant in variants {
            let difference = variant.difference.map_or(String::new(), |d| {
                format!("  {:+.4} [{:+.4}, {:+.4}]", d.value, d.low, d.high)
            });
            say(format_args!(
                "  {:24} {:.4} ± {:.4}{difference}",
                variant.variant, variant.mean, variant.sd
            ))?;
        }
    }
    say("area under the missing-rate curves over the full score")?;
    for (variant, ratio) in &ablation.area_ratio {
        say(format_args!("  {variant:24} {ratio:.4}"))?;
    }
    Ok(())
}
