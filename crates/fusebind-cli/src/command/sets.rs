//! `fusebind data merge` and `fusebind data exclude`: several data sets as one, or one without another.

use std::path::{Path, PathBuf};

use fusebind::data::{
    source::LabelPolicy,
    table::{
        DuplicatePolicy, ExcludeBy, FolderFormat, NamedDataset, Rejection, combine_datasets, exclude, merge_duplicates,
        write_dataset,
    },
};

use super::output::{protect, say};
use crate::{
    args::{Duplicates, ExcludeArgs, MergeArgs, Shared, TableFormat},
    console::Console,
    exit::Failure,
    load,
};

pub fn merge(args: &MergeArgs, console: &Console) -> anyhow::Result<()> {
    new_folder(&args.out, args.sets.iter().map(PathBuf::as_path))?;
    let names = names(args)?;
    let mut rejections: Vec<Rejection> = Vec::new();
    let mut sets = Vec::new();
    for (path, name) in args.sets.iter().zip(names) {
        let (dataset, rejected) = load::dataset(path, &args.source, LabelPolicy::Required, None, console)?;
        rejections.extend(rejected);
        sets.push(NamedDataset { name, dataset });
    }
    let (mut whole, report) = combine_datasets(sets);
    let merged = merge_duplicates(&mut whole, duplicate_policy(args.duplicates));
    write_dataset(&args.out, &whole, folder_format(args.format))?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    if args.json {
        say(serde_json::to_string_pretty(&report)?)?;
    }
    let counts = &report.duplicates;
    console.note(format_args!(
        "shared: {} drugs, {} targets, {} pairs; {} ids that mean something else in another set got the name of theirs",
        report.shared_drugs, report.shared_targets, report.shared_pairs, report.renamed_ids
    ));
    console.note(format_args!(
        "{} rows repeat a (drug, target, scale): {} merged, {} dropped; {} groups in conflict ({} labels, {} values)",
        counts.repeats,
        merged.merged,
        merged.dropped,
        counts.conflicts,
        counts.label_conflicts,
        counts.affinity_conflicts
    ));
    written(&args.out, whole.interactions.len(), console);
    Ok(())
}

pub fn exclude_pairs(args: &ExcludeArgs, console: &Console) -> anyhow::Result<()> {
    new_folder(&args.out, [args.dir.as_path(), &args.pairs])?;
    let (mut dataset, mut rejections) = load::dataset(&args.dir, &args.source, LabelPolicy::Required, None, console)?;
    // Pairs to be excluded need no label: a list of them is enough.
    let (other, rejected) = load::dataset(&args.pairs, &args.source, LabelPolicy::Optional, None, console)?;
    rejections.extend(rejected);
    let by = match args.by {
        Shared::Pair => ExcludeBy::Pair,
        Shared::Drug => ExcludeBy::Drug,
        Shared::Target => ExcludeBy::Target,
        Shared::Either => ExcludeBy::Either,
    };
    let report = exclude(&mut dataset, &other, by);
    if report.left == 0 {
        return Err(Failure::failed(
            "every row would be excluded: the other set holds all of it",
            "check the two sets, or exclude by less: --by pair takes out shared pairs alone",
        ));
    }
    write_dataset(&args.out, &dataset, folder_format(args.format))?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    if args.json {
        say(serde_json::to_string_pretty(&report)?)?;
    }
    console.note(format_args!(
        "{} rows excluded; the sets share {} drugs and {} targets",
        report.rows, report.shared_drugs, report.shared_targets
    ));
    written(&args.out, dataset.interactions.len(), console);
    Ok(())
}

/// One name per set: the given ones, or the last part of each path without its ending.
fn names(args: &MergeArgs) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = match args.names.is_empty() {
        true => args.sets.iter().map(|path| stem(path)).collect(),
        false => args.names.clone(),
    };
    let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
    if names.len() != args.sets.len() || distinct.len() != names.len() {
        return Err(Failure::misuse(
            format!(
                "{} sets need as many different names: {}",
                args.sets.len(),
                names.join(", ")
            ),
            "name them with --names, separated by commas",
        ));
    }
    Ok(names)
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().or(path.file_name()).unwrap_or(path.as_os_str());
    stem.to_string_lossy().into_owned()
}

/// Refuses a folder that holds something, where a data set would be lost or mixed with the new one, and whatever is read from `inputs`.
pub fn new_folder<'a>(out: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<()> {
    protect([out, &load::rejected_beside(out)], inputs)?;
    let taken = out.is_file() || std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    match taken {
        false => Ok(()),
        true => Err(Failure::failed(
            format!("{}: is not empty", out.display()),
            "name a new folder with --out",
        )),
    }
}

pub fn duplicate_policy(flag: Duplicates) -> DuplicatePolicy {
    match flag {
        Duplicates::Keep => DuplicatePolicy::Keep,
        Duplicates::Mean => DuplicatePolicy::Mean,
        Duplicates::Median => DuplicatePolicy::Median,
        Duplicates::First => DuplicatePolicy::First,
        Duplicates::DropConflicts => DuplicatePolicy::DropConflicts,
    }
}

pub fn folder_format(flag: TableFormat) -> FolderFormat {
    match flag {
        TableFormat::Csv => FolderFormat::Csv,
        TableFormat::Parquet => FolderFormat::Parquet,
    }
}

pub fn written(out: &Path, pairs: usize, console: &Console) {
    console.note(format_args!("{pairs} pairs in {}", out.display()));
}
