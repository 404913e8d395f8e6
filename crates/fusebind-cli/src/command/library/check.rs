//! `fusebind library check`: whether every file is what was written.

use std::path::PathBuf;

use anyhow::Context;
use fusebind::{
    data::store::{PartFile, StoredRow},
    features::entity::molecule::{Chemistry, Molecule},
    predict::{
        Model,
        screen::{Sketch, Sketcher},
    },
};

use super::store::{ModelMark, PartMark, StoredLibrary};
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
            library.check_model(&ModelMark::of(path, model.description())?, path)?;
            Some(model)
        }
        None => None,
    };
    let (mut faults, mut compounds) = (Vec::new(), 0);
    for part in library.parts() {
        match check(&part, model.as_ref().zip(sketch.as_ref())) {
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
        "{}: {} parts with {compounds} compounds are whole{said}; {state}",
        args.folder.display(),
        library.manifest.parts.len()
    ))?)
}

/// The rows of a part that is whole and, where there is a model, coded by it.
fn check(part: &(&PartMark, PathBuf, PartFile), coder: Option<(&Model, &Sketch)>) -> anyhow::Result<usize> {
    let coded = StoredLibrary::coded(part, true)?;
    let (mark, path, file) = part;
    let rows = StoredLibrary::rows(file, None)?;
    let places = rows.iter().map(|row| row.place);
    let is_whole = mark.kept == rows.len() as u64 && places.eq(coded.places.iter().copied());
    anyhow::ensure!(
        is_whole,
        "{}: does not hold the rows that the manifest counts",
        path.display()
    );
    let Some((model, sketch)) = coder else {
        return Ok(rows.len());
    };
    let read = |row: &StoredRow| -> anyhow::Result<Molecule> {
        let toolkit = model.description().standardise;
        let molecule = toolkit.molecule(&row.smiles);
        molecule.with_context(|| format!("{}: {}", path.display(), row.smiles))
    };
    let some: Vec<Molecule> = rows.iter().take(COMPARED).map(read).collect::<anyhow::Result<_>>()?;
    let codes = Sketcher::new(model).codes(sketch, &some.iter().collect::<Vec<_>>());
    anyhow::ensure!(
        coded.codes.starts_with(&codes),
        "{}: its codes are not those that the model gives",
        path.display()
    );
    Ok(rows.len())
}
