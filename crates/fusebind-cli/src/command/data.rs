//! `fusebind data`: check, split, prepare and simulate.

use anyhow::Context;
use fusebind::data::{
    Error, ErrorKind,
    check::check_dataset,
    negative::{Draw, NegativeConfig, add_negatives},
    simulate::{Rule, SimulateConfig, simulate},
    source::LabelPolicy,
    split::{Fractions, Part, SplitBy, SplitConfig, write_split},
    table::{Dataset, Rejection, StagedFolder, merge_duplicates, write_dataset, write_rejections},
};

use super::{
    import,
    output::{create_parent, protect, say},
    screening, sets,
};
use crate::{
    args::{By, CheckArgs, DataCommand, Negatives, PrepareArgs, RuleName, SimulateArgs, SplitArgs},
    console::Console,
    exit::Failure,
    load,
};

pub fn run(command: DataCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        DataCommand::Check(args) => check(&args, console),
        DataCommand::Split(args) => write(&args, console),
        DataCommand::Prepare(args) => prepare(&args, console),
        DataCommand::Import(args) => import::run(&args, console),
        DataCommand::Merge(args) => sets::merge(&args, console),
        DataCommand::Exclude(args) => sets::exclude_pairs(&args, console),
        DataCommand::Screening(args) => screening::run(&args, console),
        DataCommand::Simulate(args) => simulated(&args, console),
    }
}

fn check(args: &CheckArgs, console: &Console) -> anyhow::Result<()> {
    if let Some(file) = &args.rejected {
        let beside = args.dir.join("modalities");
        let folders = [args.dir.as_path(), &beside]
            .into_iter()
            .chain(args.modalities.as_deref());
        protect([file], folders)?;
    }
    let (dataset, mut rejections) = examined(args, console)?;
    let beside = args.dir.join("modalities");
    let folder = args.modalities.clone().or_else(|| beside.is_dir().then_some(beside));
    let modalities = folder
        .map(|folder| {
            load::modalities(
                &folder,
                &dataset,
                load::Unmatched::of(&args.source),
                &mut rejections,
                &Console::new(true),
            )
        })
        .transpose()?;
    modalities.iter().for_each(|tables| load::notes(tables, console));
    let report = check_dataset(&dataset, modalities.as_ref(), &rejections);
    match &args.rejected {
        Some(file) => write_rejections(file, &rejections)?,
        None if !rejections.is_empty() => console.note("--rejected FILE writes all rejected rows, with reasons"),
        None => {}
    }
    if args.json {
        say(serde_json::to_string_pretty(&report)?)?
    } else {
        say(&report)?
    }
    if dataset.interactions.is_empty() {
        return Err(load::nothing_left(&args.dir, &rejections));
    }
    Ok(())
}

/// The data set that is to be examined; pairs without a label or affinity column can be predicted, and are examined as such.
fn examined(args: &CheckArgs, console: &Console) -> anyhow::Result<(Dataset, Vec<Rejection>)> {
    let read = |labels| load::counted(&args.dir, &args.source, labels, None, console);
    let error = match read(LabelPolicy::Required) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let unlabelled = error.downcast_ref::<Error>().is_some_and(|error| {
        error.kind() == ErrorKind::MissingColumn && error.position().column.as_deref() == Some("label")
    });
    if !unlabelled {
        return Err(error);
    }
    let Ok((mut dataset, rejections)) = read(LabelPolicy::Optional) else {
        return Err(error);
    };
    let note = "neither a label nor an affinity column: the pairs can be predicted, not trained on; name a column with --label COLUMN, or \
                with --affinity COLUMN and --unit UNIT";
    dataset.notes.push(note.into());
    Ok((dataset, rejections))
}

fn write(args: &SplitArgs, console: &Console) -> anyhow::Result<()> {
    let [train, valid, test] = args.fractions[..] else {
        return Err(Failure::misuse(
            "--fractions takes three shares",
            "write for instance --fractions 0.7,0.1,0.2",
        ));
    };
    protect([&args.out, &load::rejected_beside(&args.out)], [args.dir.as_path()])?;
    let (dataset, rejections) = load::dataset(&args.dir, &args.source, LabelPolicy::Required, None, console)?;
    let method = match args.by {
        By::Random => SplitBy::Random,
        By::UnseenDrug => SplitBy::UnseenDrug,
        By::UnseenTarget => SplitBy::UnseenTarget,
        By::UnseenPair => SplitBy::UnseenPair,
        By::Scaffold => SplitBy::Scaffold,
        By::SequenceCluster => SplitBy::SequenceCluster,
        By::Source => SplitBy::Source,
        By::Time => SplitBy::Time,
    };
    if !args.test_source.is_empty() && method != SplitBy::Source {
        return Err(Failure::misuse(
            "--test-source goes with --by source",
            "add --by source",
        ));
    }
    let config = SplitConfig {
        by: method,
        fractions: Fractions { train, valid, test },
        seed: args.seed,
        test_sources: args.test_source.clone(),
        ..SplitConfig::default()
    };
    let parts = config.split(&dataset)?;
    create_parent(&args.out)?;
    write_split(&args.out, &dataset, &parts)?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    let used: usize = Part::ALL.into_iter().map(|part| parts.part(part).len()).sum();
    console.note(format_args!(
        "train {}, valid {}, test {}, unused {}; split {}",
        parts.train.indices().len(),
        parts.valid.indices().len(),
        parts.test.indices().len(),
        dataset.interactions.len() - used,
        &parts.hash[..12]
    ));
    Ok(())
}

fn prepare(args: &PrepareArgs, console: &Console) -> anyhow::Result<()> {
    // Writing into the folder that is read, or beside older tables in another format, would lose or mix data.
    sets::new_folder(&args.out, [args.dir.as_path()])?;
    let (mut dataset, rejections) = load::dataset(&args.dir, &args.source, LabelPolicy::Required, None, console)?;
    let merged = merge_duplicates(&mut dataset, sets::duplicate_policy(args.duplicates));
    console.note(format_args!(
        "{} rows repeat a (drug, target, scale): {} merged, {} dropped; {} groups in conflict",
        merged.repeats, merged.merged, merged.dropped, merged.conflicts
    ));
    if let Some(how) = args.negatives {
        let config = NegativeConfig {
            draw: match how {
                Negatives::Random => Draw::Random,
                Negatives::DegreeMatched => Draw::DegreeMatched,
            },
            ratio: args.ratio,
            seed: args.seed,
        };
        let sampled = add_negatives(&mut dataset, &config)?;
        console.note(format_args!("{sampled} negatives sampled"));
    }
    let folder = StagedFolder::new(&args.out)?;
    write_dataset(folder.path(), &dataset, sets::folder_format(args.format))?;
    folder.finish()?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    sets::written(&args.out, dataset.interactions.len(), console);
    Ok(())
}

fn simulated(args: &SimulateArgs, console: &Console) -> anyhow::Result<()> {
    let mut config = match &args.config {
        None => SimulateConfig::default(),
        Some(file) => {
            let text = fusebind::features::regular::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            toml::from_str(&text).map_err(|e| {
                let message = format!(
                    "{}: is no configuration of a simulation: {}",
                    file.display(),
                    e.to_string().trim_end()
                );
                Failure::failed(message, "see docs/formats.md for its fields")
            })?
        }
    };
    config.drugs = args.drugs.unwrap_or(config.drugs);
    config.targets = args.targets.unwrap_or(config.targets);
    config.pairs = args.pairs.unwrap_or(config.pairs);
    config.seed = args.seed.unwrap_or(config.seed);
    config.rule = args.rule.map_or(config.rule, |rule| match rule {
        RuleName::Latent => Rule::Latent,
        RuleName::Keys => Rule::Keys,
    });
    sets::new_folder(&args.out, args.config.as_deref())?;
    let universe = simulate(&config)?;
    let folder = StagedFolder::new(&args.out)?;
    universe.write(folder.path())?;
    folder.finish()?;
    console.note(format_args!(
        "{} drugs, {} targets, {} pairs in {}; no model can be expected to reach a mean squared error below {:.4}",
        universe.drugs.len(),
        universe.targets.len(),
        universe.pairs.len(),
        args.out.display(),
        universe.ceiling().observed_mse
    ));
    Ok(())
}
