//! From flags to a [`Plan`].
//!
//! Comes in: what the user typed. Goes out: targets as they were read, and marks of all files.

use std::path::{Path, PathBuf};

use fusebind::data::{
    source::{Keep, load_alerts, load_targets},
    store::{FileMark, StoredLibrary},
};

use super::plan::{AlertPlan, NamedProtein, Per, Plan, SCHEMA, Settings, Shard, StoreMark};
use crate::{
    args::{ScreenArgs, SourceArgs},
    console::Console,
    exit::Failure,
    load,
};

/// Least candidates for each target, and candidates for each hit.
const CANDIDATES: [u64; 2] = [10_000, 10];

/// Everything that is read.
pub fn inputs(args: &ScreenArgs) -> Vec<&Path> {
    let tables = args.library.iter().chain(&args.drugs);
    let tables = tables
        .chain(&args.targets)
        .chain(&args.off_targets)
        .chain(&args.filter.alerts);
    tables
        .chain(&args.encoders.encoders)
        .chain([&args.run])
        .map(PathBuf::as_path)
        .collect()
}

/// The files of compounds: those of a library, or one of compounds whose targets are ranked.
pub fn files(args: &ScreenArgs) -> &[PathBuf] {
    match &args.drugs {
        Some(drugs) => std::slice::from_ref(drugs),
        None => &args.library,
    }
}

/// How tables are read; where molecules are kept changes nothing.
fn columns(args: &ScreenArgs) -> SourceArgs {
    SourceArgs {
        cache: None,
        ..args.source.clone()
    }
}

/// The stored library, where one is given.
pub fn stored(args: &ScreenArgs) -> anyhow::Result<Option<StoredLibrary>> {
    let Some(folder) = args.library.iter().find(|path| path.is_dir()) else {
        return match args.stage.exact || args.stage.candidates.is_some() {
            true => Err(Failure::misuse(
                "--candidates and --exact are about a stored library",
                "name the folder of one with --library, or leave them out: every row of a file is scored by the whole model",
            )),
            false => Ok(None),
        };
    };
    let library = StoredLibrary::open_complete(folder)?;
    match () {
        () if args.library.len() > 1 => Err(Failure::misuse(
            format!("{}: a stored library is screened by itself", folder.display()),
            "add the other files to it with `library build --append`",
        )),
        () => Ok(Some(library)),
    }
}

/// Refuses similarities that are none.
fn check_shares(args: &ScreenArgs) -> anyhow::Result<()> {
    let shares = [
        ("--least-similarity", Some(args.filter.least_similarity)),
        ("--diverse", args.filter.diverse),
    ];
    if let Some((flag, _)) = shares
        .iter()
        .find(|(_, share)| share.is_some_and(|s| !(0.0..=1.0).contains(&s)))
    {
        return Err(Failure::misuse(
            format!("{flag}: a similarity lies between 0 and 1"),
            format!("give {flag} 0.6, for instance"),
        ));
    }
    Ok(())
}

/// The plan of a run; files are hashed where units are to be kept.
pub fn plan(args: &ScreenArgs, stored: Option<&StoredLibrary>, console: &Console) -> anyhow::Result<Plan> {
    let is_kept = args.work.is_some() || stored.is_some();
    check_shares(args)?;
    let model = match args.run.is_dir() {
        true => args.run.join("model.safetensors"),
        false => args.run.clone(),
    };
    let mark = |path: &PathBuf| FileMark::of(path, is_kept);
    let plan = Plan {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        model: FileMark {
            path: args.run.display().to_string(),
            ..FileMark::of(&model, is_kept)?
        },
        library: match stored {
            Some(stored) => stored.files(),
            None => files(args).iter().map(mark).collect::<Result<_, _>>()?,
        },
        store: None,
        smiles: args.smiles.clone(),
        columns: columns(args),
        targets: match (&args.sequence, &args.targets) {
            (Some(sequence), _) => vec![NamedProtein {
                id: "sequence".into(),
                row: 0,
                sequence: sequence.clone(),
            }],
            (None, Some(path)) => targets(path, args, console)?,
            (None, None) => Vec::new(),
        },
        off_targets: match &args.off_targets {
            Some(path) => targets(path, args, console)?,
            None => Vec::new(),
        },
        alerts: alerts(args, console)?,
        settings: Settings {
            per: if args.library.is_empty() {
                Per::Compound
            } else {
                Per::Target
            },
            top: args.top as usize,
            unit_rows: args.unit_rows,
            property: args.filter.property.clone(),
            like: args.filter.like.clone(),
            least_similarity: args.filter.least_similarity,
            domain: args.filter.domain.map(Into::into),
            diverse: args.filter.diverse,
            without_encoders: args.encoders.without_encoders,
        },
    };
    let plan = match stored {
        Some(stored) => Plan {
            store: Some(store_mark(args, stored, plan.settings.kept() as u64)?),
            ..plan
        },
        None => plan,
    };
    // As it is read back, so that a number that text rounds is the same in every run.
    Ok(serde_json::from_slice(&serde_json::to_vec(&plan)?)?)
}

/// The structural alerts that compounds are left out or marked by.
fn alerts(args: &ScreenArgs, console: &Console) -> anyhow::Result<Option<AlertPlan>> {
    let mut plan = AlertPlan {
        marks: args.filter.mark_alerts,
        ..AlertPlan::default()
    };
    for path in &args.filter.alerts {
        if !path.exists() && path.as_os_str().eq_ignore_ascii_case("pains") {
            return Err(Failure::misuse(
                "--alerts pains: these patterns do not come with fusebind",
                "name a table of them: RDKit has one as Data/Pains/wehi_pains.csv, which is read as it is",
            ));
        }
        let (patterns, rejections) = load_alerts(path)?;
        load::report_rejections(&rejections, None, console)?;
        console.note(format_args!("{}: {} structural alerts", path.display(), patterns.len()));
        plan.patterns.extend(patterns);
    }
    Ok((!args.filter.alerts.is_empty()).then_some(plan))
}

/// How a stored library is screened for `kept` hits of each target.
fn store_mark(args: &ScreenArgs, stored: &StoredLibrary, kept: u64) -> anyhow::Result<StoreMark> {
    let [least, each] = CANDIDATES;
    let candidates = args.stage.candidates.unwrap_or((each * kept).max(least));
    Ok(StoreMark {
        folder: stored.folder.display().to_string(),
        sha256: stored.checksum()?,
        candidates: candidates.max(kept),
        sample: args.stage.sample,
        exact: args.stage.exact,
    })
}

/// The proteins of a table, as many as it has accepted rows.
fn targets(path: &Path, args: &ScreenArgs, console: &Console) -> anyhow::Result<Vec<NamedProtein>> {
    let table = load_targets(path, &load::columns(&args.source), &Keep::Nothing)?;
    table
        .notes
        .iter()
        .for_each(|note| console.note(format_args!("note: {note}")));
    load::report_rejections(&table.rejections, None, console)?;
    let named = |row: &fusebind::data::source::NamedRow| NamedProtein {
        id: row.id.clone(),
        row: row.row,
        sequence: table.entities[row.entity as usize].protein.sequence.clone(),
    };
    match table.rows.is_empty() {
        true => Err(Failure::failed(
            format!("{}: no target is left: every row was rejected", path.display()),
            "fix the rows whose reasons stand above",
        )),
        false => Ok(table.rows.iter().map(named).collect()),
    }
}

/// Which units a run computes.
pub fn shard(args: &ScreenArgs) -> anyhow::Result<Shard> {
    let Some(text) = &args.shard else {
        return Ok(Shard { at: 0, of: 1 });
    };
    let numbers = text
        .split_once('/')
        .and_then(|(at, of)| Some((at.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((at, of)) if (1..=of).contains(&at) => Ok(Shard { at: at - 1, of }),
        _ => Err(Failure::misuse(
            format!("--shard: `{text}` is no share of the units"),
            "give I/N with I from 1 to N, as --shard 1/8",
        )),
    }
}
