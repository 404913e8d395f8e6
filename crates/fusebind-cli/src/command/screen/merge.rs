//! `fusebind screen merge`: hits from the units of several runs.

use std::{collections::BTreeMap, path::PathBuf};

use fusebind::data::store::FileMark;

use super::{
    hits::{self, Ending},
    tally::Tally,
    work::Work,
};
use crate::{
    args::MergeHitsArgs,
    command::output::{create_parent, protect},
    console::Console,
    exit::Failure,
    load,
};

/// Missing units that are named.
const NAMED: usize = 5;

pub fn run(args: &MergeHitsArgs, console: &Console) -> anyhow::Result<()> {
    hits::check_name(&args.out)?;
    let beside = load::rejected_beside(&args.out);
    let inputs = args.folders.iter().chain(&args.model).map(PathBuf::as_path);
    let stage = hits::report_beside(&args.out);
    let outputs = [&args.out, &beside, &stage].into_iter().chain(&args.report);
    protect(outputs.clone(), inputs)?;
    let folders: Vec<Work> = args
        .folders
        .iter()
        .map(|folder| Work::open(folder))
        .collect::<anyhow::Result<_>>()?;
    let plan = folders[0].plan()?;
    for folder in &folders[1..] {
        if let Some(difference) = plan.difference(&folder.plan()?) {
            return Err(Failure::failed(
                format!(
                    "{} and {} are of different screenings: {difference}",
                    folders[0].shown(),
                    folder.shown()
                ),
                "merge the folders of one screening",
            ));
        }
    }
    let stages = folders.iter().map(Work::stage).collect::<anyhow::Result<Vec<_>>>()?;
    let found_stage = stages.into_iter().flatten().next();
    let mut tally = Tally::new(&plan.settings);
    for (unit, folder) in found(&folders)? {
        tally.add(folder.unit(unit)?);
    }
    let path = args.model.clone().unwrap_or_else(|| PathBuf::from(&plan.model.path));
    let file = match path.is_dir() {
        true => path.join("model.safetensors"),
        false => path.clone(),
    };
    protect(outputs, [path.as_path()])?;
    if FileMark::of(&file, true)?.sha256 != plan.model.sha256 {
        return Err(Failure::failed(
            format!("{}: is not the model that the units were computed with", file.display()),
            "name that model with --model",
        ));
    }
    let model = load::model(&path, load::ModelFlags::new(args.device, &args.encoders, None), console)?;
    create_parent(&args.out)?;
    let ending = Ending {
        plan: &plan,
        model: &model,
        tally: &tally,
        stage: found_stage.as_ref(),
    };
    ending.write(&args.out, args.report.as_deref(), console)
}

/// Every unit and a folder that has it; a missing one is an error.
fn found(folders: &[Work]) -> anyhow::Result<Vec<(u64, &Work)>> {
    let ends = folders.iter().map(Work::end).collect::<anyhow::Result<Vec<_>>>()?;
    let Some(end) = ends.into_iter().flatten().next() else {
        return Err(Failure::failed(
            "no run has read the library to its end, so that units may be missing",
            "give the `screen run` command of one of the folders again",
        ));
    };
    let mut places = BTreeMap::new();
    for folder in folders {
        for unit in folder.units()? {
            places.entry(unit).or_insert(folder);
        }
    }
    let missing: Vec<u64> = (0..end.units).filter(|unit| !places.contains_key(unit)).collect();
    if !missing.is_empty() {
        let named: Vec<String> = missing.iter().take(NAMED).map(u64::to_string).collect();
        let more = if missing.len() > NAMED { ", .." } else { "" };
        return Err(Failure::failed(
            format!(
                "{} of {} units are missing: {}{more}",
                missing.len(),
                end.units,
                named.join(", ")
            ),
            "name the folders of all shards, or give their `screen run` commands again",
        ));
    }
    Ok(places.into_iter().take_while(|(unit, _)| *unit < end.units).collect())
}
