//! A stored library on disk: a manifest, a sketch and parts.
//!
//! Comes in: a folder. Goes out: what it holds. The manifest names every other file with its SHA-256 and is replaced as a whole, so that
//! a part that it does not name does not exist.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use fusebind_features::{
    coded::{CodedLibrary, CodedRows, SampledRows},
    entity::molecule::Property,
};

use super::{
    manifest::{Manifest, ModelMark, PartMark, SCHEMA},
    mark::{FileMark, sha256, sha256_of},
    part::{PartFile, StoredRow},
};
use crate::{Error, ErrorKind, table::write_atomically};

const MANIFEST: &str = "manifest.json";
const SKETCH: &str = "sketch.json";

/// A folder with a manifest.
#[derive(Clone, Debug)]
pub struct StoredLibrary {
    /// The folder.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// A part of a library: what the manifest says of it, and its file.
#[derive(Clone, Debug)]
pub struct StoredPart<'a> {
    /// What the manifest says.
    pub mark: &'a PartMark,
    /// Where it lies.
    pub path: PathBuf,
    /// What reads it.
    pub file: PartFile,
}

impl StoredLibrary {
    /// Whether `folder` holds a stored library.
    pub fn is_one(folder: &Path) -> bool {
        folder.join(MANIFEST).is_file()
    }

    /// Opens the library in `folder`.
    ///
    /// # Errors
    /// Where it is none, is damaged, or is of another version.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            let reason = format!("is no stored library: it has no {MANIFEST}");
            return Err(Error::new(ErrorKind::NotFound, reason)
                .in_file(folder)
                .hint("name the folder that `library build` was given with -o"));
        }
        let text = fs::read(&path).map_err(|source| Error::read(&path, source))?;
        let foreign = |reason: String| {
            Error::new(ErrorKind::Malformed, reason)
                .in_file(&path)
                .hint("build the library again in a new folder")
        };
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| foreign(format!("is damaged: {error}")))?;
        let is_plain = |name: &String| Path::new(name).file_name().is_some_and(|own| own == name.as_str());
        let mut files = manifest.parts.iter().filter_map(|part| part.file.as_ref());
        match () {
            () if manifest.schema != SCHEMA => Err(foreign(format!(
                "is of version {} of stored libraries, this program reads {SCHEMA}",
                manifest.schema
            ))),
            () if !files.all(is_plain) => Err(foreign("is damaged: a part lies outside of the folder".into())),
            () => Ok(Self {
                folder: folder.to_path_buf(),
                manifest,
            }),
        }
    }

    /// Opens the library in `folder` to screen it.
    ///
    /// # Errors
    /// As of [`StoredLibrary::open`], and where its build has not ended.
    pub fn open_complete(folder: &Path) -> Result<Self, Error> {
        let library = Self::open(folder)?;
        match library.manifest.complete {
            true => Ok(library),
            false => Err(Error::new(ErrorKind::Config, "is not finished")
                .in_file(folder)
                .hint("give the same `library build` command again")),
        }
    }

    /// Writes the manifest in place of the one before.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn commit(&self) -> Result<(), Error> {
        let path = self.folder.join(MANIFEST);
        let text = serde_json::to_string_pretty(&self.manifest);
        let text = text.map_err(|error| Error::write(&path, std::io::Error::other(error)))?;
        write_atomically(&path, |file| writeln!(file, "{text}"))
    }

    /// Takes `folder` for a build of this process, until what is returned is dropped; makes it where it is missing. With `append` there
    /// must be a library.
    ///
    /// # Errors
    /// Where it holds something else, or another process builds the library.
    pub fn reserve(folder: &Path, append: bool) -> Result<File, Error> {
        refuse_foreign(folder)?;
        if append {
            // Before the folder is made: a mistyped name leaves nothing behind.
            Self::open(folder)?;
        }
        fs::create_dir_all(folder).map_err(|source| Error::write(folder, source))?;
        let path = folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| Error::write(&path, source))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Config, "another process builds this library")
                .in_file(folder)
                .hint("wait until it ends, or name another folder with -o")),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Refuses another model, called `name`, than the one that coded the library.
    ///
    /// # Errors
    /// See above.
    pub fn check_model(&self, mark: &ModelMark, name: &Path) -> Result<(), Error> {
        let own = &self.manifest.model;
        if own.sha256 == mark.sha256 {
            return Ok(());
        }
        let reason = format!(
            "was built with the model `{}` with SHA-256 {:.12}; {} is `{}` with {:.12}",
            own.recipe,
            own.sha256,
            name.display(),
            mark.recipe,
            mark.sha256
        );
        Err(Error::new(ErrorKind::Config, reason)
            .in_file(&self.folder)
            .hint("name the model that it was built with, or build a library with this one"))
    }

    /// Where a part, or the list of its rejected rows, lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the sketch: what a coder needs to make codes of `channels` again.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn put_sketch(&mut self, sketch: &[u8], channels: usize) -> Result<(), Error> {
        self.manifest.sketch = Some(sha256_of(sketch));
        self.manifest.channels = channels;
        write_atomically(&self.path(SKETCH), |file| file.write_all(sketch))
    }

    /// The sketch, if a compound was coded.
    ///
    /// # Errors
    /// Where it is not what was written.
    pub fn sketch(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(sum) = &self.manifest.sketch else {
            return Ok(None);
        };
        let path = self.path(SKETCH);
        let text = fs::read(&path).map_err(|source| Error::read(&path, source))?;
        match sha256_of(&text) == *sum {
            true => Ok(Some(text)),
            false => Err(damaged(&path)),
        }
    }

    /// The part at `at` in the manifest, where it has rows.
    pub fn part(&self, at: usize) -> Option<StoredPart<'_>> {
        let mark = self.manifest.parts.get(at)?;
        let path = self.path(mark.file.as_ref()?);
        let file = PartFile::new(&path, self.manifest.channels);
        Some(StoredPart { mark, path, file })
    }

    /// The files that its rows come from.
    pub fn files(&self) -> Vec<FileMark> {
        self.manifest.inputs.iter().map(|input| input.mark.clone()).collect()
    }

    /// SHA-256 of the manifest: of everything.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn checksum(&self) -> Result<String, Error> {
        sha256(&self.path(MANIFEST))
    }
}

impl StoredPart<'_> {
    /// Refuses bytes that are others than when the part was written.
    ///
    /// # Errors
    /// See above.
    pub fn verify(&self) -> Result<(), Error> {
        match sha256(&self.path)? == self.mark.sha256 {
            true => Ok(()),
            false => Err(damaged(&self.path)),
        }
    }

    /// Places, codes and, on request, properties, of bytes that are read once and verified.
    ///
    /// # Errors
    /// Where they are not what was written.
    pub fn coded(&self, with_properties: bool) -> Result<CodedRows, Error> {
        let bytes = fs::read(&self.path).map_err(|source| Error::read(&self.path, source))?;
        match sha256_of(&bytes) == self.mark.sha256 {
            true => self.file.codes_of(bytes, names(with_properties)),
            false => Err(damaged(&self.path)),
        }
    }

    /// The rows at `wanted` places, ascending, or all rows.
    ///
    /// # Errors
    /// Where the part cannot be read.
    pub fn rows(&self, wanted: Option<&[u64]>) -> Result<Vec<StoredRow>, Error> {
        self.file.rows(wanted)
    }
}

impl CodedLibrary for StoredLibrary {
    type Error = Error;

    fn channels(&self) -> usize {
        self.manifest.channels
    }

    fn parts(&self) -> usize {
        self.manifest.parts.len()
    }

    fn places(&self, part: usize, with_properties: bool) -> Result<CodedRows, Error> {
        let read = |part: StoredPart<'_>| part.file.places(names(with_properties));
        self.part(part).map_or_else(|| Ok(CodedRows::default()), read)
    }

    fn coded(&self, part: usize, with_properties: bool) -> Result<CodedRows, Error> {
        let read = |part: StoredPart<'_>| part.coded(with_properties);
        self.part(part).map_or_else(|| Ok(CodedRows::default()), read)
    }

    fn sampled(&self, part: usize, places: &[u64]) -> Result<SampledRows, Error> {
        let read = |part: StoredPart<'_>| part.file.sampled(places);
        self.part(part).map_or_else(|| Ok(SampledRows::default()), read)
    }

    fn verify(&self, part: usize) -> Result<(), Error> {
        self.part(part).map_or(Ok(()), |part| part.verify())
    }
}

/// The properties that are read.
fn names(with_properties: bool) -> &'static [&'static str] {
    if with_properties { &Property::NAMES } else { &[] }
}

/// Refuses a folder that holds something else.
fn refuse_foreign(folder: &Path) -> Result<(), Error> {
    if StoredLibrary::is_one(folder) || !folder.exists() {
        return Ok(());
    }
    // A build that was stopped before its first part has left no more than these.
    let is_ours = |name: &str| name.starts_with('.') || name == "lock" || name == SKETCH || name.starts_with("part-");
    let mut files = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_foreign = files.any(|file| !is_ours(&file.file_name().to_string_lossy()));
    match is_foreign || folder.is_file() {
        true => Err(Error::new(ErrorKind::Config, "holds something else")
            .in_file(folder)
            .hint("name a new folder with -o")),
        false => Ok(()),
    }
}

fn damaged(path: &Path) -> Error {
    Error::new(
        ErrorKind::Malformed,
        "is damaged: its bytes are not those that were written",
    )
    .in_file(path)
    .hint("build the library again in a new folder, or restore this file from a copy")
}
