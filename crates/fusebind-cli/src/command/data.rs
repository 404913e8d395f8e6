//! `fusebind data`: check and split.

use fusebind::data::{
    check::check_dataset,
    modality::load_modalities,
    source::LabelPolicy,
    split::{Fractions, Part, SplitBy, split, write_split},
    table::write_rejections,
};

use super::say;
use crate::{
    args::{By, CheckArgs, DataCommand, SplitArgs},
    load,
    outcome::Misuse,
    talk::Talk,
};

pub fn run(command: DataCommand, talk: &Talk) -> anyhow::Result<()> {
    match command {
        DataCommand::Check(args) => check(&args, talk),
        DataCommand::Split(args) => write(&args, talk),
    }
}

fn check(args: &CheckArgs, talk: &Talk) -> anyhow::Result<()> {
    let (dataset, mut rejections) = load::dataset(&args.dir, &args.source, LabelPolicy::Required, None, talk)?;
    let beside = args.dir.join("modalities");
    let folder = args.modalities.clone().or_else(|| beside.is_dir().then_some(beside));
    let modalities = match folder {
        Some(folder) => {
            let (tables, rejected) = load_modalities(&folder, &dataset)?;
            rejections.extend(rejected);
            Some(tables)
        }
        None => None,
    };
    let report = check_dataset(&dataset, modalities.as_ref(), &rejections);
    if let Some(path) = &args.rejected {
        write_rejections(path, &rejections)?;
    }
    if args.json {
        say(serde_json::to_string_pretty(&report)?)?
    } else {
        say(&report)?
    }
    Ok(())
}

fn write(args: &SplitArgs, talk: &Talk) -> anyhow::Result<()> {
    let [train, valid, test] = args.fractions[..] else {
        return Err(Misuse("--fractions takes three shares, for instance 0.7,0.1,0.2".into()).into());
    };
    let (dataset, rejections) = load::dataset(&args.dir, &args.source, LabelPolicy::Required, None, talk)?;
    let method = match args.by {
        By::Random => SplitBy::Random,
        By::UnseenDrug => SplitBy::UnseenDrug,
        By::UnseenTarget => SplitBy::UnseenTarget,
        By::UnseenPair => SplitBy::UnseenPair,
        By::Scaffold => SplitBy::Scaffold,
        By::SequenceCluster => SplitBy::SequenceCluster,
    };
    let parts = split(&dataset, method, Fractions { train, valid, test }, args.seed)?;
    write_split(&args.out, &dataset, &parts)?;
    load::report_rejections(&rejections, &args.out, talk)?;
    let used: usize = Part::ALL.into_iter().map(|part| parts.part(part).len()).sum();
    talk.note(format_args!(
        "train {}, valid {}, test {}, unused {}; split {}",
        parts.train.indices().len(),
        parts.valid.indices().len(),
        parts.test.indices().len(),
        dataset.interactions.len() - used,
        &parts.hash[..12]
    ));
    Ok(())
}
