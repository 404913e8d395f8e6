//! A stored library on disk: a manifest, a sketch and parts.
//!
//! Comes in: a folder. Goes out: what it holds. The manifest names every other file with its SHA-256 and is replaced as a whole, so that
//! a part that it does not name does not exist.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use fusebind::{
    data::{
        store::{CodedRows, PartFile, StoredRow},
        table::write_atomically,
    },
    model::trained::Description,
    predict::screen::{Property, Sketch},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    args::SourceArgs,
    command::screen::plan::{FileMark, hex, sha256},
    exit::Failure,
};

/// Version of stored libraries; others are refused.
pub const SCHEMA: u32 = 1;
const MANIFEST: &str = "manifest.json";
const SKETCH: &str = "sketch.json";

/// The model that coded a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelMark {
    /// SHA-256 of the model file.
    pub sha256: String,
    pub recipe: String,
    /// What its data and its featurisation were.
    pub data_fingerprint: String,
    pub feature_schema: u32,
    pub seed: u64,
}

/// A file that was read, with the number of the command that named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    #[serde(flatten)]
    pub mark: FileMark,
    pub batch: u32,
}

/// A part and what became of the rows that it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartMark {
    /// File, where a row was kept.
    pub file: Option<String>,
    pub sha256: String,
    pub bytes: u64,
    pub batch: u32,
    /// Rows that were read.
    pub read: u64,
    pub kept: u64,
    pub rejected: u64,
    pub duplicates: u64,
}

/// See the file's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: u32,
    pub version: String,
    pub model: ModelMark,
    pub columns: SourceArgs,
    pub distinct: bool,
    pub part_rows: u64,
    /// Bytes of a code, once there is a sketch.
    pub channels: usize,
    /// SHA-256 of the sketch.
    pub sketch: Option<String>,
    pub inputs: Vec<Input>,
    pub parts: Vec<PartMark>,
    /// Whether all inputs were read to their ends.
    pub complete: bool,
}

/// A folder with a manifest.
#[derive(Clone, Debug)]
pub struct StoredLibrary {
    pub folder: PathBuf,
    pub manifest: Manifest,
}

impl ModelMark {
    /// The model at `path`, a run folder or a model file.
    pub fn of(path: &Path, description: &Description) -> anyhow::Result<Self> {
        let file = match path.is_dir() {
            true => path.join("model.safetensors"),
            false => path.to_path_buf(),
        };
        Ok(Self {
            sha256: sha256(&file)?,
            recipe: description.recipe.clone(),
            data_fingerprint: description.data_fingerprint.clone(),
            feature_schema: description.feature_schema,
            seed: description.seed,
        })
    }
}

impl Manifest {
    /// Sum over all parts.
    pub fn total(&self, of: impl Fn(&PartMark) -> u64) -> u64 {
        self.parts.iter().map(of).sum()
    }

    /// The number of the last command that named files.
    pub fn last_batch(&self) -> u32 {
        self.inputs.last().map_or(0, |input| input.batch)
    }
}

impl StoredLibrary {
    /// Whether `folder` holds a stored library.
    pub fn is_one(folder: &Path) -> bool {
        folder.join(MANIFEST).is_file()
    }

    /// Opens the library in `folder`.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            return Err(Failure::failed(
                format!("{}: is no stored library: it has no {MANIFEST}", folder.display()),
                "name the folder that `library build` was given with -o",
            ));
        }
        let text = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let foreign = |reason: String| {
            Failure::failed(
                format!("{}: {reason}", path.display()),
                "build the library again in a new folder",
            )
        };
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| foreign(format!("is damaged: {error}")))?;
        let is_plain = |name: &String| Path::new(name).file_name().is_some_and(|own| own == name.as_str());
        match () {
            () if manifest.schema != SCHEMA => Err(foreign(format!(
                "is of version {} of stored libraries, this program reads {SCHEMA}",
                manifest.schema
            ))),
            () if !manifest
                .parts
                .iter()
                .filter_map(|part| part.file.as_ref())
                .all(is_plain) =>
            {
                Err(foreign("is damaged: a part lies outside of the folder".into()))
            }
            () => Ok(Self {
                folder: folder.to_path_buf(),
                manifest,
            }),
        }
    }

    /// Writes the manifest in place of the one before.
    pub fn commit(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.manifest)?;
        let path = self.folder.join(MANIFEST);
        write_atomically(&path, |file| writeln!(file, "{text}"))
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Takes the folder for this process, until the file is dropped.
    pub fn lock(folder: &Path) -> anyhow::Result<File> {
        fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be created", folder.display()))?;
        let path = folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Failure::failed(
                format!("{}: another process builds this library", folder.display()),
                "wait until it ends, or name another folder with -o",
            )),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Refuses another model than the one that coded the library.
    pub fn check_model(&self, mark: &ModelMark, path: &Path) -> anyhow::Result<()> {
        let own = &self.manifest.model;
        match own.sha256 == mark.sha256 {
            true => Ok(()),
            false => Err(Failure::failed(
                format!(
                    "{}: was built with the model `{}` with SHA-256 {:.12}; {} is `{}` with {:.12}",
                    self.folder.display(),
                    own.recipe,
                    own.sha256,
                    path.display(),
                    mark.recipe,
                    mark.sha256
                ),
                "name the model that it was built with, or build a library with this one",
            )),
        }
    }

    /// Where a part, or the list of its rejected rows, lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the sketch.
    pub fn put_sketch(&mut self, sketch: &Sketch) -> anyhow::Result<()> {
        let text = serde_json::to_vec(sketch)?;
        self.manifest.sketch = Some(hex(&Sha256::digest(&text)));
        self.manifest.channels = sketch.channels();
        let path = self.path(SKETCH);
        write_atomically(&path, |file| file.write_all(&text))
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// The sketch, if a compound was coded.
    pub fn sketch(&self) -> anyhow::Result<Option<Sketch>> {
        let Some(sum) = &self.manifest.sketch else {
            return Ok(None);
        };
        let path = self.path(SKETCH);
        let text = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let read: Option<Sketch> = serde_json::from_slice(&text).ok();
        match read.filter(|_| hex(&Sha256::digest(&text)) == *sum) {
            Some(sketch) => Ok(Some(sketch)),
            None => Err(damaged(&path)),
        }
    }

    /// The parts with rows, in order, with the part as a file.
    pub fn parts(&self) -> impl Iterator<Item = (&PartMark, PathBuf, PartFile)> {
        let channels = self.manifest.channels;
        let of = move |mark: &'_ PartMark| {
            let path = self.path(mark.file.as_ref()?);
            let part = PartFile::new(&path, channels);
            Some((path, part))
        };
        let all = self.manifest.parts.iter();
        all.filter_map(move |mark| of(mark).map(|(path, part)| (mark, path, part)))
    }

    /// Refuses a part whose bytes are others than when it was written.
    pub fn verify(mark: &PartMark, path: &Path) -> anyhow::Result<()> {
        match sha256(path)? == mark.sha256 {
            true => Ok(()),
            false => Err(damaged(path)),
        }
    }

    /// Places, codes and properties of a verified part.
    pub fn coded(
        (mark, path, part): &(&PartMark, PathBuf, PartFile),
        wants_properties: bool,
    ) -> anyhow::Result<CodedRows> {
        Self::verify(mark, path)?;
        let names = Property::ALL.map(Property::name);
        Ok(part.codes(if wants_properties { &names } else { &[] })?)
    }

    /// The rows at `wanted` places of each part, or all rows.
    pub fn rows(part: &PartFile, wanted: Option<&[u64]>) -> anyhow::Result<Vec<StoredRow>> {
        Ok(part.rows(wanted)?)
    }

    /// The files that its rows come from.
    pub fn files(&self) -> Vec<FileMark> {
        self.manifest.inputs.iter().map(|input| input.mark.clone()).collect()
    }

    /// SHA-256 of the manifest: of everything.
    pub fn checksum(&self) -> anyhow::Result<String> {
        sha256(&self.path(MANIFEST))
    }
}

fn damaged(path: &Path) -> anyhow::Error {
    Failure::failed(
        format!(
            "{}: is damaged: its bytes are not those that were written",
            path.display()
        ),
        "build the library again in a new folder, or restore this file from a copy",
    )
}
