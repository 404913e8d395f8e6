//! `fusebind data import`: a public database to a data set folder.

use fusebind::{
    data::{
        import::{ImportConfig, ImportFormat, ImportReport, Sequences, import},
        source::{Keep, LabelPolicy, load_targets},
        table::write_dataset,
    },
    features::entity::protein::Protein,
};

use super::{
    output::{create_parent, say},
    sets,
};
use crate::{
    args::{ImportArgs, ImportLayout},
    console::Console,
    exit::Failure,
    load,
};

pub fn run(args: &ImportArgs, console: &Console) -> anyhow::Result<()> {
    let rejected = load::rejected_beside(&args.out);
    let inputs = args.files.iter().chain(&args.targets).map(std::path::PathBuf::as_path);
    sets::new_folder(&args.out, inputs)?;
    create_parent(&args.out)?;
    let format = match args.format {
        ImportLayout::Bindingdb => ImportFormat::BindingDb,
        ImportLayout::Chembl => ImportFormat::Chembl,
        ImportLayout::Pubchem => ImportFormat::PubChem,
        ImportLayout::Tdc => ImportFormat::Tdc,
        ImportLayout::Deepdta => return deepdta(args, console),
    };
    let config = ImportConfig {
        format,
        files: args.files.clone(),
        sequences: sequences(args)?,
        unit: args.source.unit.clone(),
        keep_flagged: args.keep_flagged,
        tables: sets::folder_format(args.tables),
    };
    let bar = console.counter("rows");
    let report = import(&config, &args.source.toolkit(), &args.out, &rejected, |rows| {
        bar.set_position(rows)
    })?;
    bar.finish_and_clear();
    print(&report, args.json)?;
    if !report.dropped.is_empty() {
        console.note(format_args!("left-out rows, with reasons: {}", rejected.display()));
    }
    sets::written(&args.out, report.interactions as usize, console);
    Ok(())
}

fn print(report: &ImportReport, json: bool) -> anyhow::Result<()> {
    match json {
        true => say(serde_json::to_string_pretty(report)?)?,
        false => say(report.to_string().trim_end())?,
    }
    Ok(())
}

/// The sequences of the flags.
fn sequences(args: &ImportArgs) -> anyhow::Result<Sequences> {
    match (&args.sequence, &args.targets) {
        (Some(sequence), _) => {
            let protein = Protein::parse(sequence)
                .map_err(|error| Failure::failed(format!("--sequence: {error}"), "fix the value of --sequence"))?;
            Ok(Sequences::single(protein.sequence))
        }
        (None, Some(table)) => {
            let targets = load_targets(table, &load::columns(&args.source), &Keep::Nothing)?.entities;
            Ok(Sequences::of(&targets))
        }
        (None, None) => Ok(Sequences::default()),
    }
}

/// DeepDTA folders are small: they are read as any data set, and written.
fn deepdta(args: &ImportArgs, console: &Console) -> anyhow::Result<()> {
    let [folder] = &args.files[..] else {
        return Err(Failure::misuse(
            "one folder is imported at a time",
            "merge several afterwards with fusebind data merge",
        ));
    };
    let (dataset, rejections) = load::dataset(folder, &args.source, LabelPolicy::Required, None, console)?;
    write_dataset(&args.out, &dataset, sets::folder_format(args.tables))?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    let report = ImportReport {
        rows: (dataset.interactions.len() + rejections.len()) as u64,
        kept_rows: dataset.interactions.len() as u64,
        interactions: dataset.interactions.len() as u64,
        drugs: dataset.drugs.len() as u64,
        targets: dataset.targets.len() as u64,
        ..ImportReport::default()
    };
    print(&report, args.json)?;
    sets::written(&args.out, dataset.interactions.len(), console);
    Ok(())
}
