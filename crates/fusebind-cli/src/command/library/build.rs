//! `fusebind library build`: compounds read and coded once, part by part.
//!
//! A part is made of consecutive rows of the files, whatever becomes of them, so that a library does not depend on where a build was stopped.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use fusebind::{
    data::{
        store::{PartFile, StoredRow},
        table::Rejection,
    },
    features::entity::molecule::Molecule,
    predict::{
        Model,
        screen::{Property, Sketch, Sketcher},
    },
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::store::{Input, Manifest, ModelMark, PartMark, SCHEMA, StoredLibrary};
use crate::{
    args::{LibraryBuildArgs, SourceArgs},
    command::{
        output::{create_parent, protect},
        screen::{
            plan::{FileMark, sha256},
            progress::Progress,
            rows::{Rows, estimate},
            unit::Row,
        },
    },
    console::Console,
    exit::Failure,
    load,
};

/// Rows whose molecules are held at a time, and that fit the sketch.
const HELD: usize = 8192;
/// Rejected rows of a part that are listed, and of all parts.
const LISTED: [usize; 2] = [1000, 100_000];

/// What codes compounds.
struct Coder<'a> {
    model: &'a Model,
    sketcher: Sketcher<'a>,
    sketch: Option<Sketch>,
    /// Compounds that are in the library, where each is to be there once.
    seen: Option<HashSet<[u8; 16]>>,
}

/// What a part will hold.
#[derive(Default)]
struct Coded {
    rows: Vec<StoredRow>,
    codes: Vec<i8>,
    rejections: Vec<Rejection>,
    rejected: u64,
    duplicates: u64,
}

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
    refuse_foreign(&args.out)?;
    if args.append {
        // Before the folder is made: a mistyped name leaves nothing behind.
        StoredLibrary::open(&args.out)?;
    }
    let _lock = StoredLibrary::lock(&args.out)?;
    let how = load::ModelFlags::new(args.device, &args.encoders, None);
    let model = load::model(&args.model, how, console)?;
    let mut library = begun(args, &model)?;
    if library.manifest.complete {
        console.note(format_args!("{}: holds these files already", args.out.display()));
        return Ok(());
    }
    let mut coder = Coder {
        model: &model,
        sketcher: Sketcher::new(&model),
        sketch: library.sketch()?,
        seen: seen(&library)?,
    };
    if coder.sketch.as_ref().is_some_and(|sketch| !coder.sketcher.fits(sketch)) {
        return Err(Failure::failed(
            format!("{}: its sketch does not fit the model", args.out.display()),
            "build the library again in a new folder",
        ));
    }
    add(&mut library, &mut coder, args, console)?;
    library.manifest.complete = true;
    finish(&library, args, console)?;
    library.commit()
}

/// Refuses a folder that holds something else.
fn refuse_foreign(folder: &Path) -> anyhow::Result<()> {
    if StoredLibrary::is_one(folder) || !folder.exists() {
        return Ok(());
    }
    // A build that was stopped before its first part has left no more than these.
    let is_ours =
        |name: &str| name.starts_with('.') || name == "lock" || name == "sketch.json" || name.starts_with("part-");
    let mut files = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_foreign = files.any(|file| !is_ours(&file.file_name().to_string_lossy()));
    match is_foreign || folder.is_file() {
        true => Err(Failure::failed(
            format!("{}: holds something else", folder.display()),
            "name a new folder with -o",
        )),
        false => Ok(()),
    }
}

/// The library as an earlier build has left it, with the files of this one; a new one where there is none.
fn begun(args: &LibraryBuildArgs, model: &Model) -> anyhow::Result<StoredLibrary> {
    let mark = ModelMark::of(&args.model, model.description())?;
    let files: Vec<FileMark> = (args.files.iter())
        .map(|path| FileMark::of(path, true))
        .collect::<anyhow::Result<_>>()?;
    let mut columns = args.source.following(model.description().standardise)?;
    columns.cache = None;
    if StoredLibrary::is_one(&args.out) || args.append {
        let library = StoredLibrary::open(&args.out)?;
        library.check_model(&mark, &args.model)?;
        return continued(library, args, (files, columns));
    }
    let library = StoredLibrary {
        folder: args.out.clone(),
        manifest: Manifest {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").into(),
            model: mark,
            columns,
            distinct: args.distinct,
            part_rows: args.part_rows,
            channels: 0,
            sketch: None,
            inputs: inputs(files, 0),
            parts: Vec::new(),
            complete: false,
        },
    };
    library.commit()?;
    Ok(library)
}

fn inputs(files: Vec<FileMark>, batch: u32) -> Vec<Input> {
    files.into_iter().map(|mark| Input { mark, batch }).collect()
}

/// A library that is gone on with, or to which files are added; another one is refused.
fn continued(
    mut library: StoredLibrary,
    args: &LibraryBuildArgs,
    (files, columns): (Vec<FileMark>, SourceArgs),
) -> anyhow::Result<StoredLibrary> {
    let manifest = &mut library.manifest;
    let last = manifest.last_batch();
    let of_last = manifest.inputs.iter().filter(|input| input.batch == last);
    let own: Vec<&FileMark> = of_last.map(|input| &input.mark).collect();
    let is_same = own.len() == files.len() && own.iter().zip(&files).all(|(own, file)| *own == file);
    let difference = match () {
        () if manifest.version != env!("CARGO_PKG_VERSION") => {
            format!("version {} of fusebind built it", manifest.version)
        }
        () if (manifest.distinct, manifest.part_rows) != (args.distinct, args.part_rows) => {
            "--distinct or --part-rows were others".into()
        }
        () if manifest.columns != columns => "the flags that name its columns were others".into(),
        () if is_same && (args.append == (last > 0)) => return Ok(library),
        () if args.append && manifest.complete => {
            manifest.inputs.extend(inputs(files, last + 1));
            manifest.complete = false;
            library.commit()?;
            return Ok(library);
        }
        () => {
            let changed = own.iter().zip(&files).find(|(own, file)| **own != *file);
            changed.map_or("its files were others".to_string(), |(own, file)| {
                format!(
                    "it holds {} with SHA-256 {:.12}, this is {} with {:.12}",
                    own.path, own.sha256, file.path, file.sha256
                )
            })
        }
    };
    Err(Failure::failed(
        format!("{}: is another library: {difference}", args.out.display()),
        "give the same files and flags as before, add files with --append, or name another folder with -o",
    ))
}

/// The compounds of the library, where each is to be there once.
fn seen(library: &StoredLibrary) -> anyhow::Result<Option<HashSet<[u8; 16]>>> {
    if !library.manifest.distinct {
        return Ok(None);
    }
    let mut seen = HashSet::new();
    for (_, _, part) in library.parts() {
        seen.extend(StoredLibrary::rows(&part, None)?.iter().map(|row| key(&row.smiles)));
    }
    Ok(Some(seen))
}

/// What a compound is known by: half of the SHA-256 of its SMILES.
fn key(smiles: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(smiles)[..16]);
    key
}

/// Adds the rows of the last files that are not in the library yet.
fn add(
    library: &mut StoredLibrary,
    coder: &mut Coder<'_>,
    args: &LibraryBuildArgs,
    console: &Console,
) -> anyhow::Result<()> {
    let batch = library.manifest.last_batch();
    let manifest = &library.manifest;
    let before = manifest.inputs.iter().filter(|input| input.batch < batch).count() as u32;
    let first = manifest
        .parts
        .iter()
        .filter(|part| part.batch < batch)
        .map(|part| part.read)
        .sum::<u64>();
    let done = manifest
        .parts
        .iter()
        .filter(|part| part.batch == batch)
        .map(|part| part.read)
        .sum::<u64>();
    let source = manifest.columns.clone();
    let mut rows = Rows::new(&args.files, &source, None, console);
    let mut progress = Progress::new(console, estimate(&args.files));
    let mut read = 0;
    while read < done {
        let taken = rows.take((done - read).min(library.manifest.part_rows))?.len() as u64;
        if taken == 0 {
            break;
        }
        read += taken;
    }
    progress.pass(read);
    loop {
        let mut taken = rows.take(library.manifest.part_rows)?;
        if taken.is_empty() {
            return Ok(());
        }
        read += taken.len() as u64;
        for row in &mut taken {
            row.place += first;
            row.file += before;
        }
        let coded = coder.code(library, &taken)?;
        put(library, coded, (batch, taken.len() as u64))?;
        progress.at(read, None);
    }
}

/// Writes a part and names it in the manifest.
fn put(library: &mut StoredLibrary, coded: Coded, (batch, read): (u32, u64)) -> anyhow::Result<()> {
    let name = format!("part-{:06}", library.manifest.parts.len());
    if !coded.rejections.is_empty() {
        let path = library.path(&format!("{name}.rejected.json"));
        let text = serde_json::to_vec(&coded.rejections)?;
        fusebind::data::table::write_atomically(&path, |file| std::io::Write::write_all(file, &text))?;
    }
    let mut mark = PartMark {
        file: None,
        sha256: String::new(),
        bytes: 0,
        batch,
        read,
        kept: coded.rows.len() as u64,
        rejected: coded.rejected,
        duplicates: coded.duplicates,
    };
    if !coded.rows.is_empty() {
        let file = format!("{name}.parquet");
        let path = library.path(&file);
        let names = Property::ALL.map(Property::name);
        PartFile::new(&path, library.manifest.channels).write(&coded.rows, &coded.codes, &names)?;
        mark.sha256 = sha256(&path)?;
        mark.bytes = fs::metadata(&path)?.len();
        mark.file = Some(file);
    }
    library.manifest.parts.push(mark);
    library.commit()
}

impl Coder<'_> {
    /// Reads and codes the rows of a part.
    fn code(&mut self, library: &mut StoredLibrary, rows: &[Row]) -> anyhow::Result<Coded> {
        let mut coded = Coded::default();
        self.fit(library, rows)?;
        for rows in rows.chunks(HELD) {
            let read = |row: &Row| self.read(library, row);
            let all: Vec<_> = rows.par_iter().map(read).collect();
            let mut molecules = Vec::new();
            for (row, read) in rows.iter().zip(all) {
                match read {
                    Ok((_, molecule)) if !self.is_new(&molecule) => coded.duplicates += 1,
                    Ok((id, molecule)) => {
                        coded.rows.push(StoredRow {
                            place: row.place,
                            file: row.file,
                            row: row.row.row,
                            id,
                            smiles: molecule.smiles.clone(),
                            properties: Property::ALL.map(|property| property.of(&molecule)).to_vec(),
                        });
                        molecules.push(molecule);
                    }
                    Err(rejection) => {
                        coded.rejected += 1;
                        if coded.rejections.len() < LISTED[0] {
                            coded.rejections.push(rejection);
                        }
                    }
                }
            }
            let molecules: Vec<&Molecule> = molecules.iter().collect();
            if let Some(sketch) = &self.sketch {
                coded.codes.extend(self.sketcher.codes(sketch, &molecules));
            }
        }
        Ok(coded)
    }

    /// Fits the sketch, where there is none yet, to molecules spread over the rows of a part: files are often sorted.
    fn fit(&mut self, library: &mut StoredLibrary, rows: &[Row]) -> anyhow::Result<()> {
        if self.sketch.is_some() {
            return Ok(());
        }
        // A step over all rows would leave out the only one that is a molecule.
        let step = if rows.len() > HELD {
            rows.len().div_ceil(HELD)
        } else {
            1
        };
        for first in 0..step {
            let some: Vec<&Row> = rows.iter().skip(first).step_by(step).collect();
            let read = some.par_iter().map(|row| self.read(library, row).ok());
            let molecules: Vec<(String, Molecule)> = read.collect::<Vec<_>>().into_iter().flatten().collect();
            if !molecules.is_empty() {
                let sketch = self
                    .sketcher
                    .fit(&molecules.iter().map(|(_, molecule)| molecule).collect::<Vec<_>>());
                library.put_sketch(&sketch)?;
                self.sketch = Some(sketch);
                return Ok(());
            }
        }
        Ok(())
    }

    /// What a row calls its compound, and the molecule.
    fn read(&self, library: &StoredLibrary, row: &Row) -> Result<(String, Molecule), Rejection> {
        let content = row.row.content.as_ref().map_err(Clone::clone)?;
        let molecule = content
            .molecule(&self.model.description().standardise)
            .map_err(|reason| {
                let file = &library.manifest.inputs[row.file as usize].mark.path;
                Rejection::new(file, row.row.row, reason).of(&*content.field, &content.text)
            })?;
        Ok((content.id.clone(), molecule))
    }

    /// Whether the library has not this compound yet, where that matters.
    fn is_new(&mut self, molecule: &Molecule) -> bool {
        self.seen.as_mut().is_none_or(|seen| seen.insert(key(&molecule.smiles)))
    }
}

/// Says what the library holds, and lists its rejected rows.
fn finish(library: &StoredLibrary, args: &LibraryBuildArgs, console: &Console) -> anyhow::Result<()> {
    let manifest = &library.manifest;
    let rejected = manifest.total(|part| part.rejected);
    let mut rejections: Vec<Rejection> = Vec::new();
    for (at, _) in manifest.parts.iter().enumerate().filter(|(_, part)| part.rejected > 0) {
        let path = library.path(&format!("part-{at:06}.rejected.json"));
        let of_part: Vec<Rejection> = serde_json::from_slice(&fs::read(path)?)?;
        rejections.extend(of_part);
        rejections.truncate(LISTED[1]);
    }
    if rejected > rejections.len() as u64 {
        console.note(format_args!(
            "of {rejected} rejected rows, {} are listed",
            rejections.len()
        ));
    }
    load::report_rejections(&rejections, Some(&load::rejected_beside(&args.out)), console)?;
    let kept = manifest.total(|part| part.kept);
    if kept == 0 {
        return Err(Failure::failed(
            format!("{}: there is no compound: every row was rejected", args.out.display()),
            "fix the rows whose reasons stand above, and name a new folder with -o",
        ));
    }
    console.note(format_args!(
        "{} rows: {kept} compounds, {} duplicates, {rejected} rejected: {}",
        manifest.total(|part| part.read),
        manifest.total(|part| part.duplicates),
        args.out.display()
    ));
    Ok(())
}
