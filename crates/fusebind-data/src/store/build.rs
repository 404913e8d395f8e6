//! Building a stored library: compounds read and coded once, part by part.
//!
//! A part is made of consecutive rows of the files, whatever becomes of them, so that a library does not depend on where a build was stopped.
//! Comes in: files, settings and what codes molecules. Goes out: a folder that is whole after every part.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use fusebind_features::{coded::Coder, entity::molecule::Property};

use super::{
    coding::{CodedPart, Seen},
    library::StoredLibrary,
    manifest::{Input, Manifest, ModelMark, PartMark, ReadAs, SCHEMA},
    mark::{FileMark, sha256},
    numbered::NumberedRows,
    part::PartFile,
};
use crate::{
    Error, ErrorKind,
    table::{Rejection, write_atomically},
};

/// Rejected rows of all parts that are listed.
const LISTED: usize = 100_000;
/// Version of what writes libraries; one that another version began is not gone on with.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Settings of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// Whether the first of several rows of one compound is kept.
    pub distinct: bool,
    /// Whether files are added to a library that is complete.
    pub append: bool,
    /// Rows of the files in a part.
    pub part_rows: u64,
    /// How the files are read.
    pub columns: ReadAs,
}

/// A library that is being built.
#[derive(Debug)]
pub struct Build<'a> {
    library: StoredLibrary,
    files: &'a [PathBuf],
    /// Held until the end.
    _lock: File,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            distinct: false,
            append: false,
            part_rows: 65_536,
            columns: ReadAs::default(),
        }
    }
}

impl<'a> Build<'a> {
    /// The library in `folder` as an earlier build has left it, with `files`; a new one where there is none. `lock` is what
    /// [`StoredLibrary::reserve`] gave, `model` what codes the library, with the name that the user gave it.
    ///
    /// # Errors
    /// Where the folder holds another library, or a file cannot be read.
    pub fn begin(
        (folder, lock): (&Path, File),
        files: &'a [PathBuf],
        options: BuildOptions,
        (model, name): (ModelMark, &Path),
    ) -> Result<Self, Error> {
        let marks: Vec<FileMark> = (files.iter())
            .map(|path| FileMark::of(path, true))
            .collect::<Result<_, Error>>()?;
        let library = if StoredLibrary::is_one(folder) || options.append {
            let library = StoredLibrary::open(folder)?;
            library.check_model(&model, name)?;
            continued(library, &options, marks)?
        } else {
            let library = StoredLibrary {
                folder: folder.to_path_buf(),
                manifest: Manifest {
                    schema: SCHEMA,
                    version: VERSION.into(),
                    model,
                    columns: options.columns,
                    distinct: options.distinct,
                    part_rows: options.part_rows,
                    inputs: inputs(marks, 0),
                    ..Manifest::default()
                },
            };
            library.commit()?;
            library
        };
        Ok(Self {
            library,
            files,
            _lock: lock,
        })
    }

    /// What is built.
    pub fn library(&self) -> &StoredLibrary {
        &self.library
    }

    /// Adds the rows of the files that are not in the library yet. `note` is told how a file is read where that is not plain, `progress`
    /// how many rows were read in all and how many of them by earlier builds.
    ///
    /// # Errors
    /// Where a file cannot be read or a part cannot be written.
    pub fn run(
        &mut self,
        coder: &mut dyn Coder,
        note: &dyn Fn(&str),
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Error> {
        if let Some(sketch) = self.library.sketch()?
            && !coder.resume(&sketch)
        {
            return Err(Error::new(ErrorKind::Malformed, "its sketch does not fit the model")
                .in_file(&self.library.folder)
                .hint("build the library again in a new folder"));
        }
        let mut seen = Seen::of(&self.library)?;
        let manifest = &self.library.manifest;
        let (batch, part_rows) = (manifest.last_batch(), manifest.part_rows);
        let before = manifest.inputs.iter().filter(|input| input.batch < batch).count() as u32;
        let of = |is_earlier: bool| {
            let parts = manifest.parts.iter();
            let parts = parts.filter(|part| {
                if is_earlier {
                    part.batch < batch
                } else {
                    part.batch == batch
                }
            });
            parts.map(|part| part.read).sum::<u64>()
        };
        let (first, done) = (of(true), of(false));
        let how = (manifest.columns.columns(), coder.standardise());
        let mut rows = NumberedRows::new(Vec::new(), self.files, how, note);
        let mut read = 0;
        while read < done {
            let taken = rows.take((done - read).min(part_rows))?.len() as u64;
            if taken == 0 {
                break;
            }
            read += taken;
        }
        loop {
            let mut taken = rows.take(part_rows)?;
            if taken.is_empty() {
                return Ok(());
            }
            read += taken.len() as u64;
            for row in &mut taken {
                row.place += first;
                row.file += before;
            }
            let part = CodedPart::new(&mut self.library, &taken, (&mut *coder, &mut seen))?;
            self.put(&part, (batch, taken.len() as u64))?;
            progress(read, done);
        }
    }

    /// Writes a part and names it in the manifest.
    fn put(&mut self, part: &CodedPart, (batch, read): (u32, u64)) -> Result<(), Error> {
        let library = &mut self.library;
        let name = format!("part-{:06}", library.manifest.parts.len());
        if !part.rejections.is_empty() {
            let path = library.path(&format!("{name}.rejected.json"));
            let text = serde_json::to_vec(&part.rejections)
                .map_err(|error| Error::write(&path, std::io::Error::other(error)))?;
            write_atomically(&path, |file| file.write_all(&text))?;
        }
        let mut mark = PartMark {
            batch,
            read,
            kept: part.rows.len() as u64,
            rejected: part.rejected,
            duplicates: part.duplicates,
            ..PartMark::default()
        };
        if !part.rows.is_empty() {
            let file = format!("{name}.parquet");
            let path = library.path(&file);
            PartFile::new(&path, library.manifest.channels).write(&part.rows, &part.codes, &Property::NAMES)?;
            mark.sha256 = sha256(&path)?;
            mark.bytes = fs::metadata(&path).map_err(|source| Error::read(&path, source))?.len();
            mark.file = Some(file);
        }
        library.manifest.parts.push(mark);
        library.commit()
    }

    /// The rejected rows of all parts, as many as are listed.
    ///
    /// # Errors
    /// Where their lists cannot be read.
    pub fn rejections(&self) -> Result<Vec<Rejection>, Error> {
        let parts = self.library.manifest.parts.iter().enumerate();
        let mut rejections: Vec<Rejection> = Vec::new();
        for (at, _) in parts.filter(|(_, part)| part.rejected > 0) {
            let path = self.library.path(&format!("part-{at:06}.rejected.json"));
            let text = fs::read(&path).map_err(|source| Error::read(&path, source))?;
            let of_part: Vec<Rejection> =
                serde_json::from_slice(&text).map_err(|error| Error::read(&path, std::io::Error::other(error)))?;
            rejections.extend(of_part);
            rejections.truncate(LISTED);
        }
        Ok(rejections)
    }

    /// Ends the build: the library may be screened from now on.
    ///
    /// # Errors
    /// Where there is no compound, or the manifest cannot be written.
    pub fn complete(mut self) -> Result<StoredLibrary, Error> {
        if self.library.manifest.total(|part| part.kept) == 0 {
            return Err(
                Error::new(ErrorKind::Infeasible, "there is no compound: every row was rejected")
                    .in_file(&self.library.folder)
                    .hint("fix the rejected rows, and name a new folder with -o"),
            );
        }
        self.library.manifest.complete = true;
        self.library.commit()?;
        Ok(self.library)
    }
}

fn inputs(files: Vec<FileMark>, batch: u32) -> Vec<Input> {
    files.into_iter().map(|mark| Input { mark, batch }).collect()
}

/// A library that is gone on with, or to which files are added; another one is refused.
fn continued(mut library: StoredLibrary, options: &BuildOptions, files: Vec<FileMark>) -> Result<StoredLibrary, Error> {
    let manifest = &mut library.manifest;
    let last = manifest.last_batch();
    let of_last = manifest.inputs.iter().filter(|input| input.batch == last);
    let own: Vec<&FileMark> = of_last.map(|input| &input.mark).collect();
    let is_same = own.len() == files.len() && own.iter().zip(&files).all(|(own, file)| *own == file);
    let difference = match () {
        () if manifest.version != VERSION => format!("version {} of fusebind built it", manifest.version),
        () if (manifest.distinct, manifest.part_rows) != (options.distinct, options.part_rows) => {
            "--distinct or --part-rows were others".into()
        }
        () if manifest.columns != options.columns => "the flags that name its columns were others".into(),
        () if is_same && (options.append == (last > 0)) => return Ok(library),
        () if options.append && manifest.complete => {
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
    Err(
        Error::new(ErrorKind::Config, format!("is another library: {difference}"))
            .in_file(&library.folder)
            .hint("give the same files and flags as before, add files with --append, or name another folder with -o"),
    )
}
