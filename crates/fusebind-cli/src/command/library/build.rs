//! `fusebind library build`: compounds read and coded once, part by part.

use std::path::PathBuf;

use fusebind::{
    data::store::{Build, BuildOptions, StoredLibrary},
    predict::screen::ModelCoder,
};

use super::mark::model_mark;
use crate::{
    args::LibraryBuildArgs,
    command::{
        output::{create_parent, protect},
        screen::{progress::Progress, rows::estimate},
    },
    console::Console,
    load,
};

pub fn run(args: &LibraryBuildArgs, console: &Console) -> anyhow::Result<()> {
    let beside = load::rejected_beside(&args.out);
    protect(
        [&args.out, &beside],
        args.files
            .iter()
            .chain(&args.encoders.encoders)
            .chain([&args.model])
            .map(PathBuf::as_path),
    )?;
    create_parent(&args.out)?;
    let lock = StoredLibrary::reserve(&args.out, args.append)?;
    let how = load::ModelFlags::new(args.device, &args.encoders, None);
    let model = load::model(&args.model, how, console)?;
    let options = BuildOptions {
        distinct: args.distinct,
        append: args.append,
        part_rows: args.part_rows,
        columns: args.source.following(model.description().standardise)?.into(),
    };
    let mark = model_mark(&args.model, model.description())?;
    let mut build = Build::begin((&args.out, lock), &args.files, options, (mark, &args.model))?;
    if build.library().manifest.complete {
        console.note(format_args!("{}: holds these files already", args.out.display()));
        return Ok(());
    }
    let mut progress = Progress::new(console, estimate(&args.files));
    let mut passed = 0;
    build.run(
        &mut ModelCoder::new(&model),
        &|note| console.note(format_args!("note: {note}")),
        &mut |read, earlier| {
            progress.pass(earlier - passed);
            passed = earlier;
            progress.at(read, None);
        },
    )?;
    finish(build, args, console)
}

/// Lists the rejected rows, and says what the library holds.
fn finish(build: Build<'_>, args: &LibraryBuildArgs, console: &Console) -> anyhow::Result<()> {
    let rejections = build.rejections()?;
    let rejected = build.library().manifest.total(|part| part.rejected);
    if rejected > rejections.len() as u64 {
        console.note(format_args!(
            "of {rejected} rejected rows, {} are listed",
            rejections.len()
        ));
    }
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    let manifest = build.complete()?.manifest;
    console.note(format_args!(
        "{} rows: {} compounds, {} duplicates, {rejected} rejected: {}",
        manifest.total(|part| part.read),
        manifest.total(|part| part.kept),
        manifest.total(|part| part.duplicates),
        args.out.display()
    ));
    Ok(())
}
