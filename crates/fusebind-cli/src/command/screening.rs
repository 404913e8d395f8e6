//! `fusebind data screening`: a screening benchmark from a data set.

use fusebind::data::{
    screening::{CONSTRUCT, FISHING, FULL, Library, ScreeningConfig, screening_benchmark},
    source::LabelPolicy,
    table::write_dataset,
};

use super::sets;
use crate::{
    args::{LibraryKind, ScreeningArgs},
    console::Console,
    exit::Failure,
    load,
};

pub fn run(args: &ScreeningArgs, console: &Console) -> anyhow::Result<()> {
    sets::new_folder(&args.out, [args.dir.as_path()])?;
    if !(args.hidden > 0.0 && args.hidden < 1.0) || args.decoys == 0 {
        return Err(Failure::misuse(
            "nothing would be hidden, or nothing would be left",
            "give --hidden above 0 and below 1, and at least one decoy with --decoys",
        ));
    }
    let (dataset, rejections) = load::dataset(&args.dir, &args.source, LabelPolicy::Required, None, console)?;
    let config = ScreeningConfig {
        least_actives: args.least_actives,
        library: match args.library {
            LibraryKind::New => Library::New,
            LibraryKind::Known => Library::Known,
        },
        hidden: args.hidden,
        decoys: args.decoys,
        most_targets: args.most_targets,
        most_fished: args.most_fished,
        active: args.active,
        seed: args.seed,
        ..ScreeningConfig::default()
    };
    let (built, report) = screening_benchmark(&dataset, &config)?;
    write_dataset(&args.out, &built, sets::folder_format(args.format))?;
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    console.note(format_args!(
        "{} targets with {} hidden actives and {} decoys, {} training pairs; {} targets left out for want of scaffolds or decoys",
        report.targets, report.actives, report.decoys, report.train, report.left_out
    ));
    if report.fished > 0 {
        console.note(format_args!(
            "{} compounds with {} hidden targets, each against all proteins: evaluate with --split {FISHING} and read the scores within a drug",
            report.fished, report.fished_targets
        ));
    }
    console.note(format_args!(
        "train with --split {FULL}, then evaluate with it and with --split {CONSTRUCT}"
    ));
    sets::written(&args.out, built.interactions.len(), console);
    Ok(())
}
