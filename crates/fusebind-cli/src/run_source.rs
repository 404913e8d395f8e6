//! What a run was trained on, kept as `RUN/source.json` so that `evaluate RUN` and `robustness RUN` need no further flags.
//!
//! Comes in: the flags of a command and a run folder. Goes out: a [`DataSource`]. Flags win. Another `--data` than the remembered one
//! makes the rest of the memory void, since its ids, columns and split belong to the other data set. The file is no part of what
//! identifies a run: a run is resumed on data that lie elsewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fusebind::{
    data::table::Dataset,
    train::run_dir::{
        RunDir,
        source::{self, SplitSource},
    },
};

use crate::{args::SourceArgs, console::Console, exit::Failure};

/// Where the data of a command are.
#[derive(Clone, Debug)]
pub struct DataSource {
    /// Data set folder or table.
    pub data: PathBuf,
    /// Folder of side modalities.
    pub modalities: Option<PathBuf>,
    /// Split file or column; the recipe's split without it.
    pub split: Option<String>,
    /// How tables are read.
    pub tables: SourceArgs,
}

/// The same flags as a command was given them.
#[derive(Clone, Copy, Debug)]
pub struct SourceFlags<'a> {
    /// `--data`.
    pub data: Option<&'a Path>,
    /// `--modalities`.
    pub modalities: Option<&'a Path>,
    /// `--split`.
    pub split: Option<&'a str>,
    /// Columns and units.
    pub tables: &'a SourceArgs,
}

/// What a run remembers: absolute paths, and the flags that say how tables are read.
pub type RunSource = source::RunSource<SourceArgs>;

impl DataSource {
    /// What a run on `dataset` with these flags is to remember.
    pub fn remember(&self, dataset: &Dataset) -> std::io::Result<RunSource> {
        let (split, modalities) = (self.split.as_deref(), self.modalities.as_deref());
        RunSource::new(dataset, &self.data, split, modalities, self.tables.clone())
    }

    /// Everything that is read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let split = self.split.as_deref().map(Path::new).filter(|split| split.is_file());
        [self.data.as_path()]
            .into_iter()
            .chain(self.modalities.as_deref())
            .chain(split)
    }

    /// The data that flags name, or else those that the run remembers.
    pub fn of_run(run: &RunDir, flags: SourceFlags<'_>, console: &Console) -> anyhow::Result<Self> {
        let root = run.root().display();
        match (flags.data, RunSource::read(run)?) {
            (None, None) => Err(Failure::misuse(
                format!("{root}: this run does not remember its data set"),
                "name the data set with --data",
            )),
            (Some(data), None) => Ok(Self::from_flags(data, flags)),
            (Some(data), Some(known)) if !same(data, &known.data) => {
                if known.modalities.is_some() || known.split.is_some() || known.tables != SourceArgs::default() {
                    console.note(format_args!(
                        "note: {root} was trained on {}; for another data set, give its --modalities, --split and columns too",
                        known.data.display()
                    ));
                }
                Ok(Self::from_flags(data, flags))
            }
            (_, Some(known)) => Self::remembered(run.root(), known, flags),
        }
    }

    fn from_flags(data: &Path, flags: SourceFlags<'_>) -> Self {
        Self {
            data: data.to_path_buf(),
            modalities: flags.modalities.map(Path::to_path_buf),
            split: flags.split.map(str::to_string),
            tables: flags.tables.clone(),
        }
    }

    fn remembered(run: &Path, known: RunSource, flags: SourceFlags<'_>) -> anyhow::Result<Self> {
        let found = |path: PathBuf, what: &str, flag: &str| match path.exists() {
            true => Ok(path),
            false => Err(Failure::failed(
                format!(
                    "{}: {what} of this run, {}, does not exist",
                    run.display(),
                    path.display()
                ),
                format!("name it with {flag}"),
            )),
        };
        let split = match (flags.split, known.split) {
            (Some(flag), _) => Some(flag.to_string()),
            (None, Some(SplitSource::File(file))) => {
                Some(found(file, "the split file", "--split")?.display().to_string())
            }
            (None, Some(SplitSource::Column(column))) => Some(column),
            (None, None) => None,
        };
        let modalities = match (flags.modalities, known.modalities) {
            (Some(flag), _) => Some(flag.to_path_buf()),
            (None, Some(folder)) => Some(found(folder, "the folder of modalities", "--modalities")?),
            (None, None) => None,
        };
        Ok(Self {
            data: found(known.data, "the data set", "--data")?,
            modalities,
            split,
            tables: flags.tables.clone().or(known.tables),
        })
    }
}

/// Whether two paths name one file or folder.
fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    real(one) == real(other)
}
