//! `fusebind library check`: whether every file is what was written.

use anyhow::Context;
use fusebind::{
    data::store::{StoredLibrary, StoredPart, StoredRow},
    features::{
        coded::Coder,
        entity::molecule::{Chemistry, Molecule},
    },
    predict::screen::ModelCoder,
};

use super::mark::model_mark;
use crate::{args::LibraryCheckArgs, command::output::say, console::Console, exit::Failure, load};

/// Compounds of a part that are coded again.
const COMPARED: usize = 64;

pub fn run(args: &LibraryCheckArgs, console: &Console) -> anyhow::Result<()> {
    let library = StoredLibrary::open(&args.folder)?;
    let sketch = library.sketch()?;
    let model = match &args.model {
        Some(path) => {
            let how = load::ModelFlags::new(args.device, &args.encoders, None);
            let model = load::model(path, how, console)?;
            library.check_model(&model_mark(path, model.description())?, path)?;
            Some(model)
        }
        None => None,
    };
    let mut coder = model.as_ref().map(ModelCoder::new);
    if let (Some(coder), Some(sketch)) = (&mut coder, &sketch)
        && !coder.resume(sketch)
    {
        return Err(Failure::failed(
            format!("{}: its sketch does not fit the model", args.folder.display()),
            "build the library again in a new folder",
        ));
    }
    let (mut faults, mut compounds) = (Vec::new(), 0);
    let parts = library.manifest.parts.len();
    for part in (0..parts).filter_map(|at| library.part(at)) {
        match check(&part, coder.as_ref().map(|coder| coder as &dyn Coder)) {
            Ok(rows) => compounds += rows,
            Err(fault) => faults.push(format!("{fault:#}")),
        }
    }
    if !faults.is_empty() {
        return Err(Failure::failed(
            faults.join("\n"),
            "build the library again in a new folder, or restore these files from a copy",
        ));
    }
    let state = if library.manifest.complete {
        "complete"
    } else {
        "not finished"
    };
    let said = if model.is_some() { ", coded by this model" } else { "" };
    Ok(say(format_args!(
        "{}: {parts} parts with {compounds} compounds are whole{said}; {state}",
        args.folder.display(),
    ))?)
}

/// The rows of a part that is whole and, where there is a coder, coded by it.
fn check(part: &StoredPart<'_>, coder: Option<&dyn Coder>) -> anyhow::Result<usize> {
    let coded = part.coded(true)?;
    let rows = part.rows(None)?;
    let places = rows.iter().map(|row| row.place);
    let is_whole = part.mark.kept == rows.len() as u64 && places.eq(coded.places.iter().copied());
    anyhow::ensure!(
        is_whole,
        "{}: does not hold the rows that the manifest counts",
        part.path.display()
    );
    let Some(coder) = coder else {
        return Ok(rows.len());
    };
    let read = |row: &StoredRow| -> anyhow::Result<Molecule> {
        let molecule = coder.standardise().molecule(&row.smiles);
        molecule.with_context(|| format!("{}: {}", part.path.display(), row.smiles))
    };
    let some: Vec<Molecule> = rows.iter().take(COMPARED).map(read).collect::<anyhow::Result<_>>()?;
    let codes = coder.codes(&some.iter().collect::<Vec<_>>());
    anyhow::ensure!(
        coded.codes.starts_with(&codes),
        "{}: its codes are not those that the model gives",
        part.path.display()
    );
    Ok(rows.len())
}
